package bus

import (
	"context"
	"errors"
	"sync"
	"time"
)

// queueLength is how many publications may wait. When more come, Publish blocks, and so do the connections they come from.
const queueLength = 1024

var errStopped = errors.New("the bus has stopped")

// queued is a publication on its way to the publisher.
type queued struct {
	Publication
	since time.Time // when Publish was called
	tries int       // how often its log was found closed
}

// queue is a bounded first-in first-out queue whose reader takes all that there is. A Go channel would do, if it could be closed while others
// still send on it: here what is put is either taken or given back by close, never forgotten.
type queue struct {
	slots  chan struct{} // one token for each publication that waits; never closed
	wake   chan struct{} // holds a token while there may be something to take; never closed
	closed chan struct{} // closed by close

	mu    sync.Mutex
	items []queued // guarded by mu
	held  holds    // guarded by mu: taken once, and waiting for their logs
	done  bool     // guarded by mu
}

func newQueue(length int) *queue {
	return &queue{slots: make(chan struct{}, length), wake: make(chan struct{}, 1), closed: make(chan struct{})}
}

// put appends an item; while the queue is full it waits. An error means that the item has not been put.
func (q *queue) put(ctx context.Context, item queued) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case q.slots <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	case <-q.closed:
		return errStopped
	}
	q.mu.Lock()
	if q.done {
		q.mu.Unlock()
		return errStopped
	}
	q.items = append(q.items, item)
	q.mu.Unlock()
	q.ring()
	return nil
}

// take moves up to limit items, oldest first, into buf and returns it. Those
// whose log has been opened come first; those whose log is closed are put aside.
// Only one goroutine may take.
func (q *queue) take(buf []queued, limit int) []queued {
	q.mu.Lock()
	buf = q.held.take(buf[:0], limit)
	n := 0
	for ; n < len(q.items) && len(buf) < limit; n++ {
		if p := q.items[n]; q.held.pass(p) {
			buf = append(buf, p)
		}
	}
	rest := copy(q.items, q.items[n:])
	clear(q.items[rest:])
	q.items = q.items[:rest]
	q.mu.Unlock()
	for range n {
		<-q.slots
	}
	return buf
}

// hold puts back items of one room, in order, that were taken and found its log
// closed. They wait until release, and so do all later ones of that room. Only
// the goroutine that takes may hold.
func (q *queue) hold(room string, items []queued) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.held.back(room, items)
}

// release says that the log of a room is open.
func (q *queue) release(room string) {
	q.mu.Lock()
	q.held.release(room)
	ready := len(q.held.ready) > 0
	q.mu.Unlock()
	if ready {
		q.ring()
	}
}

// late returns what has waited for a log since before a time, and what could not wait.
func (q *queue) late(before time.Time) []queued {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.held.late(before)
}

// holds says whether something waits for its log, or could not.
func (q *queue) holds() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.held.rooms) > 0 || len(q.held.refused) > 0
}

// ring wakes who takes.
func (q *queue) ring() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// close returns what nobody has taken. From now on put fails.
func (q *queue) close() []queued {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.done {
		q.done = true
		close(q.closed)
	}
	rest := append(q.held.all(), q.items...)
	q.items = nil
	return rest
}
