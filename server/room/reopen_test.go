package room

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"livechat/server/metrics"
)

// A room is closed and reopened while its messages arrive, its queue overflows
// and its log is read. Nothing is left over, and the last one to open has every
// message.
func TestReopenUnderLoad(t *testing.T) {
	const times = 1000
	l := &logs{}
	m := metrics.NewSet()
	g := NewRegistry(Options{
		RingSize: 64, MaxRooms: 1000, Linger: time.Hour, Log: l, Subscriptions: unconfirmed{}, Wake: func(*Room) {},
		Logger: slog.New(slog.DiscardHandler), Metrics: m,
	})
	ctx, cancel := context.WithCancel(context.Background())
	var loops sync.WaitGroup
	loops.Go(func() { g.Run(ctx) })
	defer loops.Wait()
	defer cancel()

	stop := make(chan struct{})
	var publishing sync.WaitGroup
	publishing.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			g.Payload("a", l.publish("a"))
			if i%50 == 0 {
				g.mu.Lock()
				if r := g.rooms["a"]; r != nil {
					g.overflowLocked(r) // as if the queue had been full
					g.startLocked(r)
				}
				g.mu.Unlock()
			}
			if i%200 == 0 {
				time.Sleep(time.Millisecond) // otherwise the log grows faster than a room can read it
			}
		}
	})
	for i := range times {
		r := request(g, "a", 1)
		g.Subscribed("a")
		if i%3 == 0 {
			<-r.ready
		}
		g.Release(r)
		for range 6 {
			g.sweep(4)
		}
	}
	close(stop)
	publishing.Wait()
	last := enter(t, g, "a", 1)
	g.Payload("a", l.publish("a"))
	var want uint64
	l.with("a", func(f *fakeLog) { want = f.head.Seq })
	for begin := time.Now(); last.Position().Seq != want; time.Sleep(time.Millisecond) {
		if time.Since(begin) > time.Minute {
			t.Fatalf("the room is at %d, want %d", last.Position().Seq, want)
		}
	}
	cancel()
	loops.Wait()
	if g.queued.Load() != 0 || g.backingOff != 0 || g.reading != 0 || len(g.waiting) != 0 {
		t.Errorf("left over: %d bytes queued, %d rooms backing off, %d reading, %d waiting", g.queued.Load(),
			g.backingOff, g.reading, len(g.waiting))
	}
}
