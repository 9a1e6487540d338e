package store

import (
	"context"
	"slices"
	"sync"
	"time"
)

const (
	maxBatch = 128
	// with two, batches would be half as large, and PostgreSQL would spend half
	// as much again per message
	batchLanes   = 1
	batchTimeout = 10 * time.Second
)

// batcher groups concurrent calls: calls that arrive while one batch is under
// way form the next. A lone call waits for nothing; the more calls arrive, the
// larger the batches and the cheaper each call.
type batcher[In, Out any] struct {
	// Set at construction.
	most    int           // calls in a batch
	lanes   int           // batches under way at the same time
	timeout time.Duration // of a batch, not of one call: the others want their answers
	// do answers a batch. It returns the calls that it could not answer as
	// left. Each of those is asked again alone, beside the batches that follow,
	// and do then returns none.
	do func(ctx context.Context, batch []*question[In, Out], alone bool) (left []*question[In, Out])

	running sync.WaitGroup

	mu      sync.Mutex
	waiting []*question[In, Out] // guarded by mu
	busy    int                  // guarded by mu: lanes in use
}

// question is one call under way. The batch owns out and err until done is
// closed.
type question[In, Out any] struct {
	in   In
	out  Out
	err  error
	done chan struct{}
}

// ask waits for its turn and for the answer. When ctx ends it stops waiting;
// work that has begun is finished all the same.
func (b *batcher[In, Out]) ask(ctx context.Context, in In) (out Out, err error) {
	if err := ctx.Err(); err != nil {
		return out, err
	}
	a := &question[In, Out]{in: in, done: make(chan struct{})}
	b.mu.Lock()
	b.waiting = append(b.waiting, a)
	if b.busy < b.lanes {
		b.busy++
		b.running.Go(b.run)
	}
	b.mu.Unlock()
	select {
	case <-a.done:
		return a.out, a.err
	case <-ctx.Done():
		b.forget(a)
		return out, ctx.Err()
	}
}

// forget removes a question that has not been taken into a batch.
func (b *batcher[In, Out]) forget(a *question[In, Out]) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if i := slices.Index(b.waiting, a); i >= 0 {
		b.waiting = slices.Delete(b.waiting, i, i+1)
	}
}

// run is a lane. It ends when no question waits.
func (b *batcher[In, Out]) run() {
	for {
		batch := b.take()
		if batch == nil {
			return
		}
		for _, a := range b.answer(batch, false) {
			b.running.Go(func() { b.answer([]*question[In, Out]{a}, true) })
		}
	}
}

// answer processes a batch and returns the questions that have no answer yet.
func (b *batcher[In, Out]) answer(batch []*question[In, Out], alone bool) (left []*question[In, Out]) {
	ctx, cancel := context.WithTimeout(context.Background(), b.timeout)
	defer cancel()
	left = b.do(ctx, batch, alone)
	for _, a := range batch {
		if !slices.Contains(left, a) {
			close(a.done)
		}
	}
	return left
}

// take returns the next batch. If there is none, it frees the lane and returns
// nil.
func (b *batcher[In, Out]) take() []*question[In, Out] {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := min(b.most, len(b.waiting))
	if n == 0 {
		b.busy--
		return nil
	}
	batch := slices.Clone(b.waiting[:n])
	b.waiting = slices.Delete(b.waiting, 0, n)
	return batch
}

// wait returns when no lane is in use. No further calls may be made.
func (b *batcher[In, Out]) wait() { b.running.Wait() }
