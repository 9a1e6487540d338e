package room

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"livechat/server/metrics"
)

// One room waits for a follower that does not move, and its messages wait with
// it. Neither their sender nor another room waits.
func TestWaitingRoomDoesNotBlockOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &logs{}
		g, _ := manyRooms(t, l)
		slow, quick := enter(t, g, "slow", 1), enter(t, g, "quick", 1)
		f := slow.Follow()
		defer f.Leave()
		begin := time.Now()
		for range 1000 {
			g.Payload("slow", l.publish("slow"))
		}
		synctest.Wait()
		if got := slow.Position().Seq; got != 32 {
			t.Fatalf("the slow room is at %d, its follower is at 0 and half a ring is 32", got)
		}
		for range 100 {
			g.Payload("quick", l.publish("quick"))
			synctest.Wait()
		}
		if got := quick.Position().Seq; got != 100 || time.Since(begin) != 0 {
			t.Errorf("the other room is at %d after %v, want 100 at once", got, time.Since(begin))
		}
		f.Leave()
		synctest.Wait()
		if got := slow.Position().Seq; got != 1000 {
			t.Errorf("after the follower left the slow room is at %d", got)
		}
	})
}

// Messages that do not fit in the queue are read from the log: nothing is
// missing, and memory is bounded.
func TestOverfullQueueReadsLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &logs{}
		g, m := manyRooms(t, l)
		r := enter(t, g, "a", 1)
		f := r.Follow()
		for range 3*maxQueued + 50 {
			g.Payload("a", l.publish("a"))
		}
		synctest.Wait()
		if got := r.queue.entries.Load(); got > maxQueued {
			t.Errorf("%d payloads are queued, want at most %d", got, maxQueued)
		}
		if metrics.Value(m.Overfull) != 1 {
			t.Errorf("%v overflows, want 1", metrics.Value(m.Overfull))
		}
		f.Leave()
		synctest.Wait()
		if got := r.Position().Seq; got != 3*maxQueued+50 {
			t.Errorf("the room is at %d, want %d", got, 3*maxQueued+50)
		}
		if lost := metrics.Value(m.Missed.WithLabelValues(metrics.Lost)); lost != 0 {
			t.Errorf("%v messages were lost", lost)
		}
		g.Payload("a", l.publish("a"))
		synctest.Wait()
		if got := r.Position().Seq; got != 3*maxQueued+51 || r.queue.entries.Load() != 0 ||
			r.queue.bytes.Load() != 0 ||
			g.queued.Load() != 0 {
			t.Errorf("afterwards the room is at %d, with %d entries and %d bytes queued, %d in total", got,
				r.queue.entries.Load(), r.queue.bytes.Load(), g.queued.Load())
		}
	})
}

// Rooms that have used up the shared limit do not take it from the others.
func TestSmallQueuesGrowWhenRegistryIsFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &logs{}
		g, m := manyRooms(t, l)
		g.queued.Add(maxAllBytes) // as if other rooms had filled it
		r := enter(t, g, "a", 1)
		f := r.Follow()
		for range 200 {
			g.Payload("a", l.publish("a"))
		}
		synctest.Wait()
		if metrics.Value(m.Overfull) != 0 {
			t.Error("a small queue overflowed")
		}
		g.queued.Add(maxAllBytes)
		for range 200 {
			g.Payload("a", l.publish("a"))
		}
		if metrics.Value(m.Overfull) != 1 {
			t.Error("the total of all queues is not bounded")
		}
		f.Leave()
		synctest.Wait()
		if got := r.Position().Seq; got != 400 {
			t.Errorf("the room is at %d, want 400", got)
		}
	})
}

