// Package failover measures how long clients notice it when servers die,
// freeze, restart or lose Redis. `make times` prints the result, and end-to-end
// tests use the package.
package failover

import (
	"slices"
	"sync"
	"time"

	"livechat/client"
)

// Log records which client of a crowd received an event when. Its methods may
// be called from any goroutine.
type Log struct {
	mu      sync.Mutex
	clients []diary // by client number
}

// diary is the record of one client.
type diary struct {
	last    time.Time // the newest event
	silence []span    // longer pauses between two events
	arrived []time.Time
	lost    []time.Time
	app     string // the server that it is connected to
}

type span struct{ from, to time.Time }

// silent is the shortest pause that is recorded.
const silent = 20 * time.Millisecond

// NewLog returns an empty log for n clients.
func NewLog(clients int) *Log { return &Log{clients: make([]diary, clients)} }

// Take records an event of the i-th client. It is a tap of chaos.Size.
func (l *Log) Take(i int, e client.Event) {
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	d := &l.clients[i]
	switch e := e.(type) {
	case *client.Welcome:
		d.arrived, d.app = append(d.arrived, now), e.App
	case *client.Disconnected:
		d.lost = append(d.lost, now)
		return // not sent by the server
	}
	if !d.last.IsZero() && now.Sub(d.last) > silent {
		d.silence = append(d.silence, span{d.last, now})
	}
	d.last = now
}

// On returns the clients that are connected to the server.
func (l *Log) On(app string) (clients []int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, d := range l.clients {
		if d.app == app {
			clients = append(clients, i)
		}
	}
	return clients
}

// Silences returns each client's longest time without an event since then.
// While messages flow, that is at least as long as it was without a connection.
func (l *Log) Silences(since time.Time) Durations {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all Durations
	for _, d := range l.clients {
		longest := time.Duration(0)
		for _, s := range append(slices.Clone(d.silence), span{d.last, time.Now()}) {
			if s.to.After(since) {
				longest = max(longest, s.to.Sub(s.from))
			}
		}
		all = append(all, longest)
	}
	return all
}

// Back returns for each of the clients that reached a server after that moment
// how long it took.
func (l *Log) Back(clients []int, since time.Time) (back Durations) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, i := range clients {
		d := l.clients[i]
		if at := slices.IndexFunc(d.arrived, func(t time.Time) bool { return t.After(since) }); at >= 0 {
			back = append(back, d.arrived[at].Sub(since))
		}
	}
	return back
}

// Arrivals returns the times at which clients connected since then, in order.
func (l *Log) Arrivals(since time.Time) (all []time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, d := range l.clients {
		for _, t := range d.arrived {
			if t.After(since) {
				all = append(all, t)
			}
		}
	}
	slices.SortFunc(all, time.Time.Compare)
	return all
}

// Lost returns how many connections broke since then.
func (l *Log) Lost(since time.Time) (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, d := range l.clients {
		for _, t := range d.lost {
			if t.After(since) {
				n++
			}
		}
	}
	return n
}

// Peak returns the largest number of times within one second. times must be
// sorted.
func Peak(times []time.Time) (peak int) {
	from := 0
	for to := range times {
		for times[to].Sub(times[from]) >= time.Second {
			from++
		}
		peak = max(peak, to-from+1)
	}
	return peak
}

// Durations has one duration per client.
type Durations []time.Duration

// Part returns the duration that the given percentage of the clients does not
// exceed.
func (d Durations) Part(percent int) time.Duration {
	if len(d) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(d))
	return sorted[max(0, (len(sorted)*percent+99)/100-1)]
}
