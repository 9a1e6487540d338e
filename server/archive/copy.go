package archive

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"time"

	"livechat/server/chat"
	"livechat/server/outage"
)

// copy serves the rooms in turn until ctx ends.
func (a *Archiver) copy(ctx context.Context) {
	for ctx.Err() == nil {
		a.discover(ctx)
		a.claim(ctx)
		a.round(ctx)
		a.wait(ctx)
	}
}

// lostNewsScans is the interval between scans while news are lost, in units of
// MaxPause.
const lostNewsScans = 10

// discover scans for rooms that are not fully archived, when it is time to.
func (a *Archiver) discover(ctx context.Context) {
	newsLost := a.newsLost.Load() && time.Since(a.looks.scanned) > lostNewsScans*a.opts.MaxPause
	if time.Now().Before(a.looks.scan) && !newsLost {
		return
	}
	a.newsLost.Store(false)
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
	a.schedule(rooms)
}

// followNews asks for rooms with new messages until ctx ends. It does not wait
// for the store, so Lag knows those rooms while the store is unavailable.
func (a *Archiver) followNews(ctx context.Context) {
	for sleep(ctx, a.opts.NewsEvery) {
		if err := a.readNews(ctx); err != nil {
			a.newsLost.Store(true)
			a.opts.Logger.Debug("archive: cannot read which rooms have new messages", "error", err)
		}
	}
}

// readNews schedules the rooms that had new messages since the last call.
func (a *Archiver) readNews(ctx context.Context) error {
	a.newsMu.Lock()
	defer a.newsMu.Unlock()
	rooms, mark, err := a.opts.Source.News(ctx, a.mark)
	if err != nil {
		return err
	}
	a.mark = mark
	a.schedule(rooms)
	return nil
}

// schedule makes rooms due now.
func (a *Archiver) schedule(rooms []string) {
	if len(rooms) == 0 {
		return
	}
	a.mu.Lock()
	for _, room := range rooms {
		t := a.rooms[room]
		// A room that is being read is left to gather a batch.
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

// due returns the rooms to read now, the longest waiting first.
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

// visitOf returns when a room is read next.
func (a *Archiver) visitOf(room string) visit {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.rooms[room]
}

// revisit sets when a room is read next.
func (a *Archiver) revisit(room string, pause time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.rooms[room] = visit{due: time.Now().Add(pause), pause: pause, news: a.rooms[room].news}
}

// archived forgets a room that was fully archived at a visit, unless there were
// news since.
func (a *Archiver) archived(room string, at visit) {
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

// round reads the rooms that are due. Small rooms share a batch of the store.
func (a *Archiver) round(ctx context.Context) {
	for _, room := range a.due(time.Now()) {
		at := a.visitOf(room)
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
			a.revisit(room, pause)
		}
		if !a.take(ctx, batch) {
			return
		}
	}
	a.keep(ctx)
}

// claim takes over entries that archivers, including this one, were delivered
// and did not acknowledge.
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

// take adds a batch to the load, and stores the load when it is full. ok is
// false when ctx has ended.
func (a *Archiver) take(ctx context.Context, batch Batch) (ok bool) {
	if batch.Lost > 0 {
		a.counts.lost.Add(batch.Lost)
		a.opts.Logger.Error("archive: messages left the log before they were archived", "room", batch.Room,
			"messages", batch.Lost)
	}
	if len(batch.Epochs) > 0 && !slices.Equal(batch.Epochs, a.epochs[batch.Room]) {
		if a.load.epochs == nil {
			a.load.epochs = make(map[string]chat.EpochHistory)
		}
		a.load.epochs[batch.Room] = batch.Epochs
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
		a.opts.Logger.Warn("archive: skipped log entries that are not messages",
			"room", batch.Room, "entries", skipped, "from", batch.Entries[0].ID, "to",
			batch.Entries[len(batch.Entries)-1].ID)
	}
	if len(a.load.messages) >= a.opts.Batch {
		return a.keep(ctx)
	}
	return ctx.Err() == nil
}

// waiting returns a log of outages of the logs or the store. They are no
// warnings: the owner of the connection has logged one.
func waiting(logger *slog.Logger, what string) outage.Log {
	return outage.Log{
		Logger: logger, Began: "archive: waiting for " + what, Ended: "archive: " + what + " available again",
	}
}

// failed reports whether err is an error, and tells the log of outages. Errors
// after ctx has ended say nothing about the other side and are not logged.
func (a *Archiver) failed(ctx context.Context, side *outage.Log, err error) bool {
	switch {
	case err == nil:
		side.Succeeded()
	case ctx.Err() == nil:
		side.Failed(err)
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

// sleep reports whether d passed before ctx ended.
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
