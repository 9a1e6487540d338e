package blob

import (
	"context"
	"io"
	"iter"
	"time"
)

// Instrument returns a store that reports to observe what it did: op is put,
// open, read, delete or list, and d how long the store took for it, without the
// time in which it waited for the reader of a Put or for the caller of a List. A
// read is reported when its object is closed, with the time of all reads of it.
//
// err is the failure of the store, and nil for what is not its fault: a missing
// or invalid key, a reader that failed, a caller that has left. observe is called
// from the goroutine that uses the store, and must not block.
func Instrument(s Store, observe func(op string, err error, d time.Duration)) Store {
	return &instrumented{s, observe}
}

type instrumented struct {
	store   Store
	observe func(op string, err error, d time.Duration)
}

// report observes what has ended now.
func (i *instrumented) report(ctx context.Context, op string, err error, took time.Duration) {
	if err != nil && (callers(err) || ctx.Err() != nil) {
		err = nil
	}
	i.observe(op, err, took)
}

func (i *instrumented) Put(ctx context.Context, key string, r io.Reader, size int64) error {
	began, timed := time.Now(), &timedReader{r: r}
	err := i.store.Put(ctx, key, timed, size)
	i.report(ctx, "put", err, time.Since(began)-timed.took)
	return err
}

func (i *instrumented) Open(ctx context.Context, key string) (Object, error) {
	began := time.Now()
	object, err := i.store.Open(ctx, key)
	i.report(ctx, "open", err, time.Since(began))
	if err != nil {
		return nil, err
	}
	return &timedObject{Object: object, ctx: ctx, in: i}, nil
}

func (i *instrumented) Delete(ctx context.Context, key string) error {
	began := time.Now()
	err := i.store.Delete(ctx, key)
	i.report(ctx, "delete", err, time.Since(began))
	return err
}

func (i *instrumented) List(ctx context.Context, prefix string) iter.Seq2[Info, error] {
	return func(yield func(Info, error) bool) {
		var failure error
		var took time.Duration
		defer func() { i.report(ctx, "list", failure, took) }()
		began := time.Now()
		for info, err := range i.store.List(ctx, prefix) {
			took += time.Since(began)
			if failure = err; !yield(info, err) {
				return
			}
			began = time.Now()
		}
		took += time.Since(began)
	}
}

func (i *instrumented) Close() error { return i.store.Close() }

// timedReader adds up how long its reader took.
type timedReader struct {
	r    io.Reader
	took time.Duration
}

func (t *timedReader) Read(p []byte) (int, error) {
	began := time.Now()
	n, err := t.r.Read(p)
	t.took += time.Since(began)
	return n, err
}

// timedObject reports its reads when it is closed.
type timedObject struct {
	Object
	ctx  context.Context
	in   *instrumented
	took time.Duration
	err  error // the first failure
	done bool
}

func (t *timedObject) Read(p []byte) (int, error) {
	began := time.Now()
	n, err := t.Object.Read(p)
	t.took += time.Since(began)
	if err != nil && err != io.EOF && t.err == nil {
		t.err = err
	}
	return n, err
}

func (t *timedObject) Close() error {
	if !t.done {
		t.done = true
		t.in.report(t.ctx, "read", t.err, t.took)
	}
	return t.Object.Close()
}
