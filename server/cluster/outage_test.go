package cluster

import (
	"slices"
	"testing"
	"time"

	"livechat/server/wire"
)

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
		after(3 * time.Second) // until it has received that there is a watcher
		wantShown(t, s, "up 900:left 1000:ready 2000:ready")
		c.start("n5", "5000")
		after(3 * time.Second)
		wantShown(t, s, "up 900:left 1000:ready 2000:ready 5000:ready")

		// Too fast to be missed.
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
			if slices.ContainsFunc(f.Servers,
				func(s wire.ClusterServer) bool { return s.State == wire.ClusterGone }) {
				t.Errorf("a server was declared gone: %+v", f)
			}
		}
	})
}
