package cluster

import (
	"context"
	"time"

	"github.com/go-json-experiment/json"

	"livechat/server/wire"
)

const (
	typeWatch   = "watch"
	typeFigures = "figures"
)

// message is a message on the gossip channel; see the package comment.
type message struct {
	Type string `json:"type"`
	N    uint64 `json:"n,omitzero"`
	wire.ClusterServer
}

// question is a message without figures.
type question struct {
	Type string `json:"type"`
	Node string `json:"node"`
}

// meter turns counters into rates.
type meter struct {
	last Sample
	at   time.Time // of last; zero: there is no last
}

// rates returns the messages accepted and delivered per second since the last
// call.
func (m *meter) rates(s Sample, now time.Time) (in, out float64) {
	if seconds := now.Sub(m.at).Seconds(); !m.at.IsZero() && seconds > 0 {
		in, out = float64(s.In-m.last.In)/seconds, float64(s.Out-m.last.Out)/seconds
	}
	m.last, m.at = s, now
	return in, out
}

// runPublish publishes the figures of this server once a second while they are
// wanted, and now and then that it has watchers.
func (h *Hub) runPublish(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	var m meter
	var repeated time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		case <-h.publish:
		}
		now := time.Now()
		h.mu.Lock()
		wanted, own := h.wantedLocked(now), len(h.watchers) > 0
		h.mu.Unlock()
		if !wanted {
			m, repeated = meter{}, time.Time{}
			continue
		}
		if own && now.Sub(repeated) >= repeat {
			repeated = now
			h.say(ctx, question{typeWatch, h.opts.Node})
		}
		if now.Sub(m.at) >= period { // otherwise a watcher came in between
			h.tell(ctx, &m, now)
		}
		timer.Reset(time.Until(m.at.Add(period)))
	}
}

// tell publishes the figures of this server and applies them here, because they
// may not come back through Redis.
func (h *Hub) tell(ctx context.Context, m *meter, now time.Time) {
	s := h.opts.Figures()
	first := m.at.IsZero()
	in, out := m.rates(s, now)
	if first {
		s.P99 = 0 // it covers all the time without watchers
	}
	own := wire.ClusterServer{
		Node: h.opts.Node, App: h.opts.App, State: s.State, Connections: s.Connections, In: round(in),
		Out: round(out),
		P99: s.P99.Microseconds(), Uptime: int64(now.Sub(h.started).Seconds()), Version: h.opts.Version,
	}
	h.mu.Lock()
	h.takeLocked(own, now)
	h.n++
	h.said = now
	n := h.n
	h.mu.Unlock()
	h.say(ctx, message{typeFigures, n, own})
}

// say publishes to all servers. Failures of Redis are logged elsewhere.
func (h *Hub) say(ctx context.Context, what any) {
	payload, err := json.Marshal(what)
	if err == nil {
		ctx, cancel := context.WithTimeout(ctx, period)
		defer cancel()
		err = h.opts.Send(ctx, payload)
	}
	if err != nil {
		h.opts.Logger.Debug("cluster: cannot publish figures", "error", err)
	}
}

// round keeps one decimal: more would be noise, and bytes.
func round(rate float64) float64 { return float64(int64(rate*10+0.5)) / 10 }
