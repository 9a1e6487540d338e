package room

import (
	"container/heap"
	"context"
	"math/rand/v2"
	"time"
)

// A room's owner is a goroutine that takes into the ring what is queued. It
// exists only while there is something to do, since most of a hundred thousand
// feeds are quiet. The registry starts owners and waits for them.
//
// Who reads the log first takes a place, so that after a lost link not all rooms
// ask Redis at once. The busiest rooms come first, and those that have failed
// come last. A place is given back when the reading is over, when it turns out
// slow, or when the room waits for those who lag: none of that holds up others.

const (
	readers   = 16                     // rooms that begin to read their logs at the same time
	placeTime = 250 * time.Millisecond // after which a reader's place is given to the next
	// Between two attempts to read a log. With many rooms in that state each waits longer, for Redis' sake.
	firstPause   = 50 * time.Millisecond
	maxPause     = time.Second
	pausePerRoom = 100 * time.Microsecond
	warnEvery    = time.Second // between two log lines about logs that cannot be read
)

// What a room's owner does. Guarded by the registry's mu.
type ownerState uint8

const (
	idle    ownerState = iota // nothing: there is no owner
	waiting                   // there is none yet: the room waits for a place to read its log
	pausing                   // there is none: reading the log has failed, and is tried again after a pause
	owned                     // runs
)

// place is the right to read logs. Guarded by the registry's mu.
type place struct {
	registry *Registry
	held     bool
	timer    *time.Timer
}

// release gives the place to the next room. It may be called again.
func (p *place) release() {
	if p == nil {
		return
	}
	p.registry.mu.Lock()
	defer p.registry.mu.Unlock()
	p.releaseLocked()
}

func (p *place) releaseLocked() {
	if p != nil && p.held {
		p.held = false
		p.timer.Stop()
		p.registry.reading--
		p.registry.admitLocked()
	}
}

// waiter is a room that waits for a place.
type waiter struct {
	room     *Room
	failures uint8
	clients  int
}

type waiters []waiter

func (w waiters) Len() int      { return len(w) }
func (w waiters) Swap(i, j int) { w[i], w[j] = w[j], w[i] }
func (w *waiters) Push(x any)   { *w = append(*w, x.(waiter)) }

// Less puts rooms first that have not failed, the busiest of them before all.
func (w waiters) Less(i, j int) bool {
	if w[i].failures != w[j].failures {
		return w[i].failures < w[j].failures
	}
	return w[i].clients > w[j].clients
}

func (w *waiters) Pop() any {
	old := *w
	last := old[len(old)-1]
	old[len(old)-1] = waiter{}
	*w = old[:len(old)-1]
	return last
}

// startLocked sees to it that what r has queued is done.
func (g *Registry) startLocked(r *Room) {
	switch {
	case r.owner != idle || len(r.queue.list) == 0 || g.closed:
	case r.queue.list[0] == nil || r.failures > 0:
		r.owner = waiting
		heap.Push(&g.waiting, waiter{r, r.failures, r.clients})
		g.admitLocked()
	default:
		r.owner = owned
		g.owners.Go(func() { g.own(r, nil) })
	}
}

// admitLocked gives places to those that wait, while there are any.
func (g *Registry) admitLocked() {
	for g.reading < readers && len(g.waiting) > 0 && !g.closed {
		r := heap.Pop(&g.waiting).(waiter).room
		if r.owner != waiting {
			continue // it was closed meanwhile
		}
		g.reading++
		p := &place{registry: g, held: true}
		p.timer = time.AfterFunc(placeTime, p.release)
		r.owner = owned
		g.owners.Go(func() { g.own(r, p) })
	}
}

// own is a room's owner. It ends when nothing is queued, or when the log is to be read and it has no place for that.
func (g *Registry) own(r *Room, p *place) {
	defer p.release()
	for {
		list := g.next(r, p)
		if list == nil {
			return
		}
		for i, entry := range list {
			r.place = p
			err := r.take(g.ctx, entry)
			r.place = nil
			if err != nil {
				g.failed(r, list[i:], err)
				return
			}
			g.done(r, entry)
		}
		g.mu.Lock()
		r.failures = 0
		p.releaseLocked()
		g.recycleLocked(list)
		g.mu.Unlock()
		p = nil
	}
}

// next returns what the owner of r does next; nil if it is to end.
func (g *Registry) next(r *Room, p *place) [][]byte {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case r.gone || g.closed:
		g.dropLocked(r)
	case len(r.queue.list) > 0 && (p != nil || r.queue.list[0] != nil):
		if r.failures == 0 { // else it tries the same again
			r.hurried = r.queue.overfull && r.queue.list[0] == nil
		}
		return g.takeLocked(r)
	}
	r.owner = idle
	g.startLocked(r)
	return nil
}

// take does one thing that was queued. Only the owner calls it.
func (r *Room) take(ctx context.Context, entry []byte) error {
	if entry == nil {
		return r.Sync(ctx)
	}
	return r.Ingest(ctx, entry)
}

// failed puts back what could not be done, and lets r try again after a pause.
func (g *Registry) failed(r *Room, rest [][]byte, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	r.owner = idle
	r.queue.list = append(rest[:len(rest):len(rest)], r.queue.list...)
	if r.gone || g.closed {
		g.dropLocked(r)
		return
	}
	if now := time.Now(); now.Sub(g.warned) > warnEvery {
		g.warned = now
		r.slog.Warn("cannot read the log of a room, trying on", "error", err, "rooms", g.pausing+1)
	}
	g.pausing++
	r.owner = pausing
	r.failures = min(r.failures+1, 100)
	r.retry = time.AfterFunc(pauseAfter(r.failures, g.pausing), func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.resumeLocked(r)
	})
}

// pauseAfter returns how long a room waits that has failed so often, when so many do.
func pauseAfter(failures uint8, rooms int) time.Duration {
	pause := min(firstPause<<min(failures-1, 10), maxPause)
	pause = max(pause, time.Duration(rooms)*pausePerRoom)
	return pause/2 + rand.N(pause/2)
}

// resumeLocked ends the pause of a room.
func (g *Registry) resumeLocked(r *Room) {
	if r.owner != pausing {
		return
	}
	r.retry.Stop()
	r.retry = nil
	r.owner = idle
	g.pausing--
	g.startLocked(r)
}

// leaveLocked lets go of a room that is closed: its owner, if there is one, ends soon.
func (g *Registry) leaveLocked(r *Room) {
	r.gone = true
	g.dropLocked(r)
	if r.owner == pausing {
		g.resumeLocked(r) // there is nothing to start
	}
	if r.owner == waiting {
		r.owner = idle
	}
}

// close ends the owners and waits for them. What is queued is dropped, and nothing is started any more.
func (g *Registry) close() {
	g.stop()
	g.mu.Lock()
	g.closed = true
	for _, r := range g.rooms {
		g.leaveLocked(r)
	}
	g.waiting = nil
	g.mu.Unlock()
	g.owners.Wait()
}
