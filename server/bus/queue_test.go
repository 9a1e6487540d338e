package bus

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"
)

func TestQueueIsFirstInFirstOut(t *testing.T) {
	q := newQueue(8)
	var buf []queued
	put, got := 0, 0
	for _, take := range []int{3, 0, 5, 1, 8, 2} {
		for len(q.items) < 8 {
			if err := q.put(t.Context(), item(put)); err != nil {
				t.Fatal(err)
			}
			put++
		}
		buf = q.take(buf, take)
		if len(buf) != take {
			t.Errorf("took %d, want %d", len(buf), take)
		}
		for _, it := range buf {
			if it.Room != name(got) {
				t.Errorf("got %q, want %q", it.Room, name(got))
			}
			got++
		}
	}
}

func item(i int) queued { return queued{Publication: Publication{Room: name(i)}} }
func name(i int) string { return string(rune('a' + i)) }

func TestQueueBlocksWhileFull(t *testing.T) {
	q := newQueue(1)
	if err := q.put(t.Context(), item(0)); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := q.put(ctx, item(1)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("put into a full queue: %v", err)
	}
	var waiting sync.WaitGroup
	waiting.Go(func() {
		if err := q.put(context.Background(), item(2)); err != nil {
			t.Error(err)
		}
	})
	if got := q.take(nil, 9); len(got) != 1 || got[0].Room != name(0) {
		t.Errorf("took %v", got)
	}
	waiting.Wait()
	if got := q.take(nil, 9); len(got) != 1 || got[0].Room != name(2) {
		t.Errorf("took %v", got)
	}
}

// An item that is put while the queue closes is either refused or returned by
// close, never lost.
func TestQueueLosesNothing(t *testing.T) {
	for range 200 {
		const putters, each = 4, 8
		q := newQueue(putters * each)
		var put [putters]int
		var wg sync.WaitGroup
		for i := range putters {
			wg.Go(func() {
				for range each {
					if q.put(context.Background(), item(i)) == nil {
						put[i]++
					}
				}
			})
		}
		taken := len(q.take(nil, 5)) + len(q.close())
		wg.Wait()
		taken += len(q.close())
		want := 0
		for _, n := range put {
			want += n
		}
		if taken != want {
			t.Fatalf("%d were put and %d came out", want, taken)
		}
	}
}

func TestQueueRefusesAfterClose(t *testing.T) {
	q := newQueue(1000)
	over, cancel := context.WithCancel(t.Context())
	cancel()
	for range 100 { // there is room in the queue each time
		if err := q.put(over, item(0)); !errors.Is(err, context.Canceled) {
			t.Fatalf("put with a context that is over: %v", err)
		}
	}
	q.close()
	for range 100 {
		if err := q.put(t.Context(), item(0)); !errors.Is(err, errStopped) {
			t.Fatalf("put into a closed queue: %v", err)
		}
	}
}

func TestPipelineLimit(t *testing.T) {
	limit := minPipeline
	for range 10 {
		limit = nextLimit(limit, time.Millisecond, time.Second)
	}
	if limit != maxPipeline {
		t.Errorf("while Redis is quick a pipeline holds %d", limit)
	}
	for range 10 {
		limit = nextLimit(limit, 500*time.Millisecond, time.Second)
	}
	if limit != minPipeline {
		t.Errorf("while Redis is slow a pipeline holds %d", limit)
	}
}
