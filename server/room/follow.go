package room

import (
	"context"
	"sync/atomic"
	"time"
)

// Follower is a reader that keeps up: one shard of the fan-out. The room waits
// for its followers: when messages arrive faster than this server can pass them
// on, they wait in Redis' output buffer instead of being dropped. So the ring
// never overtakes a client that reads. A client that does not read is not
// covered and may be overtaken.
//
// Laggards are between the two. When many clients fall behind at the same time,
// the clients are not slow; a machine, theirs or ours, is overloaded. Closing
// them all would only make them all reconnect. So a room slows down while its
// laggards are behind, but only a little, or a few malicious clients could hold
// it up. It slows down even less for a straggler: a single client that still
// reads and that the ring is about to overtake. Under such load a client
// machine that serves a thousand connections may leave one of them waiting for
// seconds.
type Follower struct {
	room      *Room
	done      atomic.Uint64
	laggards  atomic.Uint64
	straggler atomic.Uint64
}

const (
	// laggardsLag is how many entries the laggards may be behind before the
	// room slows down.
	laggardsLag = 256
	// laggardsWait is the longest that one message waits for laggards. It keeps
	// the room at 100 messages a second or more.
	laggardsWait = 10 * time.Millisecond
	// stragglerWait is the longest that one message waits for a straggler more
	// than half a ring behind. Any client can pretend to be one, so it keeps
	// the room at almost 1,000 messages a second.
	stragglerWait = time.Millisecond
)

// Follow adds a follower that has seen everything up to the head of the ring.
func (r *Room) Follow() *Follower {
	f := &Follower{room: r}
	r.mu.Lock()
	defer r.mu.Unlock()
	f.done.Store(r.ring.Head())
	f.laggards.Store(r.ring.Head())
	f.straggler.Store(r.ring.Head())
	r.followers[f] = struct{}{}
	return f
}

// Advance records that everything below done was passed on, except to the
// laggards, which are at laggards, and the last straggler. Both equal done if
// there are none.
func (f *Follower) Advance(done, laggards, straggler uint64) {
	f.done.Store(done)
	f.laggards.Store(laggards)
	f.straggler.Store(straggler)
	f.room.mu.Lock()
	defer f.room.mu.Unlock()
	f.room.notifyLocked()
}

// Leave removes the follower.
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

// waitForFollowers returns when the slowest follower is at most half a ring
// behind and the laggards and stragglers are close enough or have used up their
// time. The other half of the ring is for clients that start there.
func (r *Room) waitForFollowers(ctx context.Context) error {
	for waited := time.Duration(0); ; {
		r.mu.Lock()
		behind, maxWait := r.waitLocked()
		if !behind && waited >= maxWait {
			r.mu.Unlock()
			return nil
		}
		if r.progress == nil {
			r.progress = make(chan struct{})
		}
		progress := r.progress
		r.mu.Unlock()
		r.slot.release() // other rooms need not wait for our readers
		// The entries appended so far may not have been announced yet, and only
		// a pass finds out where the laggards are.
		r.wake(r)

		if !behind { // laggards moving closes no channel: poll
			progress = nil
		}
		const look = time.Millisecond
		select {
		case <-progress:
		case <-time.After(look):
			waited += look
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// waitLocked returns whether a follower is so far behind that nothing may be
// appended, and otherwise how long a message waits for laggards and stragglers.
// The fuller the queue, the shorter the wait: laggards must not make this
// server lose its place in the log.
func (r *Room) waitLocked() (behind bool, maxWait time.Duration) {
	half := r.ring.size / 2
	done, laggards, straggler := r.lagLocked()
	switch {
	case laggards >= laggardsLag:
		maxWait = laggardsWait
	case straggler >= half:
		maxWait = stragglerWait
	}
	switch {
	case r.skipWait:
		maxWait = 0
	case r.queue.halfFull():
		maxWait = min(maxWait, stragglerWait)
	}
	return done >= half, maxWait
}

// Lag is how many entries a room's readers are behind.
type Lag struct {
	Followers uint64 // the slowest follower, laggards included
	Straggler uint64 // the last straggler
}

func (r *Room) lag() Lag {
	r.mu.Lock()
	defer r.mu.Unlock()
	done, laggards, straggler := r.lagLocked()
	return Lag{Followers: max(done, laggards), Straggler: straggler}
}

// lagLocked returns how many entries the slowest follower, the slowest laggards
// and the last straggler are behind.
func (r *Room) lagLocked() (done, laggards, straggler uint64) {
	head := r.ring.Head()
	for f := range r.followers {
		done = max(done, head-f.done.Load())
		laggards = max(laggards, head-min(head, f.laggards.Load()))
		straggler = max(straggler, head-min(head, f.straggler.Load()))
	}
	return done, laggards, straggler
}
