package archive

import (
	"cmp"
	"context"
	"slices"
	"time"

	"livechat/server/chat"
)

// copy goes round the rooms until ctx is done.
func (a *Archiver) copy(ctx context.Context) {
	for ctx.Err() == nil {
		a.discover(ctx)
		a.claim(ctx)
		a.round(ctx)
		a.wait(ctx)
	}
}

// discover looks for rooms, when it is time to.
func (a *Archiver) discover(ctx context.Context) {
	now := time.Now()
	if now.Before(a.looks.open) {
		return
	}
	all := !now.Before(a.looks.scan)
	rooms, err := a.opts.Source.OpenRooms(ctx)
	if err == nil && all {
		var scanned []string
		scanned, err = a.opts.Source.Rooms(ctx)
		rooms = append(rooms, scanned...)
	}
	a.looks.open = time.Now().Add(a.opts.OpenEvery)
	if a.failed(ctx, &a.source, err) {
		return
	}
	if all {
		a.looks.scan = time.Now().Add(a.opts.ScanEvery)
	}
	a.know(rooms, all)
}

// know takes note of rooms. all says that there are no others.
func (a *Archiver) know(rooms []string, all bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	known := a.rooms
	if all {
		a.rooms = make(map[string]turn, len(rooms))
	}
	for _, room := range rooms {
		a.rooms[room] = known[room] // of a new one: at once
	}
}

// due returns the rooms to look at now, the longest waiting first.
func (a *Archiver) due(now time.Time) (rooms []string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for room, t := range a.rooms {
		if !t.due.After(now) {
			rooms = append(rooms, room)
		}
	}
	slices.SortFunc(rooms, func(x, y string) int {
		return cmp.Or(a.rooms[x].due.Compare(a.rooms[y].due), cmp.Compare(x, y))
	})
	return rooms
}

// again says when to look at a room again.
func (a *Archiver) again(room string, pause time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.rooms[room] = turn{due: time.Now().Add(pause), pause: pause}
}

func (a *Archiver) names() (rooms []string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for room := range a.rooms {
		rooms = append(rooms, room)
	}
	slices.Sort(rooms)
	return rooms
}

// round takes what has come in the rooms that are due. Small rooms share a batch of the store.
func (a *Archiver) round(ctx context.Context) {
	for _, room := range a.due(time.Now()) {
		limit := a.opts.Batch - len(a.load.messages)
		batch, err := a.opts.Source.Read(ctx, room, a.opts.Consumer, limit)
		a.mu.Lock()
		pause := min(max(2*a.rooms[room].pause, a.opts.MinPause), a.opts.MaxPause)
		a.mu.Unlock()
		switch n := len(batch.Entries); {
		case a.failed(ctx, &a.source, err):
			if ctx.Err() != nil {
				return
			}
		case n >= limit:
			pause = 0 // there is more
		case n > 0:
			pause = a.opts.MinPause
		}
		a.again(room, pause)
		if !a.take(ctx, batch) {
			return
		}
	}
	a.keep(ctx)
}

// claim takes over what other archivers, or this one, were handed and did not acknowledge.
func (a *Archiver) claim(ctx context.Context) {
	if time.Now().Before(a.looks.claim) {
		return
	}
	defer func() { a.looks.claim = time.Now().Add(a.opts.Idle / 2) }()
	for _, room := range a.names() {
		for more := true; more; {
			limit := a.opts.Batch - len(a.load.messages)
			batch, err := a.opts.Source.Claim(ctx, room, a.opts.Consumer, a.opts.Idle, limit)
			if a.failed(ctx, &a.source, err) || !a.take(ctx, batch) {
				return
			}
			more = len(batch.Entries) >= limit
		}
	}
	a.keep(ctx)
}

// take adds a batch to the load, and stores that if it is full. ok is false when ctx has ended.
func (a *Archiver) take(ctx context.Context, batch Batch) (ok bool) {
	if batch.Lost > 0 {
		a.counts.lost.Add(batch.Lost)
		a.opts.Log.Error("messages were pushed out of a log before they were archived", "room", batch.Room, "messages", batch.Lost)
	}
	if len(batch.Past) > 0 && !slices.Equal(batch.Past, a.past[batch.Room]) {
		if a.load.past == nil {
			a.load.past = make(map[string]chat.Lineage)
		}
		a.load.past[batch.Room] = batch.Past
	}
	if len(batch.Entries) == 0 {
		return ctx.Err() == nil
	}
	a.load.batches = append(a.load.batches, batch)
	skipped := 0
	for _, e := range batch.Entries {
		m, ok := decode(batch.Room, e)
		if !ok {
			skipped++
			continue
		}
		if a.opts.MaxAge > 0 && time.Since(m.At) > a.opts.MaxAge {
			a.counts.expired.Add(1)
			continue
		}
		a.load.messages = append(a.load.messages, m)
	}
	if skipped > 0 {
		a.counts.skipped.Add(int64(skipped))
		a.opts.Log.Warn("entries of a log are no messages and were not archived",
			"room", batch.Room, "entries", skipped, "from", batch.Entries[0].ID, "to", batch.Entries[len(batch.Entries)-1].ID)
	}
	if len(a.load.messages) >= a.opts.Batch {
		return a.keep(ctx)
	}
	return ctx.Err() == nil
}

// failed says whether err is one, and notes how the other side is. An end that was asked for says nothing about it.
func (a *Archiver) failed(ctx context.Context, side *outage, err error) bool {
	switch {
	case err == nil:
		side.ended()
	case ctx.Err() == nil:
		side.began(err)
	}
	return err != nil
}

// wait returns when there is something to do, or ctx has ended.
func (a *Archiver) wait(ctx context.Context) {
	next := a.looks.open
	if a.looks.claim.Before(next) {
		next = a.looks.claim
	}
	a.mu.Lock()
	for _, t := range a.rooms {
		if t.due.Before(next) {
			next = t.due
		}
	}
	a.mu.Unlock()
	sleep(ctx, time.Until(next))
}

// sleep says whether the time has passed before ctx ended.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
