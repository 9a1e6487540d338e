package room

import (
	"container/heap"
	"time"
)

// readSlot is the right to read a log. Guarded by the registry's mu.
type readSlot struct {
	registry *Registry
	held     bool
	timer    *time.Timer
}

// release passes the slot to the next room. It is idempotent.
func (s *readSlot) release() {
	if s == nil {
		return
	}
	s.registry.mu.Lock()
	defer s.registry.mu.Unlock()
	s.releaseLocked()
}

func (s *readSlot) releaseLocked() {
	if s != nil && s.held {
		s.held = false
		s.timer.Stop()
		s.registry.reading--
		s.registry.grantSlotsLocked()
	}
}

// waiter is a room that waits for a read slot.
type waiter struct {
	room     *Room
	failures uint8
	clients  int
}

type waiters []waiter

func (w waiters) Len() int      { return len(w) }
func (w waiters) Swap(i, j int) { w[i], w[j] = w[j], w[i] }
func (w *waiters) Push(x any)   { *w = append(*w, x.(waiter)) }

// Less orders rooms without failures first, and the busiest first among them.
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

// grantSlotsLocked gives free slots to waiting rooms.
func (g *Registry) grantSlotsLocked() {
	for g.reading < readSlots && len(g.waiting) > 0 && !g.closed {
		r := heap.Pop(&g.waiting).(waiter).room
		if r.owner != waiting {
			continue // it was closed in the meantime
		}
		g.reading++
		s := &readSlot{registry: g, held: true}
		s.timer = time.AfterFunc(slotTime, s.release)
		r.owner = owned
		g.owners.Go(func() { g.runOwner(r, s) })
	}
}
