package room

import (
	"container/heap"
	"context"
	"math/rand/v2"
	"time"
)

// A room's owner is a goroutine that moves what is queued into the ring. It
// runs only while there is something to do, because most of a hundred thousand
// feeds are quiet. The registry starts owners and waits for them.
//
// An owner takes a read slot before it reads the log, so that after a lost
// connection not all rooms read from Redis at once. The busiest rooms come
// first, rooms whose last read failed come last. A slot is released when the
// read is over, when it turns out to be slow, or when the room waits for its
// readers. None of these delays other rooms.

const (
	readSlots = 16                     // rooms that start reading their logs at the same time
	slotTime  = 250 * time.Millisecond // then a reader's slot goes to the next room
	// Backoff between two attempts to read a log. It grows with the number of
	// rooms that back off, to protect Redis.
	firstBackoff   = 50 * time.Millisecond
	maxBackoff     = time.Second
	backoffPerRoom = 100 * time.Microsecond
	warnEvery      = time.Second // between two log lines about failed reads
)

// ownerState is what a room's owner is doing. Guarded by the registry's mu.
type ownerState uint8

const (
	idle       ownerState = iota // no owner, nothing to do
	waiting                      // no owner yet: waits for a read slot
	backingOff                   // no owner: reading the log failed and is retried later
	owned                        // an owner runs
)

// startLocked starts an owner for r if something is queued.
func (g *Registry) startLocked(r *Room) {
	switch {
	case r.owner != idle || len(r.queue.list) == 0 || g.closed:
	case r.queue.list[0] == nil || r.failures > 0:
		r.owner = waiting
		heap.Push(&g.waiting, waiter{r, r.failures, r.clients})
		g.grantSlotsLocked()
	default:
		r.owner = owned
		g.owners.Go(func() { g.runOwner(r, nil) })
	}
}

// runOwner is a room's owner. It ends when nothing is queued, or when the log
// must be read and it holds no read slot.
func (g *Registry) runOwner(r *Room, slot *readSlot) {
	defer slot.release()
	for {
		list := g.next(r, slot)
		if list == nil {
			return
		}
		for i, entry := range list {
			r.slot = slot
			err := r.process(g.ctx, entry)
			r.slot = nil
			if err != nil {
				g.retryLater(r, list[i:], err)
				return
			}
			g.account(r, entry)
		}
		g.mu.Lock()
		r.failures = 0
		slot.releaseLocked()
		g.recycleLocked(list)
		g.mu.Unlock()
		slot = nil
	}
}

// next returns what the owner of r processes next; nil if it must end.
func (g *Registry) next(r *Room, slot *readSlot) [][]byte {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case r.closed || g.closed:
		g.clearQueueLocked(r)
	case len(r.queue.list) > 0 && (slot != nil || r.queue.list[0] != nil):
		if r.failures == 0 { // otherwise it retries the same entry
			r.skipWait = r.queue.overfull && r.queue.list[0] == nil
		}
		return g.dequeueLocked(r)
	}
	r.owner = idle
	g.startLocked(r)
	return nil
}

// process handles one queued entry. Only the owner calls it.
func (r *Room) process(ctx context.Context, entry []byte) error {
	if entry == nil {
		return r.Sync(ctx)
	}
	return r.Ingest(ctx, entry)
}

// retryLater puts unprocessed entries back and retries after a backoff.
func (g *Registry) retryLater(r *Room, rest [][]byte, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	r.owner = idle
	r.queue.list = append(rest[:len(rest):len(rest)], r.queue.list...)
	if r.closed || g.closed {
		g.clearQueueLocked(r)
		return
	}
	if now := time.Now(); now.Sub(g.warned) > warnEvery {
		g.warned = now
		r.logger.Warn("room: cannot read the log, retrying", "error", err, "rooms", g.backingOff+1)
	}
	g.backingOff++
	r.owner = backingOff
	r.failures = min(r.failures+1, 100)
	r.retry = time.AfterFunc(backoff(r.failures, g.backingOff), func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.resumeLocked(r)
	})
}

// backoff returns how long a room waits after so many failures, while so many
// rooms back off.
func backoff(failures uint8, rooms int) time.Duration {
	pause := min(firstBackoff<<min(failures-1, 10), maxBackoff)
	pause = max(pause, time.Duration(rooms)*backoffPerRoom)
	return pause/2 + rand.N(pause/2)
}

// resumeLocked ends the backoff of a room.
func (g *Registry) resumeLocked(r *Room) {
	if r.owner != backingOff {
		return
	}
	r.retry.Stop()
	r.retry = nil
	r.owner = idle
	g.backingOff--
	g.startLocked(r)
}

// closeRoomLocked closes a room. Its owner, if there is one, ends soon.
func (g *Registry) closeRoomLocked(r *Room) {
	r.closed = true
	g.clearQueueLocked(r)
	if r.owner == backingOff {
		g.resumeLocked(r) // starts nothing: the queue is empty
	}
	if r.owner == waiting {
		r.owner = idle
	}
}

// close stops the owners and waits for them. Queued entries are dropped, and no
// owner starts afterwards.
func (g *Registry) close() {
	g.stop()
	g.mu.Lock()
	g.closed = true
	for _, r := range g.rooms {
		g.closeRoomLocked(r)
	}
	g.waiting = nil
	g.mu.Unlock()
	g.owners.Wait()
}
