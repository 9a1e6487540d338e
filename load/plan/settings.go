// Package plan decides what a run does before it starts: which settings are
// valid together, which client publishes when, which addresses connections come
// from, and what happens meanwhile. It opens no connection.
package plan

import (
	"crypto/tls"
	"errors"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Settings are the settings given on the command line.
type Settings struct {
	Target     string // kind of the servers, as the peer package names it; empty: livechat
	URLs       []string
	Clients    int
	Rate       float64 // messages a second in all
	Publishers int     // 0: as many as the server's limit requires
	Rooms      int
	Zipf       float64 // exponent by which rooms differ in size; 0: they do not
	RoomName   string  // of a single room, and the beginning of the names of several
	Bytes      int     // text of a message
	Mix        Mix
	FileSize   int // bytes of a file
	Network    Network
	For        time.Duration
	Warmup     time.Duration // before For; messages flow, but their latency does not count
	Ramp       time.Duration // time over which the clients join
	Settle     time.Duration // after For; longest wait without progress for the last messages
	Think      time.Duration // mean time between two messages of a publisher; replaces Rate
	Seed       uint64
	Sources    []string // addresses to connect from; empty: chosen by Source
	Handshakes int      // at once
	Insecure   bool     // any certificate of wss:// will do
	Share      Share    // of this process

	// Stages, if there are any, say how clients and rate change; Clients and Rate
	// are the most of them then. SetStages sets all of it.
	Stages Stages

	placement []int // rooms by client, with Zipf; see RoomOf

	Commands []Command // that are run meanwhile

	Scenario Scenario
	// MaxRate is how many messages a second the server allows all publishers
	// together; 0 means no limit. ChoosePublishers sets it.
	MaxRate float64

	// For single scenarios.

	Bound       time.Duration // ramp: the 99th percentile that counts as broken
	Step        time.Duration // ramp: duration of one rate
	Slow        float64       // slow: percent of the clients
	Stay        time.Duration // churn: mean time that a client stays
	KillPID     int           // kill
	KillCommand string
	Rolling     string // rolling: a command in which {n} stands for 1, 2, 3 …
	Times       int    // rolling: number of runs of the command
	// scale: a command in which {n} stands for each number of Scale in turn
	ScaleCommand string
	Scale        []int
}

// TLS returns how the servers' certificates are checked; nil: as usual.
func (s *Settings) TLS() *tls.Config {
	if !s.Insecure {
		return nil
	}
	return &tls.Config{InsecureSkipVerify: true}
}

// maxFileSize is the largest file in bytes: more would fill our memory.
const maxFileSize = 100 << 20

// Check returns all errors in the settings, one per line.
func (s *Settings) Check() error {
	var faults []error
	fault := func(bad bool, format string, args ...any) {
		if bad {
			faults = append(faults, fmt.Errorf(format, args...))
		}
	}
	fault(len(s.URLs) == 0, "-url: missing")
	for _, u := range s.URLs {
		parsed, err := url.Parse(u)
		fault(err != nil || parsed.Host == "" || !strings.HasPrefix(parsed.Scheme, "ws"),
			"-url %q: want ws://host:port or wss://host:port", u)
	}
	fault(s.Clients < 1, "-clients %d: want at least 1", s.Clients)
	fault(!(s.Rate > 0 && s.Rate <= 1e6), "-rate %g: want more than 0, at most a million", s.Rate)
	fault(s.Rooms < 1 || s.Rooms > s.Clients, "-rooms %d: want at least 1 and at most one per client",
		s.Rooms)
	fault(s.Publishers < 0 || s.Publishers > s.Clients,
		"-publishers %d: want at most one per client, there are %d", s.Publishers, s.Clients)
	fault(s.Zipf == 0 && s.Publishers > 0 && s.Publishers < s.Rooms,
		"-publishers %d: want at least one for each of the %d rooms", s.Publishers, s.Rooms)
	fault(!(s.Zipf >= 0 && s.Zipf <= maxZipf) || s.Zipf > 0 && s.Rooms < 2,
		"-zipf %g: want more than 0, at most %d, such as 1.1, and several -rooms", s.Zipf, maxZipf)
	fault(s.Bytes < 1 || s.Bytes > 4000, "-size %d: want 1 to 4000 bytes", s.Bytes)
	fault(s.Mix[Upload] > 0 && (s.FileSize < 1 || s.FileSize > maxFileSize),
		"-file-size %d: want 1 to %d bytes", s.FileSize, maxFileSize)
	fault(s.For <= 0, "-for %s: want more than 0", s.For)
	fault(s.Warmup < 0 || s.Ramp < 0 || s.Settle < 0 || s.Think < 0,
		"-warmup, -ramp, -settle, -think: must not be negative")
	secure := func(u string) bool { return strings.HasPrefix(u, "wss:") }
	fault(s.Insecure && !slices.ContainsFunc(s.URLs, secure),
		"-insecure: no address begins with wss://, so there are no certificates")
	fault(s.Handshakes < 1, "-handshakes %d: want at least 1", s.Handshakes)
	fault(s.Scenario.Slow && !(s.Slow > 0 && s.Slow <= 100), "-slow %g: want more than 0, at most 100", s.Slow)
	fault(s.Network != Network{} && s.Scenario.Slow, "-network: not with -scenario slow, which has slow "+
		"clients of its own")
	faults = append(faults, s.checkStages(), s.checkCommands())
	if s.Scenario.Check != nil {
		faults = append(faults, s.Scenario.Check(s))
	}
	return errors.Join(faults...)
}

// limitShare is how much of the server's limit a publisher uses. The rest is
// headroom for messages that are late.
const limitShare = 0.8

// publishersFor returns how many publishers the rate requires if a connection
// may send limit messages a second; 0 means no limit.
func publishersFor(rate, limit float64, rooms, clients int) int {
	n := rooms
	if limit > 0 {
		n = max(n, int(math.Ceil(rate/(limit*limitShare))))
	} else {
		// Each is one goroutine. A few more prevent a slow link from delaying
		// the rest.
		n = max(n, int(math.Ceil(rate/100)))
	}
	n = min((n+rooms-1)/rooms*rooms, clients) // the same number in each room
	return max(n, rooms)
}

// ChoosePublishers decides how many clients publish, given the server's limit
// of messages a second per connection (0: no limit). It returns advice for the
// case that the server refuses messages, or "".
func (s *Settings) ChoosePublishers(limit float64) (publishers int, advice string) {
	top := s.top()
	enough := publishersFor(top, limit, s.Rooms, s.Clients)
	if s.Zipf > 0 { // so many that the messages of rooms are as their clients
		enough = max(publishersFor(top, limit, 1, s.Clients), (s.Clients+1)/2)
	}
	publishers = s.Publishers
	if publishers == 0 {
		publishers = enough
		if s.Think > 0 {
			publishers = s.Clients
		}
	}
	if limit > 0 && len(s.Stages) > 0 {
		advice = s.steep(limit, publishers)
	}
	s.MaxRate = limit * float64(publishers)
	if limit > 0 && top > s.MaxRate {
		need := int(math.Ceil(top / (limit * limitShare)))
		advice = fmt.Sprintf(
			"%.4g messages a second from %d connections exceed the limit of %.4g per connection: "+
				"use at least %d publishers (and clients), or start the servers with MESSAGE_RATE=0",
			top, publishers, limit, need)
	}
	return publishers, advice
}

// top returns the highest rate of the run.
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

// Publisher returns the client that is the i-th of n publishers. Publishers are
// spread evenly over the clients, and so over the servers, and over the rooms
// in turn: client c is in room c mod rooms.
//
// With Zipf they are not: the messages of a room are as its clients, and a small
// room may have none.
//
// With stages they are the first clients, which join first and leave last.
func (s *Settings) Publisher(i, n int) int {
	if len(s.Stages) > 0 {
		return i
	}
	if s.Zipf > 0 {
		return i * s.Clients / n
	}
	room := i % s.Rooms
	inRoom := (s.Clients - room + s.Rooms - 1) / s.Rooms // clients of that room
	speakers := (n - room + s.Rooms - 1) / s.Rooms       // publishers of that room
	return room + s.Rooms*((i/s.Rooms)*inRoom/speakers)
}

// Room returns the name of a client's room; empty: the room of the address, or
// the servers' default one.
func (s *Settings) Room(client int) string { return s.RoomNamed(s.RoomOf(client)) }

// ChooseRoom sets RoomName to what -room says or, if it was not given, to the
// DefaultRoom, unless the address names a room.
func (s *Settings) ChooseRoom(name string, given bool) error {
	inAddress := 0
	for _, address := range s.URLs {
		if u, err := url.Parse(address); err == nil && u.Query().Has("room") {
			inAddress++
		}
	}
	switch s.RoomName = name; {
	case inAddress == 0:
		return nil
	case given || s.Rooms > 1:
		return errors.New("-url names a room: leave out its ?room=, or -room and -rooms")
	case inAddress < len(s.URLs):
		return errors.New("-url: want a room in every address, or in none and -room instead")
	}
	s.RoomName = ""
	return nil
}

// URL returns the address that a client connects to.
func (s *Settings) URL(client int) string { return s.URLs[client%len(s.URLs)] }
