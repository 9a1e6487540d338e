package bus

import (
	"context"
	"errors"
	"sync"
	"time"
)

// queueLength is how many publications may wait. While there are as many,
// Publish blocks, and with it the connections that publish.
const queueLength = 1024

var errStopped = errors.New("the bus has stopped")

// queued is a publication on its way to the publisher.
type queued struct {
	Publication
	since time.Time // when Publish was called
	tries int       // attempts that found its log closed
	epoch string    // in which it was last sent
	looks int       // how often it had been looked for other blocked words than the room's
	again bool      // it was just so: they are to be looked for again
}

// queue is a bounded FIFO queue whose reader takes all that there is. A Go
// channel would do if it could be closed while others still send: here every
// item is either taken, or returned by close.
type queue struct {
	slots  chan struct{} // one token for each waiting publication; never closed
	wake   chan struct{} // holds a token while there may be something to take; never closed
	closed chan struct{} // closed by close

	mu    sync.Mutex
	items []queued // guarded by mu
	held  held     // guarded by mu: taken once, and waiting for their logs
	done  bool     // guarded by mu
}

func newQueue(length int) *queue {
	return &queue{slots: make(chan struct{}, length), wake: make(chan struct{}, 1),
		closed: make(chan struct{})}
}

// put appends an item. While the queue is full it waits. An error means that
// the item was not put.
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

// take moves up to limit items, oldest first, into buf and returns it. Items
// whose log has been opened come first; those whose log is closed are held.
// Only one goroutine may take.
func (q *queue) take(buf []queued, limit int) []queued {
	q.mu.Lock()
	buf = q.held.take(buf[:0], limit)
	n := 0
	for ; n < len(q.items) && len(buf) < limit; n++ {
		if p := q.items[n]; q.held.admit(p) {
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

// putBack holds items of one room, in order, that were taken and found its log
// closed. They and all later ones of that room wait until release. Only the
// goroutine that takes may call it.
func (q *queue) putBack(room string, items []queued) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.held.putBack(room, items)
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

// expired returns the items that have waited for a log since before a time, and
// those that could not be held.
func (q *queue) expired(before time.Time) []queued {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.held.expired(before)
}

// hasHeld reports whether expired may return something.
func (q *queue) hasHeld() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.held.rooms) > 0 || len(q.held.refused) > 0
}

// ring wakes the goroutine that takes.
func (q *queue) ring() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// close returns the items that were not taken. From now on put fails.
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
