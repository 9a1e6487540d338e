package moderation

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"
)

// Run reads the rules of rooms that are in doubt until ctx is done.
func (w *Watch) Run(ctx context.Context) {
	defer w.end()
	tick := time.NewTicker(reread)
	defer tick.Stop()
	forgotten := time.Now()
	for {
		w.doubtAssumed()
		w.readDoubtful(ctx)
		w.verify(ctx)
		if time.Since(forgotten) >= forgetEvery {
			forgotten = time.Now()
			w.forget()
		}
		select {
		case <-w.wake:
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// doubtAssumed finds out what was assumed, once that is possible.
func (w *Watch) doubtAssumed() {
	if !w.o.Needed() {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for room, k := range w.rooms {
		if k.assumed {
			w.doubtful[room] = true
		}
	}
}

// readDoubtful reads what is in doubt, a few rooms at a time. What cannot be
// read stays in doubt.
func (w *Watch) readDoubtful(ctx context.Context) {
	w.mu.Lock()
	rooms := w.doubtful
	w.doubtful = make(map[string]bool)
	w.mu.Unlock()
	var all sync.WaitGroup
	slots := make(chan struct{}, readers)
	for room := range rooms {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			if err := w.read(ctx, room); err != nil && ctx.Err() == nil {
				w.mu.Lock()
				w.doubtful[room] = true // for the next tick
				w.mu.Unlock()
			}
		})
	}
	all.Wait()
}

// read reads the rules of a room, and closes the sockets of those who may not be
// there.
func (w *Watch) read(ctx context.Context, room string) error {
	needed := w.o.Needed()
	r, err := w.o.Read(ctx, room)
	if err != nil {
		return err
	}
	w.mu.Lock()
	k, ok := w.rooms[room]
	// Assumed rules do not replace those that a later read has found.
	assumed := !needed && r.Version == 0
	if k.Version <= r.Version && (!assumed || !ok || k.assumed) {
		w.rooms[room] = known{RoomRules: r, assumed: assumed}
	}
	w.mu.Unlock()
	if k.Version > r.Version {
		// Another answer has overtaken this one; or a server that knew less has
		// put back what it knew.
		if err := w.o.Apply(ctx, room, k.RoomRules); err != nil {
			return err
		}
		r = k.RoomRules
	}
	w.Learn(room, r)
	if len(r.Banned) > 0 || r.IsClosed() {
		w.o.Expel(room)
	}
	if k.Version < r.Version && k.Pinned.Text() != r.Pinned.Text() {
		w.o.Pinned(room, r.Pinned)
	}
	return nil
}

// verify compares rules that were put back from memory with the database.
func (w *Watch) verify(ctx context.Context) {
	w.mu.Lock()
	var rooms []string
	for room := range w.unverified {
		rooms = append(rooms, room)
	}
	w.mu.Unlock()
	if w.o.Truth == nil {
		return
	}
	for _, room := range rooms {
		r, err := w.o.Truth(ctx, room)
		if err == nil {
			err = w.o.Apply(ctx, room, r)
		}
		if err != nil {
			return // the next room would not fare better
		}
		w.mu.Lock()
		delete(w.unverified, room)
		w.mu.Unlock()
	}
}

// forget forgets rooms that are no longer open here.
func (w *Watch) forget() {
	w.mu.Lock()
	rooms := slices.AppendSeq(slices.Collect(maps.Keys(w.rooms)), maps.Keys(w.lists))
	w.mu.Unlock()
	for _, room := range rooms {
		if w.o.Open(room) {
			continue
		}
		w.mu.Lock()
		delete(w.rooms, room)
		delete(w.lists, room)
		delete(w.doubtful, room)
		w.mu.Unlock()
	}
}
