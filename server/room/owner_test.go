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

	"livechat/server/chat"
	"livechat/server/metrics"
)

// logs are the logs of many rooms, for many goroutines.
type logs struct {
	mu    sync.Mutex
	rooms map[string]*fakeLog
	opens []string // guarded by mu: the rooms whose logs were opened, in that order

	opening func(ctx context.Context, room string) error // set at construction; nil: nothing is in the way
}

func (l *logs) with(room string, do func(*fakeLog)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.rooms == nil {
		l.rooms = map[string]*fakeLog{}
	}
	if l.rooms[room] == nil {
		l.rooms[room] = newLog(0)
	}
	do(l.rooms[room])
}

func (l *logs) publish(room string) (p []byte) {
	l.with(room, func(f *fakeLog) { p = f.publish() })
	return p
}

func (l *logs) OpenLog(ctx context.Context, room string, at chat.Position) (log chat.Log, err error) {
	l.mu.Lock()
	l.opens = append(l.opens, room)
	l.mu.Unlock()
	if l.opening != nil {
		if err := l.opening(ctx, room); err != nil {
			return chat.Log{}, err
		}
	}
	l.with(room, func(f *fakeLog) { log, err = f.OpenLog(ctx, room, at) })
	return log, err
}

func (l *logs) Tail(ctx context.Context, room string, n int) (list [][]byte, err error) {
	l.with(room, func(f *fakeLog) { list, err = f.Tail(ctx, room, n) })
	return list, err
}

func (l *logs) After(ctx context.Context, room string, seq uint64, n int) (list [][]byte, err error) {
	l.with(room, func(f *fakeLog) { list, err = f.After(ctx, room, seq, n) })
	return list, err
}

func (l *logs) Adopt(ctx context.Context, room, now string, epochs []string) (log chat.Log, err error) {
	l.with(room, func(f *fakeLog) { log, err = f.Adopt(ctx, room, now, epochs) })
	return log, err
}

func (l *logs) Republish(room string, payloads [][]byte) {
	l.with(room, func(f *fakeLog) { f.Republish(room, payloads) })
}

func (l *logs) opened() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]string(nil), l.opens...)
}

// silent is a feed that confirms nothing.
type silent struct{}

func (silent) Subscribe(string)   {}
func (silent) Unsubscribe(string) {}

// manyRooms returns a registry that runs, and what it counts. It is stopped at the end of the test.
func manyRooms(t *testing.T, l *logs) (*Registry, *metrics.Set) {
	t.Helper()
	m := metrics.NewSet()
	g := NewRegistry(Options{
		RingSize: 64, MaxRooms: 1000, Linger: time.Hour, Log: l, Feed: silent{}, Wake: func(*Room) {},
		Logger: slog.New(slog.DiscardHandler), Metrics: m,
	})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		g.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	return g, m
}

// enter opens a room for n clients, and has its channel subscribed.
func enter(t *testing.T, g *Registry, name string, n int) *Room {
	t.Helper()
	r := request(g, name, n)
	g.Subscribed(name)
	select {
	case <-r.ready:
	case <-time.After(time.Minute):
		t.Fatal("the room does not open")
	}
	return r
}

// request opens a room for n clients who wait for it.
func request(g *Registry, name string, n int) *Room {
	for range n {
		ctx, cancel := context.WithCancel(context.Background())
		cancel() // do not wait
		if _, err := g.Acquire(ctx, name); err != nil {
			g.mu.Lock()
			g.rooms[name].clients++ // Acquire gave it back
			g.mu.Unlock()
		}
	}
	return g.Get(name)
}

// TestARoomThatWaitsHoldsUpNoOther: one room waits for a follower that does not move, and its messages wait for it. Whoever brings them does not,
// nor does the room next door.
func TestARoomThatWaitsHoldsUpNoOther(t *testing.T) {
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
			t.Errorf("the room next door is at %d after %v, want 100 at once", got, time.Since(begin))
		}
		f.Leave()
		synctest.Wait()
		if got := slow.Position().Seq; got != 1000 {
			t.Errorf("after the follower has gone the slow room is at %d", got)
		}
	})
}

