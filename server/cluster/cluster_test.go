package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"livechat/server/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// channel is the gossip channel, in memory.
type channel struct {
	mu   sync.Mutex
	hubs map[*hub]bool // guarded by mu: connected hubs
	sent []string      // guarded by mu
}

// hub is a Hub on a channel, with figures set by the test.
type hub struct {
	*Hub
	channel *channel
	stop    func()

	mu     sync.Mutex
	sample Sample // guarded by mu
}

// start starts a server in a synctest bubble.
func (c *channel) start(node, app string) *hub {
	h := &hub{channel: c, sample: Sample{State: wire.ClusterReady}}
	h.Hub = New(Options{Node: node, App: app, Version: "v1", Logger: slog.New(slog.DiscardHandler),
		Send: h.send, Figures: func() Sample {
			h.mu.Lock()
			defer h.mu.Unlock()
			return h.sample
		}})
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { h.Run(ctx) })
	h.stop = func() {
		c.connect(h, false)
		cancel()
		running.Wait()
	}
	c.connect(h, true)
	return h
}

func (c *channel) connect(h *hub, on bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.hubs == nil {
		c.hubs = make(map[*hub]bool)
	}
	c.hubs[h] = on
}

func (h *hub) send(_ context.Context, payload []byte) error {
	c := h.channel
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.hubs[h] {
		return errors.New("not connected")
	}
	c.sent = append(c.sent, string(payload))
	for other, on := range c.hubs {
		if on && !other.Receive(payload) {
			return fmt.Errorf("unknown message %s", payload)
		}
	}
	return nil
}

// said returns everything that was published.
func (c *channel) said() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.sent)
}

func (h *hub) set(change func(*Sample)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	change(&h.sample)
}

// screen collects what a watcher sees.
type screen struct {
	mu     sync.Mutex
	frames []wire.Cluster
	leave  func()
}

func (h *hub) open(t *testing.T) *screen {
	s := &screen{}
	leave, ok := h.Watch(func(frame []byte) {
		s.mu.Lock()
		defer s.mu.Unlock()
		var f wire.Cluster
		_, object, _ := strings.Cut(string(frame), "{")
		if err := json.Unmarshal([]byte("{"+object), &f); err != nil {
			t.Errorf("frame %q: %v", frame, err)
		}
		s.frames = append(s.frames, f)
	})
	if !ok {
		t.Fatal("may not watch")
	}
	s.leave = leave
	return s
}

// shows returns the newest frame as app:state pairs, after the state of Redis.
func (s *screen) shows() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.frames) == 0 {
		return "nothing"
	}
	f := s.frames[len(s.frames)-1]
	words := []string{f.Redis.State}
	for _, server := range f.Servers {
		words = append(words, server.App+":"+server.State)
	}
	return strings.Join(words, " ")
}

func (s *screen) last(app string) wire.ClusterServer {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.frames[len(s.frames)-1]
	i := slices.IndexFunc(f.Servers, func(s wire.ClusterServer) bool { return s.App == app })
	return f.Servers[i]
}

func (s *screen) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.frames)
}

// after advances the time and waits for everything that is due.
func after(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func wantShown(t *testing.T, s *screen, want string) {
	t.Helper()
	if got := s.shows(); got != want {
		t.Errorf("the screen shows %q, want %q", got, want)
	}
}

// test runs a test in a bubble, with three servers that are stopped at its end.
func test(t *testing.T, run func(t *testing.T, c *channel, a, b, d *hub)) {
	synctest.Test(t, func(t *testing.T) {
		c := &channel{}
		a, b, d := c.start("n1", "1000"), c.start("n2", "2000"), c.start("n3", "900")
		run(t, c, a, b, d)
		for h := range c.hubs {
			h.stop()
		}
	})
}

func TestFigures(t *testing.T) {
	test(t, func(t *testing.T, _ *channel, a, b, _ *hub) {
		s := a.open(t)
		after(100 * time.Millisecond)
		s.leave()
		after(time.Minute)

		// Figures from before the first watcher do not count.
		b.set(func(s *Sample) { s.In, s.Out, s.P99 = 40, 1000, time.Second })
		s = a.open(t)
		after(100 * time.Millisecond)
		wantShown(t, s, "up 900:ready 1000:ready 2000:ready")
		if got := s.last("2000"); got.In != 0 || got.Out != 0 || got.P99 != 0 {
			t.Errorf("figures from before the watcher: %+v", got)
		}
		b.set(func(s *Sample) { s.Connections, s.In, s.Out, s.P99 = 31, 50, 1550, 840*time.Microsecond })
		after(2 * time.Second)
		b.set(func(s *Sample) { s.In, s.Out = 55, 1705 })
		after(time.Second)
		want := wire.ClusterServer{Node: "n2", App: "2000", State: "ready", Connections: 31, In: 5,
			Out: 155, P99: 840, Uptime: 63, Version: "v1"}
		if got := s.last("2000"); got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
		frames := s.count()
		after(10 * time.Second)
		if n := s.count() - frames; n != 10 {
			t.Errorf("%d frames in 10 s", n)
		}
	})
}

func TestNobodyWatches(t *testing.T) {
	test(t, func(t *testing.T, c *channel, a, b, _ *hub) {
		after(10 * time.Second)
		if said := c.said(); len(said) > 0 {
			t.Fatalf("before anybody watches: %q", said)
		}
		s, other := a.open(t), b.open(t)
		after(10 * time.Second)
		s.leave()
		after(10 * time.Second)
		n := len(c.said())
		after(time.Second)
		if len(c.said()) == n {
			t.Error("one watcher has left and nothing is published, but another one still watches")
		}
		other.leave()
		after(6 * time.Second)
		n = len(c.said())
		after(time.Minute)
		if said := c.said(); len(said) > n {
			t.Errorf("published without watchers: %q", said[n:])
		}

		// A new watcher sees the current state, not an old one.
		b.stop()
		after(time.Minute)
		s = a.open(t)
		after(5 * time.Second)
		wantShown(t, s, "up 900:ready 1000:ready")
	})
}

func TestTooManyWatchers(t *testing.T) {
	test(t, func(t *testing.T, _ *channel, a, _, _ *hub) {
		var s *screen
		for range maxWatchers {
			s = a.open(t)
		}
		if _, ok := a.Watch(func([]byte) {}); ok {
			t.Error("accepted one watcher too many")
		}
		s.leave()
		a.open(t)
	})
}

func TestReceiveLeavesOthersAlone(t *testing.T) {
	h := New(Options{Logger: slog.New(slog.DiscardHandler)})
	for payload, want := range map[string]bool{
		`{"type":"presence","node":"n1"}`: false, `{"type":"watchman"}`: false, ``: false, `hello`: false,
		`{"type":"watch"`: true, `{"type":"figures","node":7}`: true, `{"type":"watch","node":""}`: true,
	} {
		if got := h.Receive([]byte(payload)); got != want {
			t.Errorf("Receive(%s) = %v, want %v", payload, got, want)
		}
	}
	if len(h.servers) > 0 || h.wantedLocked(time.Now()) {
		t.Error("an invalid message was accepted")
	}
}
