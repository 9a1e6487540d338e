// Package plan says what a run is to do, before it does anything: which settings go together, who publishes when, where connections come from,
// and what happens meanwhile. It opens no connection.
package plan

import (
	"errors"
	"fmt"
	"math"
	"net/url"
	"strings"
	"time"
)

// Settings are what somebody asked for on the command line.
type Settings struct {
	URLs       []string
	Clients    int
	Rate       float64 // messages a second in all
	Publishers int     // 0: as many as the server's limit makes necessary
	Rooms      int
	Bytes      int // of text in a message
	For        time.Duration
	Warmup     time.Duration // before For: messages flow, their latency does not count
	Ramp       time.Duration // over which the clients join
	Settle     time.Duration // after For: how long the last messages may take
	Think      time.Duration // between two messages of a publisher, on average; takes the place of Rate
	Seed       uint64
	Sources    []string // addresses to connect from; empty: chosen by Sources
	Handshakes int      // at once

	Scenario Scenario
	Most     float64 // messages a second that the server lets the publishers send together; 0: any. Speak sets it

	// Of single scenarios.

	Bound       time.Duration // ramp: the 99th percentile that is too much
	Step        time.Duration // ramp: how long a rate is held
	Slow        float64       // slow: percent of the clients
	Stay        time.Duration // churn: how long a client stays, on average
	KillPID     int           // kill
	KillCommand string
	Rolling     string // rolling: a command, in which {n} stands for 1, 2, 3 …
	Times       int    // rolling: how often
}

// Check returns what is wrong with the settings, a line for each.
func (s *Settings) Check() error {
	var faults []error
	fault := func(bad bool, format string, args ...any) {
		if bad {
			faults = append(faults, fmt.Errorf(format, args...))
		}
	}
	fault(len(s.URLs) == 0, "-url is missing")
	for _, u := range s.URLs {
		parsed, err := url.Parse(u)
		fault(err != nil || parsed.Host == "" || !strings.HasPrefix(parsed.Scheme, "ws"), "-url %q: want ws://host:port or wss://host:port", u)
	}
	fault(s.Clients < 1, "-clients %d: at least one", s.Clients)
	fault(s.Rate <= 0 || s.Rate > 1e6, "-rate %g: want more than 0, at most a million", s.Rate)
	fault(s.Rooms < 1 || s.Rooms > s.Clients, "-rooms %d: at least one, at most one for each client", s.Rooms)
	fault(s.Publishers < 0 || s.Publishers > s.Clients, "-publishers %d: publishers are clients, of which there are %d", s.Publishers, s.Clients)
	fault(s.Publishers > 0 && s.Publishers < s.Rooms, "-publishers %d: every one of the %d rooms needs one", s.Publishers, s.Rooms)
	fault(s.Bytes < 1 || s.Bytes > 4000, "-size %d: 1 to 4000 bytes", s.Bytes)
	fault(s.For <= 0, "-for %s: how long?", s.For)
	fault(s.Warmup < 0 || s.Ramp < 0 || s.Settle < 0 || s.Think < 0, "-warmup, -ramp, -settle and -think are not below zero")
	fault(s.Handshakes < 1, "-handshakes %d: at least one", s.Handshakes)
	if s.Scenario.Check != nil {
		faults = append(faults, s.Scenario.Check(s))
	}
	return errors.Join(faults...)
}

// share is how much of the server's limit a publisher uses. What is left is for the moments in which a message is late.
const share = 0.8

// publishersFor returns how many publishers the rate needs if one connection may send limit messages a second; 0 is no limit.
func publishersFor(rate, limit float64, rooms, clients int) int {
	n := rooms
	if limit > 0 {
		n = max(n, int(math.Ceil(rate/(limit*share))))
	} else {
		n = max(n, int(math.Ceil(rate/100))) // one goroutine each: a few more keep a slow link from holding up the rest
	}
	n = min((n+rooms-1)/rooms*rooms, clients) // as many in each room
	return max(n, rooms)
}

// Speak decides how many clients publish, once the server has told how many messages a second a connection may send (0: no limit). The advice is
// for people whose messages the server refuses; it is empty if it has no reason to.
func (s *Settings) Speak(limit float64) (publishers int, advice string) {
	top := s.top()
	enough := publishersFor(top, limit, s.Rooms, s.Clients)
	publishers = s.Publishers
	if publishers == 0 {
		publishers = enough
		if s.Think > 0 {
			publishers = s.Clients
		}
	}
	s.Most = limit * float64(publishers)
	if limit > 0 && top > s.Most {
		need := int(math.Ceil(top / (limit * share)))
		advice = fmt.Sprintf("%.4g messages a second from %d connections is more than the %.4g a second that the server lets each of them send: "+
			"give at least %d publishers (and clients), or start the servers with MESSAGE_RATE=0", top, publishers, limit, need)
	}
	return publishers, advice
}

// top is the highest rate of the run.
func (s *Settings) top() float64 {
	if s.Think > 0 {
		n := s.Publishers
		if n == 0 {
			n = s.Clients
		}
		return float64(n) / s.Think.Seconds()
	}
	top := s.Rate
	for _, step := range s.Scenario.steps(s) {
		top = max(top, step.Rate)
	}
	return top
}

// Publisher returns which client the i-th of n publishers is. They are spread evenly over the clients, and with them over the servers, and in
// turn over the rooms: client c is in room c mod rooms.
func (s *Settings) Publisher(i, n int) int {
	room := i % s.Rooms
	inRoom := (s.Clients - room + s.Rooms - 1) / s.Rooms // clients of that room
	speakers := (n - room + s.Rooms - 1) / s.Rooms       // publishers of that room
	return room + s.Rooms*((i/s.Rooms)*inRoom/speakers)
}

// Room returns the name of a client's room: with one room the default one, so that people can watch.
func (s *Settings) Room(client int) string {
	if s.Rooms == 1 {
		return ""
	}
	return fmt.Sprintf("load-%d", client%s.Rooms+1)
}

// URL returns where a client connects to.
func (s *Settings) URL(client int) string { return s.URLs[client%len(s.URLs)] }
