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

// channel is the channel of the servers, in memory.
type channel struct {
	mu   sync.Mutex
	hubs map[*hub]bool // guarded by mu: who is connected
	sent []string      // guarded by mu
}

// hub is a Hub on a channel, whose figures the test sets.
type hub struct {
	*Hub
	channel *channel
	stop    func()

	mu     sync.Mutex
	sample Sample // guarded by mu
}

// start starts a server, in a bubble of synctest.
func (c *channel) start(node, app string) *hub {
	h := &hub{channel: c, sample: Sample{State: wire.ClusterReady}}
	h.Hub = New(Options{Node: node, App: app, Version: "v1", Logger: slog.New(slog.DiscardHandler), Send: h.send, Figures: func() Sample {
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
			return fmt.Errorf("nobody knows %s", payload)
		}
	}
	return nil
}

// said returns what all have said.
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

// screen is what somebody sees who watches.
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

// shows returns the newest frame as app:state pairs, with Redis in front.
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

// after lets time pass, and everything happen that is due.
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

// test runs a test in a bubble, with three servers that stop at its end.
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

		// What was while nobody watched is nobody's business.
		b.set(func(s *Sample) { s.In, s.Out, s.P99 = 40, 1000, time.Second })
		s = a.open(t)
		after(100 * time.Millisecond)
		wantShown(t, s, "up 900:ready 1000:ready 2000:ready")
		if got := s.last("2000"); got.In != 0 || got.Out != 0 || got.P99 != 0 {
			t.Errorf("figures of the time before: %+v", got)
		}
		b.set(func(s *Sample) { s.Connections, s.In, s.Out, s.P99 = 31, 50, 1550, 840*time.Microsecond })
		after(2 * time.Second)
		b.set(func(s *Sample) { s.In, s.Out = 55, 1705 })
		after(time.Second)
		want := wire.ClusterServer{Node: "n2", App: "2000", State: "ready", Connections: 31, In: 5, Out: 155, P99: 840, Uptime: 63, Version: "v1"}
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
			t.Error("one has left, and nothing is said, but another one still watches")
		}
		other.leave()
		after(6 * time.Second)
		n = len(c.said())
		after(time.Minute)
		if said := c.said(); len(said) > n {
			t.Errorf("nobody has watched for long: %q", said[n:])
		}

		// Whoever comes then sees how it is, and not how it was.
		b.stop()
		after(time.Minute)
		s = a.open(t)
		after(5 * time.Second)
		wantShown(t, s, "up 900:ready 1000:ready")
	})
}

func TestServersComeAndGo(t *testing.T) {
	test(t, func(t *testing.T, c *channel, a, b, d *hub) {
		s, elsewhere := a.open(t), d.open(t)
		after(5 * time.Second)
		b.set(func(s *Sample) { s.Connections = 31 })
		after(1500 * time.Millisecond)
		b.stop() // killed
		after(patience + gather)
		wantShown(t, s, "up 900:ready 1000:ready 2000:gone")
		wantShown(t, elsewhere, "up 900:ready 1000:ready 2000:gone")
		if got := s.last("2000"); got.Connections != 0 {
			t.Errorf("a server that is gone has %d connections", got.Connections)
		}

		d.set(func(s *Sample) { s.State = wire.ClusterDraining })
		after(period + gather)
		wantShown(t, s, "up 900:draining 1000:ready 2000:gone")
		d.stop()
		after(patience + gather)
		wantShown(t, s, "up 900:left 1000:ready 2000:gone")

		again := c.start("n4", "2000")
		after(3 * time.Second) // it has to hear that somebody watches
		wantShown(t, s, "up 900:left 1000:ready 2000:ready")
		c.start("n5", "5000")
		after(3 * time.Second)
		wantShown(t, s, "up 900:left 1000:ready 2000:ready 5000:ready")

		// So quickly that nobody has missed it.
		again.stop()
		c.start("n6", "2000")
		after(5 * time.Second)
		wantShown(t, s, "up 900:left 1000:ready 2000:ready 5000:ready")
		after(remember)
		wantShown(t, s, "up 1000:ready 2000:ready 5000:ready")
	})
}

func TestRedisIsAway(t *testing.T) {
	test(t, func(t *testing.T, c *channel, a, _, _ *hub) {
		s := a.open(t)
		after(3 * time.Second)
		c.connect(a, false)
		after(patience + period)
		wantShown(t, s, "down 900:unknown 1000:ready 2000:unknown")
		after(10 * time.Minute)
		wantShown(t, s, "down 900:unknown 1000:ready 2000:unknown")
		c.connect(a, true)
		after(2 * period)
		wantShown(t, s, "up 900:ready 1000:ready 2000:ready")
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, f := range s.frames {
			if slices.ContainsFunc(f.Servers, func(s wire.ClusterServer) bool { return s.State == wire.ClusterGone }) {
				t.Errorf("somebody was declared gone: %+v", f)
			}
		}
	})
}

func TestTooManyWatchers(t *testing.T) {
	test(t, func(t *testing.T, _ *channel, a, _, _ *hub) {
		var s *screen
		for range maxWatchers {
			s = a.open(t)
		}
		if _, ok := a.Watch(func([]byte) {}); ok {
			t.Error("one more than there may be was let in")
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
		t.Error("nonsense was believed")
	}
}

func TestPasses(t *testing.T) {
	var p Passes
	if got := p.Percentile(0.99); got != 0 {
		t.Errorf("no passes: %v", got)
	}
	for ms := range 1000 {
		p.Add(time.Duration(ms+1) * time.Millisecond)
	}
	if got := p.Percentile(0.99); got < 990*time.Millisecond || got > 990*time.Millisecond*9/8 {
		t.Errorf("99 %% of 1 to 1000 ms are below %v", got)
	}
	if got := p.Percentile(0.99); got != 0 {
		t.Errorf("the passes of before are still counted: %v", got)
	}
	for _, d := range []time.Duration{0, 1, 8, 9, time.Microsecond, time.Second, time.Hour, 1 << 62} {
		p.Add(d)
		if got := p.Percentile(0.99); got < d || d > 8 && float64(got) > float64(d)*9/8+1 {
			t.Errorf("one pass of %v: %v", d, got)
		}
	}
	if n := testing.AllocsPerRun(100, func() { p.Add(time.Millisecond) }); n > 0 {
		t.Errorf("counting a pass allocates %v times", n)
	}
}
