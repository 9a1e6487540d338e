// Package times measures how long people notice that servers die, freeze, restart or lose Redis. `make times` prints it, and the end-to-end tests use
// the same.
package times

import (
	"slices"
	"sync"
	"time"

	"livechat/client"
)

// Log is when each client of a crowd heard what. Its methods may be called from any goroutine.
type Log struct {
	mu      sync.Mutex
	clients []diary // by number
}

// diary is what one client heard.
type diary struct {
	last    time.Time // the newest event
	silence []span    // the longer pauses between two events
	arrived []time.Time
	lost    []time.Time
	app     string // the server that it is on
}

type span struct{ from, to time.Time }

// silent is how long nothing must come to be noted.
const silent = 20 * time.Millisecond

// NewLog returns an empty log for so many clients.
func NewLog(clients int) *Log { return &Log{clients: make([]diary, clients)} }

// Take writes down what the i-th client was told. It is a tap of chaos.Size.
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
		return // it is not heard from the server
	}
	if !d.last.IsZero() && now.Sub(d.last) > silent {
		d.silence = append(d.silence, span{d.last, now})
	}
	d.last = now
}

// On returns the clients that are on the server.
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

// Silences returns, for each client, the longest time since then in which it heard nothing. While messages flow that is at least as long as
// it was without a socket.
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

// Back returns how long after that moment each of the clients, as far as it did, came to a server.
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

// Arrivals returns when clients came to a server since then, in order.
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

// Peak returns the most of the times, which are in order, that lie within any one second.
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

// Durations are one for each client.
type Durations []time.Duration

// Part returns the duration that so many of a hundred do not exceed.
func (d Durations) Part(percent int) time.Duration {
	if len(d) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(d))
	return sorted[max(0, (len(sorted)*percent+99)/100-1)]
}
