package room

import (
	"context"
	"sync/atomic"
	"time"
)

// Follower is a reader that keeps up: one shard's part of the fan-out. The room waits for its followers, so that messages that
// come faster than this server can pass them on wait in Redis' buffer and not on the floor: the ring never overtakes a client
// that reads. A client that does not read is no follower; it may be overtaken.
//
// Between the two is the crowd: when many clients at once do not keep up, it is not they who are slow but the machine, theirs or ours, that is
// overloaded. Cutting them all off would only bring them all back. So a room goes a little slower while its crowd is behind; not
// much, or a few who pretend could hold it up. Even less it goes slower for a straggler, a single one that the ring is about to overtake while it
// reads: under such a load the threads that read for a thousand clients leave one or the other waiting for seconds.
type Follower struct {
	room      *Room
	done      atomic.Uint64
	crowd     atomic.Uint64
	straggler atomic.Uint64
}

const (
	// crowdLag is how many entries the crowd may be behind before the room goes slower.
	crowdLag = 256
	// crowdWait is the most that one message waits for the crowd. It keeps the room at 100 messages a second or more.
	crowdWait = 10 * time.Millisecond
	// stragglerWait is the most that one message waits for a straggler that is more than half a ring behind: anybody can pretend to be one. It keeps
	// the room at almost 1,000 messages a second.
	stragglerWait = time.Millisecond
)

// Follow adds a follower that has seen everything up to now.
func (r *Room) Follow() *Follower {
	f := &Follower{room: r}
	r.mu.Lock()
	defer r.mu.Unlock()
	f.done.Store(r.ring.Head())
	f.crowd.Store(r.ring.Head())
	f.straggler.Store(r.ring.Head())
	r.followers[f] = struct{}{}
	return f
}

// Advance says that everything below done was passed on, but for a crowd, which is at crowd, and the last straggler; if there is none, it is at done.
func (f *Follower) Advance(done, crowd, straggler uint64) {
	f.done.Store(done)
	f.crowd.Store(crowd)
	f.straggler.Store(straggler)
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

// waitForFollowers returns when the slowest follower is at most half a ring behind, the other half is for those that start there; and when
// the crowd is near and no straggler far, or they have had their time.
func (r *Room) waitForFollowers(ctx context.Context) error {
	for waited := time.Duration(0); ; {
		r.mu.Lock()
		late, patience := r.patienceLocked()
		if !late && waited >= patience {
			r.mu.Unlock()
			return nil
		}
		if r.progress == nil {
			r.progress = make(chan struct{})
		}
		progress := r.progress
		r.mu.Unlock()
		r.place.release() // others need not wait for those who lag here
		r.wake(r)         // what has been appended so far may not have been announced yet; and where the crowd is, a pass finds out

		if !late { // nobody tells when a crowd moves: look now and then
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

// patienceLocked says whether a follower is late, without which nothing goes on, and how long a message waits for the others. The more there is
// to take in, the less: a crowd may not make this server lose the log.
func (r *Room) patienceLocked() (late bool, patience time.Duration) {
	half := uint64(len(r.ring.slots) / 2)
	done, crowd, straggler := r.lagLocked()
	switch {
	case crowd >= crowdLag:
		patience = crowdWait
	case straggler >= half:
		patience = stragglerWait
	}
	switch {
	case r.hurried:
		patience = 0
	case r.queue.pressed():
		patience = min(patience, stragglerWait)
	}
	return done >= half, patience
}

// Lag is how many entries those are behind for whom a room waits.
type Lag struct {
	Followers uint64 // the slowest of them, or their crowd
	Straggler uint64 // the last single one of the clients that do not keep up, but read
}

func (r *Room) lag() Lag {
	r.mu.Lock()
	defer r.mu.Unlock()
	done, crowd, straggler := r.lagLocked()
	return Lag{Followers: max(done, crowd), Straggler: straggler}
}

// lagLocked returns how many entries the slowest follower, the slowest crowd and the last straggler are behind.
func (r *Room) lagLocked() (done, crowd, straggler uint64) {
	head := r.ring.Head()
	for f := range r.followers {
		done = max(done, head-f.done.Load())
		crowd = max(crowd, head-min(head, f.crowd.Load()))
		straggler = max(straggler, head-min(head, f.straggler.Load()))
	}
	return done, crowd, straggler
}
