package limit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
)

// ErrFull is what Enter returns when the queue is full.
var ErrFull = errors.New("too many callers are waiting")

// TurnLimits are limits of places and of waiting callers. All must be at least
// 1, except the numbers of waiting callers, which may be 0.
type TurnLimits struct {
	Places        int // in use at once
	PlacesPerKey  int // in use at once, under one key
	Waiting       int // callers waiting for a place
	WaitingPerKey int // callers waiting, under one key
}

// Turns shares a limited number of places fairly, one key after the other: a
// caller that asks for many at once waits behind its own calls, and does not make
// others wait behind them. Its methods may be called from any goroutine. It need
// not be closed.
type Turns struct {
	limits TurnLimits

	mu      sync.Mutex
	taken   int                  // guarded by mu
	held    map[string]int       // guarded by mu: places in use by key
	waiting int                  // guarded by mu
	queues  map[string][]*waiter // guarded by mu: waiting callers by key, in order of arrival
	order   []string             // guarded by mu: the keys of queues, the next one first
}

// waiter is a waiting caller. granted is closed when it gets a place.
type waiter struct{ granted chan struct{} }

// NewTurns returns Turns with all places free.
func NewTurns(l TurnLimits) *Turns {
	return &Turns{limits: l, held: make(map[string]int), queues: make(map[string][]*waiter)}
}

// Enter waits for a place and returns the function that releases it, which must
// be called once. The error is ErrFull, or wraps the cause of ctx if that ended
// first.
func (t *Turns) Enter(ctx context.Context, key string) (leave func(), err error) {
	if ctx.Err() != nil {
		return nil, fmt.Errorf("wait for a turn: %w", context.Cause(ctx))
	}
	w, err := t.queue(key)
	if err != nil {
		return nil, err
	}
	leave = func() { t.leave(key) }
	if w == nil {
		return leave, nil
	}
	select {
	case <-w.granted:
		return leave, nil
	case <-ctx.Done():
		t.cancel(key, w)
		return nil, fmt.Errorf("wait for a turn: %w", context.Cause(ctx))
	}
}

// queue takes a place, or returns a waiter.
func (t *Turns) queue(key string) (*waiter, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.freeLocked(key): // no waiting caller could take it
		t.takeLocked(key)
		return nil, nil
	case t.waiting >= t.limits.Waiting || len(t.queues[key]) >= t.limits.WaitingPerKey:
		return nil, ErrFull
	}
	if len(t.queues[key]) == 0 {
		t.order = append(t.order, key)
	}
	w := &waiter{make(chan struct{})}
	t.queues[key] = append(t.queues[key], w)
	t.waiting++
	return w, nil
}

func (t *Turns) freeLocked(key string) bool {
	return t.taken < t.limits.Places && t.held[key] < t.limits.PlacesPerKey
}

func (t *Turns) takeLocked(key string) {
	t.taken++
	t.held[key]++
}

func (t *Turns) leave(key string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.leaveLocked(key)
}

// leaveLocked releases a place and grants it to the next key that may have one.
func (t *Turns) leaveLocked(key string) {
	t.taken--
	if t.held[key]--; t.held[key] == 0 {
		delete(t.held, key)
	}
	i := slices.IndexFunc(t.order, t.freeLocked)
	if i < 0 {
		return
	}
	next := t.order[i]
	w := t.queues[next][0]
	t.order = append(slices.Delete(t.order, i, i+1), next)
	t.removeLocked(next, w)
	t.takeLocked(next)
	close(w.granted)
}

// cancel gives up a waiter.
func (t *Turns) cancel(key string, w *waiter) {
	t.mu.Lock()
	defer t.mu.Unlock()
	select {
	case <-w.granted: // granted meanwhile
		t.leaveLocked(key)
	default:
		t.removeLocked(key, w)
	}
}

// removeLocked removes a waiter from its queue.
func (t *Turns) removeLocked(key string, w *waiter) {
	t.waiting--
	queue := slices.DeleteFunc(t.queues[key], func(other *waiter) bool { return other == w })
	if t.queues[key] = queue; len(queue) == 0 {
		delete(t.queues, key)
		t.order = slices.DeleteFunc(t.order, func(other string) bool { return other == key })
	}
}

// Count returns the number of places in use and of waiting callers.
func (t *Turns) Count() (taken, waiting int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.taken, t.waiting
}
