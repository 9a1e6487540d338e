package room

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"livechat/server/metrics"
)

func TestRoomWaitsForItsFollowers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLog(0)
		r := open(t, l)
		quick, slow := r.Follow(), r.Follow()
		done := make(chan struct{})
		go func() {
			defer close(done)
			for range 300 {
				if err := r.Ingest(t.Context(), l.publish()); err != nil {
					t.Error(err)
				}
			}
		}()
		synctest.Wait()
		quick.Advance(r.ring.Head(), r.ring.Head(), r.ring.Head())
		synctest.Wait()
		if got := r.ring.Head(); got != 32 {
			t.Fatalf("the room went on to %d, its slowest follower is at 0 and half a ring is 32", got)
		}
		slow.Advance(20, 20, 20)
		synctest.Wait()
		if got := r.ring.Head(); got != 52 {
			t.Fatalf("the room is at %d, want 52", got)
		}
		slow.Leave()
		synctest.Wait()
		if got := r.ring.Head(); got != 64 {
			t.Fatalf("after the slow one left the room is at %d, want 64", got)
		}
		quick.Leave()
		<-done
		if got := r.Position().Seq; got != 300 {
			t.Errorf("the room is at %d, want 300", got)
		}

		f := r.Follow()
		defer f.Leave()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		for err := error(nil); err == nil; {
			if err = r.Ingest(ctx, l.publish()); err != nil && !errors.Is(err, context.DeadlineExceeded) {
				t.Error(err)
			}
		}
	})
}

// While laggards are far behind, each message waits for them for a bounded
// time. When they are close, none waits.
func TestRoomSlowsDownForLaggards(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLog(0)
		r := newRoom("livechat", Options{
			RingSize: 4096,
			Log:      l,
			Wake:     func(*Room) {},
			Logger:   slog.New(slog.DiscardHandler),
			Metrics:  metrics.NewSet(),
		})
		if err := r.Sync(t.Context()); err != nil {
			t.Fatal(err)
		}
		f := r.Follow()
		defer f.Leave()
		publish := func(n int) time.Duration {
			begin := time.Now()
			for range n {
				ingest(t, r, l.publish())
				f.Advance(r.ring.Head(), 0, r.ring.Head())
			}
			return time.Since(begin)
		}
		if took := publish(laggardsLag); took != 0 {
			t.Errorf("close laggards made the room wait for %v", took)
		}
		if took := publish(100); took != 100*laggardsWait {
			t.Errorf("100 messages with laggards far behind took %v, want %v", took, 100*laggardsWait)
		}
		f.Advance(r.ring.Head(), r.ring.Head(), r.ring.Head())
		if took := publish(1); took != 0 {
			t.Errorf("after the laggards caught up a message still took %v", took)
		}
	})
}

// While the ring is about to overtake a single client that reads, each message
// waits a moment for it.
func TestRoomSlowsDownSlightlyForStraggler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const size = 512
		l := newLog(0)
		r := newRoom("livechat", Options{
			RingSize: size,
			Log:      l,
			Wake:     func(*Room) {},
			Logger:   slog.New(slog.DiscardHandler),
			Metrics:  metrics.NewSet(),
		})
		if err := r.Sync(t.Context()); err != nil {
			t.Fatal(err)
		}
		f := r.Follow()
		defer f.Leave()
		begin := time.Now()
		publish := func(n int) time.Duration {
			for range n {
				ingest(t, r, l.publish())
				f.Advance(r.ring.Head(), r.ring.Head(), 0)
			}
			return time.Since(begin)
		}
		if took := publish(size / 2); took != 0 {
			t.Errorf("a close straggler made the room wait for %v", took)
		}
		if took := publish(100); took != 100*stragglerWait {
			t.Errorf("100 messages with a straggler far behind took %v, want %v", took, 100*stragglerWait)
		}
	})
}