// TestOverfullRoomReadsItsLog: what is too much for the queue is read from the log: nothing is missing, and memory has a bound.
func TestOverfullRoomReadsItsLog(t *testing.T) {
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
			t.Errorf("%d payloads wait, want at most %d", got, maxQueued)
		}
		if metrics.Value(m.Overfull) != 1 {
			t.Errorf("overflowed %v times, want once", metrics.Value(m.Overfull))
		}
		f.Leave()
		synctest.Wait()
		if got := r.Position().Seq; got != 3*maxQueued+50 {
			t.Errorf("the room is at %d, want %d", got, 3*maxQueued+50)
		}
		if lost := metrics.Value(m.Missed.WithLabelValues(metrics.Lost)); lost != 0 {
			t.Errorf("%v messages are lost", lost)
		}
		g.Payload("a", l.publish("a"))
		synctest.Wait()
		if got := r.Position().Seq; got != 3*maxQueued+51 || r.queue.entries.Load() != 0 || r.queue.bytes.Load() != 0 || g.queued.Load() != 0 {
			t.Errorf("afterwards the room is at %d, with %d entries and %d bytes that wait, %d in all", got, r.queue.entries.Load(), r.queue.bytes.Load(), g.queued.Load())
		}
	})
}

// TestFullRegistryLetsSmallQueuesGrow: rooms that have filled what there is for all do not take it from the others.
func TestFullRegistryLetsSmallQueuesGrow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &logs{}
		g, m := manyRooms(t, l)
		g.queued.Add(maxAllBytes) // as if others had filled it
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
			t.Error("there is no bound for all queues")
		}
		f.Leave()
		synctest.Wait()
		if got := r.Position().Seq; got != 400 {
			t.Errorf("the room is at %d, want 400", got)
		}
	})
}

// TestARoomTriesAgainByItself: a log that cannot be read is read again after a pause, what came meanwhile is not lost, and other rooms
// notice nothing.
func TestARoomTriesAgainByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		away := errors.New("redis is away")
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
		l.publish("a") // it is not heard
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
		time.Sleep(maxPause)
		synctest.Wait()
		if got := a.Position().Seq; got != 11 {
			t.Errorf("a is at %d, want 11", got)
		}

		setBroken(true)
		g.Subscribed("a")
		time.Sleep(5 * time.Second)
		setBroken(false)
		l.publish("a")
		g.Subscribed("a") // the link has been replaced: there is no need to wait
		synctest.Wait()
		if got := a.Position().Seq; got != 12 {
			t.Errorf("after the link was replaced a is at %d, want 12", got)
		}
	})
}

// TestBusiestRoomsReadFirst: after a lost link a bounded number of rooms read their logs at a time, those with the most clients first. One whose
// read takes long keeps its place for a moment only.
func TestBusiestRoomsReadFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const rooms = 3 * readers
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
		for i := range readers { // all places are taken
			g.Subscribed(fmt.Sprint(i))
		}
		synctest.Wait()
		for i := range rooms {
			g.Subscribed(fmt.Sprint(i))
		}
		synctest.Wait()
		if got := len(l.opened()) - before; got != readers {
			t.Fatalf("%d rooms read at a time, want %d", got, readers)
		}
		answer <- struct{}{}
		synctest.Wait()
		if got := l.opened()[before+readers]; got != fmt.Sprint(rooms-1) {
			t.Errorf("the first that waited to read is room %s, want the busiest, %d", got, rooms-1)
		}
		time.Sleep(placeTime + time.Millisecond)
		synctest.Wait()
		if got := len(l.opened()) - before; got < 2*readers {
			t.Errorf("while reads are slow %d rooms have begun, want %d", got, 2*readers)
		}
		close(answer)
		synctest.Wait()
		g.mu.Lock()
		defer g.mu.Unlock()
		if g.reading != 0 || len(g.waiting) != 0 {
			t.Errorf("%d places are still taken, %d rooms wait", g.reading, len(g.waiting))
		}
	})
}

// TestRegistryWaitsForItsOwners: whatever they wait for, they end with the registry, and nothing begins after that.
func TestRegistryWaitsForItsOwners(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &logs{opening: func(ctx context.Context, room string) error {
			switch room {
			case "hung":
				<-ctx.Done()
			case "failing":
				return errors.New("redis is away")
			}
			return ctx.Err()
		}}
		g := NewRegistry(Options{
			RingSize: 64, MaxRooms: 1000, Linger: time.Hour, Log: l, Feed: silent{}, Wake: func(*Room) {},
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
			t.Errorf("the registry goes on after its end: %d bytes queued", g.queued.Load())
		}
	})
}