// A log that cannot be read is retried after a backoff. Messages that arrive
// meanwhile are not lost, and other rooms are not affected.
func TestFailedReadIsRetried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		away := errors.New("redis is down")
		var mu sync.Mutex
		var broken bool
		l := &logs{opening: func(_ context.Context, room string) error {
			mu.Lock()
			defer mu.Unlock()
			if broken && room == "a" {
				return away
			}
			return nil
		}}
		setBroken := func(b bool) {
			mu.Lock()
			defer mu.Unlock()
			broken = b
		}
		g, _ := manyRooms(t, l)
		a, b := enter(t, g, "a", 1), enter(t, g, "b", 1)
		l.publish("a") // it is not received
		setBroken(true)
		before := len(l.opened())
		g.Subscribed("a")
		for range 10 {
			g.Payload("a", l.publish("a"))
			g.Payload("b", l.publish("b"))
			time.Sleep(time.Second)
		}
		synctest.Wait()
		if a.Position().Seq != 0 || b.Position().Seq != 10 {
			t.Errorf("a is at %d, b at %d; want 0 and 10", a.Position().Seq, b.Position().Seq)
		}
		if tries := len(l.opened()) - before; tries < 10 || tries > 40 {
			t.Errorf("%d attempts in 10 s", tries)
		}
		setBroken(false)
		time.Sleep(maxBackoff)
		synctest.Wait()
		if got := a.Position().Seq; got != 11 {
			t.Errorf("a is at %d, want 11", got)
		}

		setBroken(true)
		g.Subscribed("a")
		time.Sleep(5 * time.Second)
		setBroken(false)
		l.publish("a")
		g.Subscribed("a") // a new connection ends the backoff
		synctest.Wait()
		if got := a.Position().Seq; got != 12 {
			t.Errorf("after the connection was replaced a is at %d, want 12", got)
		}
	})
}

// After a lost connection a bounded number of rooms read their logs at the same
// time, those with the most clients first. A slow read loses its slot after a
// moment.
func TestBusiestRoomsReadLogFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const rooms = 3 * readSlots
		answer := make(chan struct{})
		var mu sync.Mutex
		held := false
		l := &logs{opening: func(ctx context.Context, _ string) error {
			mu.Lock()
			wait := held
			mu.Unlock()
			if !wait {
				return nil
			}
			select {
			case <-answer:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}}
		g, _ := manyRooms(t, l)
		for i := range rooms {
			enter(t, g, fmt.Sprint(i), i+1)
		}
		mu.Lock()
		held = true
		mu.Unlock()
		before := len(l.opened())
		for i := range readSlots { // all slots are taken
			g.Subscribed(fmt.Sprint(i))
		}
		synctest.Wait()
		for i := range rooms {
			g.Subscribed(fmt.Sprint(i))
		}
		synctest.Wait()
		if got := len(l.opened()) - before; got != readSlots {
			t.Fatalf("%d rooms read at a time, want %d", got, readSlots)
		}
		answer <- struct{}{}
		synctest.Wait()
		if got := l.opened()[before+readSlots]; got != fmt.Sprint(rooms-1) {
			t.Errorf("the first waiting room to read is %s, want the busiest, %d", got, rooms-1)
		}
		time.Sleep(slotTime + time.Millisecond)
		synctest.Wait()
		if got := len(l.opened()) - before; got < 2*readSlots {
			t.Errorf("with slow reads %d rooms have started, want %d", got, 2*readSlots)
		}
		close(answer)
		synctest.Wait()
		g.mu.Lock()
		defer g.mu.Unlock()
		if g.reading != 0 || len(g.waiting) != 0 {
			t.Errorf("%d read slots are still held, %d rooms wait", g.reading, len(g.waiting))
		}
	})
}

// Owners end with the registry, whatever they wait for, and none starts
// afterwards.
func TestRegistryWaitsForOwners(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &logs{opening: func(ctx context.Context, room string) error {
			switch room {
			case "hung":
				<-ctx.Done()
			case "failing":
				return errors.New("redis is down")
			}
			return ctx.Err()
		}}
		g := NewRegistry(Options{
			RingSize: 64, MaxRooms: 1000, Linger: time.Hour, Log: l, Subscriptions: unconfirmed{},
			Wake:   func(*Room) {},
			Logger: slog.New(slog.DiscardHandler), Metrics: metrics.NewSet(),
		})
		ctx, cancel := context.WithCancel(t.Context())
		over := make(chan struct{})
		go func() {
			defer close(over)
			g.Run(ctx)
		}()
		f := enter(t, g, "late", 1).Follow()
		defer f.Leave()
		for range 100 {
			g.Payload("late", l.publish("late"))
		}
		for _, name := range []string{"hung", "failing"} {
			request(g, name, 1)
			g.Subscribed(name)
		}
		synctest.Wait()
		cancel()
		<-over
		for _, name := range []string{"late", "hung", "failing"} {
			g.Subscribed(name)
			g.Payload(name, l.publish(name))
		}
		opened := len(l.opened())
		time.Sleep(time.Minute)
		synctest.Wait()
		if len(l.opened()) != opened || g.queued.Load() != 0 {
			t.Errorf("the registry continues after Run returned: %d bytes queued", g.queued.Load())
		}
	})
}
