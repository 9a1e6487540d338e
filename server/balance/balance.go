// Package balance decides when a server asks clients to move to emptier servers,
// and how many. It has no clock and starts no goroutine.
//
// After a rolling restart the server that restarted last is empty and the first
// one is full, and sockets last for hours. So servers that have more clients than
// others ask some of them to reconnect, as a drain does.
//
// The load balancer hands out servers in turn, so a client that moves lands on any
// server, the one that it left included. All servers therefore get an equal share
// of the clients that move, and end up equal when each has moved what it has above
// the emptiest one. A round does that on all servers at once, each by its own
// arithmetic on the same counts. It moves slightly less, which leaves a ratio of
// target.
//
// Counts are a second old, and clients take a while to move. So a round is planned
// once and not corrected, and the next one waits until the counts have settled.
package balance

import (
	"slices"
	"strings"
	"time"
)

const (
	ratio    = 1.2 // fullest to emptiest server; a round starts above it
	target   = 1.1 // what a round aims at
	slack    = 4   // connections; a smaller difference is ignored
	leastAvg = 8   // connections per server; smaller clusters are left alone

	// calmTime is how long the cluster must be uneven, complete and not draining
	// before a round starts.
	calmTime = 5 * time.Second
	// roundTime is how long the moves of a round are spread over: at most a
	// fifteenth of all clients move per second.
	roundTime = 15 * time.Second
	// settleTime follows a round before its result is judged.
	settleTime = 5 * time.Second
	// memory is how long after the last of several rounds the clients that
	// connected since the first are left alone: they may have been moved.
	memory = 3 * time.Minute

	// alarm is the ratio above which a cluster that was even within the last
	// memory is balanced all the same. Small clusters are never even for long, but
	// such a ratio means a crash or a restart.
	alarm = 2

	// skew is how far apart servers may start the same round. A client that
	// connected that shortly before may have been moved by a server that started
	// earlier.
	skew = 3 * time.Second

	// A round that did not halve the difference failed, and the next one would,
	// too: there is no load balancer, clients do not support moving, or something
	// else decides where they connect. The pause doubles each time.
	firstPause = 10 * time.Minute
	maxPause   = 3 * time.Hour
)

// Load is a server as another one sees it.
type Load struct {
	Node        string
	Connections int
	Stale       bool // a report is overdue, so the count may be wrong
	Unavailable bool // it takes no new clients
}

// Balancer plans rounds. The zero value is ready to use. It is not safe for
// concurrent use.
type Balancer struct {
	members string        // the servers at the last step
	calm    time.Time     // since when they are the same and available
	uneven  time.Time     // since when the cluster is uneven; zero: it is not
	rest    time.Time     // no round before
	quiet   time.Time     // no round for a small difference before
	pause   time.Duration // after the next failed round

	// Of the current round, and of the episode of rounds that it belongs to.
	began   time.Time // zero: no round is running
	last    time.Time // start of the latest round
	episode time.Time // start of the episode's first round, on any server
	spread  int       // fullest minus emptiest server at the start
	quota   int       // clients to move
	asked   int       // of those, asked so far
}

// Step is what a server does within the next second.
type Step struct {
	Ask    int       // how many clients to ask to move
	Before time.Time // only those that connected before it may be asked
	Quota  int       // clients that the round which starts now will move; 0: none starts
}

// Step returns what to do next. It is called about once a second with the number
// of this server's connections and the other servers. others is nil while this
// server is isolated or takes no clients itself.
func (b *Balancer) Step(now time.Time, own int, others []Load) Step {
	began := b.began
	ask, before := b.step(now, own, others)
	s := Step{Ask: ask, Before: before}
	if b.began != began && !b.began.IsZero() {
		s.Quota = b.quota
	}
	return s
}

func (b *Balancer) step(now time.Time, own int, others []Load) (ask int, before time.Time) {
	low, high, mean := extremes(own, others)
	switch act := uneven(low, high, mean) && (!now.Before(b.quiet) || high > alarm*low); {
	case !act:
		b.uneven = time.Time{}
	case b.uneven.IsZero():
		b.uneven = now
	}
	if !b.steady(now, others) {
		b.began = time.Time{}
		return 0, before
	}
	if !b.began.IsZero() {
		switch elapsed := now.Sub(b.began); {
		case elapsed < roundTime:
			if float64(high) <= target*float64(low) {
				b.quota = b.asked // even, sooner than expected
			}
			return b.due(elapsed), b.episode
		case elapsed < roundTime+settleTime:
			return 0, before
		}
		b.judge(now, high-low)
	}
	if b.uneven.IsZero() || now.Sub(b.uneven) < calmTime || now.Before(b.rest) {
		return 0, before
	}
	b.plan(now, own, low, high, mean)
	return b.due(0), b.episode
}

// steady reports whether the same servers have been available for a while.
func (b *Balancer) steady(now time.Time, others []Load) bool {
	nodes := make([]string, 0, len(others))
	available := len(others) > 0
	for _, o := range others {
		nodes = append(nodes, o.Node)
		available = available && !o.Unavailable && !o.Stale
	}
	slices.Sort(nodes)
	members := strings.Join(nodes, " ")
	if members != b.members { // another cluster: earlier failures say nothing about it
		*b = Balancer{uneven: b.uneven}
	}
	if !available || members != b.members || b.calm.IsZero() {
		b.members, b.calm = members, now
		return false
	}
	return now.Sub(b.calm) >= calmTime
}

func extremes(own int, others []Load) (low, high int, mean float64) {
	low, high, total := own, own, own
	for _, o := range others {
		low, high, total = min(low, o.Connections), max(high, o.Connections), total+o.Connections
	}
	return low, high, float64(total) / float64(len(others)+1)
}

func uneven(low, high int, mean float64) bool {
	return mean >= leastAvg && high-low > slack && float64(high) > ratio*float64(low)
}

// plan starts a round. Moving the share p of what each server has above the
// emptiest one brings every server closer to the mean by p: the fullest ends at
// mean + (1-p)(high-mean), the emptiest at mean - (1-p)(mean-low). p is chosen so
// that the ratio of the two is target.
func (b *Balancer) plan(now time.Time, own, low, high int, mean float64) {
	left := mean * (target - 1) / (float64(high) - mean + target*(mean-float64(low)))
	if b.last.IsZero() || now.Sub(b.last) > memory {
		b.episode = now.Add(-skew)
	}
	b.began, b.last, b.spread, b.asked = now, now, high-low, 0
	b.quota = int((1-left)*float64(own-low) + 0.5)
}

// due returns how many clients of the quota to ask now, to spread them evenly over
// the round.
func (b *Balancer) due(elapsed time.Duration) int {
	seconds := int(elapsed/time.Second) + 1
	ask := max(0, min(b.quota, (b.quota*seconds+roundSeconds-1)/roundSeconds)-b.asked)
	b.asked += ask
	return ask
}

const roundSeconds = int(roundTime / time.Second)

// judge ends a round. After a failed one there is none for a while; after a
// successful one the next is a new episode.
func (b *Balancer) judge(now time.Time, spread int) {
	b.began = time.Time{}
	if 2*spread <= b.spread {
		b.pause = 0
		if b.uneven.IsZero() {
			b.last, b.quiet = time.Time{}, now.Add(memory)
		}
		return
	}
	b.pause = min(max(2*b.pause, firstPause), maxPause)
	b.rest = now.Add(b.pause)
}
