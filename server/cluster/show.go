package cluster

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"

	"livechat/server/wire"
)

// server is what a server published last.
type server struct {
	told wire.ClusterServer
	seen time.Time
	lost time.Time // when its figures were found missing; zero while they arrive
}

// Receive handles a payload of the gossip channel and reports whether it was
// for this package.
func (h *Hub) Receive(payload []byte) bool {
	watch := bytes.HasPrefix(payload, []byte(`{"type":"`+typeWatch+`"`))
	if !watch && !bytes.HasPrefix(payload, []byte(`{"type":"`+typeFigures+`"`)) {
		return false
	}
	var m message
	if err := json.Unmarshal(payload, &m); err != nil || m.Node == "" {
		h.opts.Logger.Debug("cluster: unreadable gossip", "bytes", len(payload), "error", err)
		return true
	}
	now := time.Now()
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case watch:
		h.interestLocked(now)
		wake(h.publish)
	case m.Node == h.opts.Node:
		h.receivedLocked(m.N, now)
	default:
		h.takeLocked(m.ClusterServer, now)
	}
	return true
}

// receivedLocked records that this server received its own figures.
func (h *Hub) receivedLocked(n uint64, now time.Time) {
	// messages of others were lost meanwhile, too: that alone makes nobody gone
	if h.isolatedLocked(now) {
		for _, s := range h.servers {
			s.seen = now
		}
	}
	if h.doubtLocked(now) {
		wake(h.show)
	}
	h.echo = now
	if n == h.n {
		h.trip = now.Sub(h.said)
	}
}

// isolatedLocked reports that this server does not even receive its own
// messages: its connection is broken, and missing servers may be fine.
func (h *Hub) isolatedLocked(now time.Time) bool { return now.Sub(h.echo) > patience }

// doubtLocked reports that this server should have received its own message by
// now. Until it does, it may be isolated, so it declares no server gone.
func (h *Hub) doubtLocked(now time.Time) bool { return now.Sub(h.echo) >= patience-period }

// takeLocked applies figures.
func (h *Hub) takeLocked(told wire.ClusterServer, now time.Time) {
	s := h.servers[told.Node]
	if s == nil {
		s = &server{}
		h.servers[told.Node] = s
		// a restarted server takes the place of its former process
		for node, other := range h.servers {
			if other.told.App == told.App && !other.lost.IsZero() {
				delete(h.servers, node)
			}
		}
	}
	if s.told.State != told.State || !s.lost.IsZero() {
		wake(h.show)
	}
	*s = server{told: told, seen: now}
}

// runShow sends frames to the watchers.
func (h *Hub) runShow(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	var due time.Time // when the next frame is due
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		case <-h.show:
			// servers that come at once are shown at once
			if soon := time.Now().Add(gather); due.IsZero() || soon.Before(due) {
				due = soon
			}
			timer.Reset(time.Until(due))
			continue
		}
		due = h.showAll(time.Now())
		if !due.IsZero() {
			timer.Reset(time.Until(due))
		}
	}
}

// showAll sends a frame to all watchers and returns when the next one is due;
// zero without watchers.
func (h *Hub) showAll(now time.Time) (due time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.watchers) == 0 {
		return due
	}
	frame := wire.Frame(h.frameLocked(now))
	for w := range h.watchers {
		w.send(frame)
	}
	due = now.Add(period)
	for _, s := range h.servers { // a missing server is shown as gone at once
		if missed := s.seen.Add(patience); s.lost.IsZero() && missed.After(now) && missed.Before(due) {
			due = missed
		}
	}
	return due
}

// frameLocked returns the state of all servers.
func (h *Hub) frameLocked(now time.Time) wire.Cluster {
	f := wire.Cluster{
		Type: "cluster", At: now.UnixMilli(), App: h.opts.App,
		Redis: wire.ClusterRedis{State: "up", RoundTrip: h.trip.Microseconds(), Embedded: h.opts.Embedded},
	}
	isolated := h.isolatedLocked(now)
	if isolated {
		f.Redis.State, f.Redis.RoundTrip = "down", 0
	} else if !h.doubtLocked(now) {
		h.missLocked(now)
	}
	for _, s := range h.servers {
		told := s.told
		switch {
		case !s.lost.IsZero():
			told.Connections, told.In, told.Out, told.P99 = 0, 0, 0, 0
		case isolated && told.Node != h.opts.Node:
			told.State = wire.ClusterUnknown
		}
		f.Servers = append(f.Servers, told)
	}
	slices.SortFunc(f.Servers, func(a, b wire.ClusterServer) int {
		return cmp.Or(compareApps(a.App, b.App), cmp.Compare(a.Node, b.Node))
	})
	return f
}

// missLocked marks servers whose figures stopped, and forgets those that have
// been missing for long.
func (h *Hub) missLocked(now time.Time) {
	for node, s := range h.servers {
		switch {
		case s.lost.IsZero() && now.Sub(s.seen) >= patience:
			s.lost = now
			if s.told.State == wire.ClusterDraining {
				s.told.State = wire.ClusterLeft
			} else {
				s.told.State = wire.ClusterGone
			}
			if h.livesLocked(s.told.App) { // it has restarted quickly
				delete(h.servers, node)
			}
		case !s.lost.IsZero() && now.Sub(s.lost) >= remember:
			delete(h.servers, node)
		}
	}
}

func (h *Hub) livesLocked(app string) bool {
	for _, s := range h.servers {
		if s.told.App == app && s.lost.IsZero() {
			return true
		}
	}
	return false
}

// compareApps sorts numbers by value and before names.
func compareApps(a, b string) int {
	x, errA := strconv.Atoi(a)
	y, errB := strconv.Atoi(b)
	switch {
	case errA == nil && errB == nil:
		return cmp.Compare(x, y)
	case errA == nil:
		return -1
	case errB == nil:
		return 1
	}
	return cmp.Compare(a, b)
}
