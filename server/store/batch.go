package store

import (
	"context"
	"slices"
	"sync"
	"time"
)

const (
	maxBatch     = 128
	batchLanes   = 1 // with two, each would be half as large, and a message cost PostgreSQL half as much again
	batchTimeout = 10 * time.Second
)

// batcher does what many ask for at once together: while one batch is under way, what comes meanwhile gathers for the next. Who is alone waits for
// nobody; the more come, the larger the batches and the cheaper each.
type batcher[In, Out any] struct {
	// Set at construction.
	most    int           // in a batch
	lanes   int           // batches under way at the same time
	timeout time.Duration // of a batch. It is not that of any one who asks: the others want their answers
	// do answers a batch. Those that it returns as left are asked again, each alone and beside the batches that follow: then it returns none.
	do func(ctx context.Context, batch []*question[In, Out], alone bool) (left []*question[In, Out])

	running sync.WaitGroup

	mu      sync.Mutex
	waiting []*question[In, Out] // guarded by mu
	busy    int                  // guarded by mu: lanes in use
}

// question is one question on its way. out and err are the batch's until done is closed.
type question[In, Out any] struct {
	in   In
	out  Out
	err  error
	done chan struct{}
}

// ask waits for its turn and for the answer. At the end of ctx it waits no longer; what has begun then is done all the same.
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

// forget takes back a question whose turn has not come.
func (b *batcher[In, Out]) forget(a *question[In, Out]) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if i := slices.Index(b.waiting, a); i >= 0 {
		b.waiting = slices.Delete(b.waiting, i, i+1)
	}
}

// run is a lane: it ends when nobody waits.
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

// answer does a batch, and returns those that have no answer yet.
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

// take returns the next batch; nil, and the lane is free, if there is none.
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

// wait returns when no lane is in use. Nobody asks any more.
func (b *batcher[In, Out]) wait() { b.running.Wait() }
