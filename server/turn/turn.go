// Package turn shares a few places among many who want one, fairly: whoever asks for
// many at once waits behind itself, not others behind it.
package turn

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
)

// ErrFull is what Enter returns at once while as many wait as may.
var ErrFull = errors.New("too many wait")

// Limits say how many there may be. All must be 1 or more, but for the numbers of
// those who wait, which may be 0.
type Limits struct {
	Places        int // taken at once
	PlacesPerKey  int // of those, under one key
	Waiting       int // for a place
	WaitingPerKey int // of those, under one key
}

// Turns gives places to those who wait, one key after the other. Its methods may be
// called from any goroutine. It has nothing to close.
type Turns struct {
	limits Limits

	mu      sync.Mutex
	taken   int                  // guarded by mu
	held    map[string]int       // guarded by mu: places taken under each key
	waiting int                  // guarded by mu
	queues  map[string][]*waiter // guarded by mu: of each key, the first to come first
	order   []string             // guarded by mu: the keys of queues, the next one first
}

// waiter is somebody who waits. granted is closed when the place is theirs.
type waiter struct{ granted chan struct{} }

// New makes Turns of which every place is free.
func New(l Limits) *Turns {
	return &Turns{limits: l, held: make(map[string]int), queues: make(map[string][]*waiter)}
}

// Enter waits for a place and returns the function that gives it back, to be called
// once. The error is ErrFull, or wraps ctx's cause if that ended first.
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

// queue takes a place, or makes a waiter.
func (t *Turns) queue(key string) (*waiter, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.freeLocked(key): // nobody waits who could take it
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

// leaveLocked gives a place back, and to the next key that may have one.
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

// cancel is leave for somebody who waits no longer.
func (t *Turns) cancel(key string, w *waiter) {
	t.mu.Lock()
	defer t.mu.Unlock()
	select {
	case <-w.granted: // meanwhile
		t.leaveLocked(key)
	default:
		t.removeLocked(key, w)
	}
}

// removeLocked takes a waiter out of its queue.
func (t *Turns) removeLocked(key string, w *waiter) {
	t.waiting--
	queue := slices.DeleteFunc(t.queues[key], func(other *waiter) bool { return other == w })
	if t.queues[key] = queue; len(queue) == 0 {
		delete(t.queues, key)
		t.order = slices.DeleteFunc(t.order, func(other string) bool { return other == key })
	}
}

// Count returns how many places are taken and how many wait for one.
func (t *Turns) Count() (taken, waiting int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.taken, t.waiting
}
