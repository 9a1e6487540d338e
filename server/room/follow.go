package room

import (
	"context"
	"sync/atomic"
)

// Follower is a reader that keeps up: one shard's part of the fan-out. The room waits for its followers, so that messages that
// come faster than this server can pass them on wait in Redis' buffer and not on the floor: the ring never overtakes a client
// that reads. A client that does not read is no follower; it may be overtaken.
type Follower struct {
	room *Room
	done atomic.Uint64
}

// Follow adds a follower that has seen everything up to now.
func (r *Room) Follow() *Follower {
	f := &Follower{room: r}
	r.mu.Lock()
	defer r.mu.Unlock()
	f.done.Store(r.ring.Head())
	r.followers[f] = struct{}{}
	return f
}

// Advance says that everything below pos was passed on.
func (f *Follower) Advance(pos uint64) {
	f.done.Store(pos)
	f.room.mu.Lock()
	defer f.room.mu.Unlock()
	f.room.notifyLocked()
}

// Leave ends the following.
func (f *Follower) Leave() {
	f.room.mu.Lock()
	defer f.room.mu.Unlock()
	delete(f.room.followers, f)
	f.room.notifyLocked()
}

func (r *Room) notifyLocked() {
	if r.progress != nil {
		close(r.progress)
		r.progress = nil
	}
}

// waitForFollowers returns when the slowest follower is at most half a ring behind. The other half is for those that start there.
func (r *Room) waitForFollowers(ctx context.Context) error {
	for {
		r.mu.Lock()
		if r.lagLocked() < uint64(len(r.ring.slots)/2) {
			r.mu.Unlock()
			return nil
		}
		if r.progress == nil {
			r.progress = make(chan struct{})
		}
		progress := r.progress
		r.mu.Unlock()
		r.wake(r) // what has been appended so far may not have been announced yet
		select {
		case <-progress:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// lagLocked returns how many entries the slowest follower is behind.
func (r *Room) lagLocked() uint64 {
	head, lag := r.ring.Head(), uint64(0)
	for f := range r.followers {
		lag = max(lag, head-f.done.Load())
	}
	return lag
}
