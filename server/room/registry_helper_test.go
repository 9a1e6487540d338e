package room

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"livechat/server/chat"
	"livechat/server/metrics"
)

// logs are the logs of many rooms. It is safe for concurrent use.
type logs struct {
	mu    sync.Mutex
	rooms map[string]*fakeLog
	// guarded by mu: rooms whose logs were opened, in order
	opens []string

	// set at construction; called by OpenLog if not nil
	opening func(ctx context.Context, room string) error
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

// unconfirmed never confirms a subscription.
type unconfirmed struct{}

func (unconfirmed) Subscribe(string)   {}
func (unconfirmed) Unsubscribe(string) {}

// manyRooms returns a running registry and its metrics. It is stopped when the
// test ends.
func manyRooms(t *testing.T, l *logs) (*Registry, *metrics.Set) {
	t.Helper()
	m := metrics.NewSet()
	g := NewRegistry(Options{
		RingSize: 64, MaxRooms: 1000, Linger: time.Hour, Log: l, Subscriptions: unconfirmed{}, Wake: func(*Room) {},
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

// enter opens a room for n clients and confirms its subscription.
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

// request opens a room for n clients without waiting.
func request(g *Registry, name string, n int) *Room {
	for range n {
		ctx, cancel := context.WithCancel(context.Background())
		cancel() // do not wait
		if _, err := g.Acquire(ctx, name); err != nil {
			g.mu.Lock()
			g.rooms[name].clients++ // undo Acquire's Release
			g.mu.Unlock()
		}
	}
	return g.Get(name)
}
