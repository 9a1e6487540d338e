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

// deafScans is how many times MaxPause are between two looks for all rooms while there are no news.
const deafScans = 10

// discover looks for all rooms of which not all is archived, when it is time to.
func (a *Archiver) discover(ctx context.Context) {
	deaf := a.deaf.Load() && time.Since(a.looks.scanned) > deafScans*a.opts.MaxPause
	if time.Now().Before(a.looks.scan) && !deaf {
		return
	}
	a.deaf.Store(false)
	rooms, err := a.opts.Source.Rooms(ctx)
	if err == nil {
		rooms, err = a.opts.Source.Behind(ctx, rooms)
	}
	if a.failed(ctx, &a.source, err) {
		a.looks.scan = time.Now().Add(min(a.opts.ScanEvery, a.opts.MaxPause))
		return
	}
	a.looks.scanned = time.Now()
	a.looks.scan = a.looks.scanned.Add(a.opts.ScanEvery)
	a.know(rooms)
}

// listen asks in which rooms something was said until ctx is done. It does not
// wait for the store, so Lag knows them while that is away.
func (a *Archiver) listen(ctx context.Context) {
	for sleep(ctx, a.opts.NewsEvery) {
		if err := a.hear(ctx); err != nil {
			a.deaf.Store(true)
			a.opts.Log.Debug("cannot ask in which rooms something was said", "error", err)
		}
	}
}

// hear takes note of the rooms in which something was said since it was called last.
func (a *Archiver) hear(ctx context.Context) error {
	a.hearing.Lock()
	defer a.hearing.Unlock()
	rooms, mark, err := a.opts.Source.News(ctx, a.mark)
	if err != nil {
		return err
	}
	a.mark = mark
	a.know(rooms)
	return nil
}

// know has rooms looked at now.
func (a *Archiver) know(rooms []string) {
	if len(rooms) == 0 {
		return
	}
	a.mu.Lock()
	for _, room := range rooms {
		t := a.rooms[room]
		// One in which it goes on is let gather a batch.
		if t.due.IsZero() || t.pause > a.opts.MinPause {
			t.due, t.pause = time.Now(), 0
		}
		t.news++
		a.rooms[room] = t
	}
	a.mu.Unlock()
	select {
	case a.wake <- struct{}{}:
	default:
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

// turn returns a room's.
func (a *Archiver) turn(room string) turn {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.rooms[room]
}

// again says when to look at a room again.
func (a *Archiver) again(room string, pause time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.rooms[room] = turn{due: time.Now().Add(pause), pause: pause, news: a.rooms[room].news}
}

// archived forgets a room of which all was archived at a turn, unless there were news since.
func (a *Archiver) archived(room string, at turn) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.rooms[room].news == at.news {
		delete(a.rooms, room)
	}
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
		at := a.turn(room)
		limit := a.opts.Batch - len(a.load.messages)
		batch, err := a.opts.Source.Read(ctx, room, a.opts.Consumer, limit)
		pause := min(max(2*at.pause, a.opts.MinPause), a.opts.MaxPause)
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
		if err == nil && len(batch.Entries) == 0 && batch.Pending == 0 {
			a.archived(room, at)
		} else {
			a.again(room, pause)
		}
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
	next := a.looks.scan
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
	timer := time.NewTimer(time.Until(next))
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-a.wake:
	case <-timer.C:
	}
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
