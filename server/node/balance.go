package node

import (
	"slices"
	"strings"
	"time"
)

// After a rolling restart the server that was restarted last is empty and the first one full, and sockets last for hours. So servers that have
// more than others ask some of their clients to move, as a drain does.
//
// A client that moves comes to any server, the one it left included, since the load balancer hands out servers in turn. Then all servers get
// the same share of those who move, and they end up equal when each has moved what it has above the emptiest one. That is what a round does, on
// all servers at once, each by its own arithmetic: they see the same counts. It moves a little less, which leaves a ratio of balanceTarget.
//
// Counts are a second old, and it takes a while until somebody who was asked has moved. So a round is planned once and not corrected while it
// lasts, and the next one waits until everything has settled.
const (
	balanceRatio  = 1.2 // of the fullest server to the emptiest one; above it something is done about it
	balanceTarget = 1.1 // what a round aims at
	balanceSlack  = 4   // a difference of so few connections is none
	balanceMean   = 8   // connections per server; fewer are left alone

	balanceCalm   = 5 * time.Second  // so long it must be uneven, and all servers must have been there, none of them draining, before a round begins
	balanceRound  = 15 * time.Second // how long those who move are spread over: at most a fifteenth of all clients a second
	balanceSettle = 5 * time.Second  // after a round, before anybody looks at what came of it
	balanceMemory = 3 * time.Minute  // who came since the first of several rounds is left alone, until so long after the last: it may have been moved

	// People come and go, so small clusters are never even for long. Once they were, they are left alone for balanceMemory, unless the fullest
	// server has so many times what the emptiest one has: then something has happened, as a crash.
	balanceAlarm = 2

	// Servers begin within so long of each other: who came so shortly before may have been moved by one that was quicker.
	balanceSkew = 3 * time.Second

	// A round that did not halve the difference was in vain, and so would the next one be: there is no load balancer, clients do not know how
	// to move, or somebody else decides where they go. The pause doubles each time.
	balancePause    = 10 * time.Minute
	balanceMaxPause = 3 * time.Hour
)

// load is a server as another one sees it.
type load struct {
	node        string
	connections int
	late        bool // its count may be wrong: it should have been heard again by now
	away        bool // it takes no new clients
}

// balancer decides when a server asks clients to move, and how many. It has no clock and starts nothing; step is called about once a second.
type balancer struct {
	members string        // who was there the last time
	calm    time.Time     // since when it has been the same, and everybody well
	uneven  time.Time     // since when something has had to be done; zero: nothing has
	rest    time.Time     // no round before
	quiet   time.Time     // none before because of a small difference
	pause   time.Duration // after the next round in vain

	// Of the round, and of the several that make up one episode.
	began   time.Time // zero: there is none
	last    time.Time // when the last one began
	episode time.Time // when the first one began, on any server
	spread  int       // difference of the fullest and the emptiest when it began
	quota   int       // how many to move
	asked   int       // of them
}

// step returns how many clients to ask to move within the next second. Only those who were here at the time before may be asked. others are nil
// while this server does not hear them or takes no clients itself.
func (b *balancer) step(now time.Time, own int, others []load) (ask int, before time.Time) {
	low, high, mean := extremes(own, others)
	switch act := uneven(low, high, mean) && (!now.Before(b.quiet) || high > balanceAlarm*low); {
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
		case elapsed < balanceRound:
			if float64(high) <= balanceTarget*float64(low) {
				b.quota = b.asked // enough, sooner than expected
			}
			return b.due(elapsed), b.episode
		case elapsed < balanceRound+balanceSettle:
			return 0, before
		}
		b.judge(now, high-low)
	}
	if b.uneven.IsZero() || now.Sub(b.uneven) < balanceCalm || now.Before(b.rest) {
		return 0, before
	}
	b.plan(now, own, low, high, mean)
	return b.due(0), b.episode
}

// steady says that all servers are heard and have been taking clients for a while.
func (b *balancer) steady(now time.Time, others []load) bool {
	nodes := make([]string, 0, len(others))
	well := len(others) > 0
	for _, o := range others {
		nodes = append(nodes, o.node)
		well = well && !o.away && !o.late
	}
	slices.Sort(nodes)
	members := strings.Join(nodes, " ")
	if members != b.members { // another cluster, of which nothing has been tried yet
		*b = balancer{uneven: b.uneven}
	}
	if !well || members != b.members || b.calm.IsZero() {
		b.members, b.calm = members, now
		return false
	}
	return now.Sub(b.calm) >= balanceCalm
}

func extremes(own int, others []load) (low, high int, mean float64) {
	low, high, total := own, own, own
	for _, o := range others {
		low, high, total = min(low, o.connections), max(high, o.connections), total+o.connections
	}
	return low, high, float64(total) / float64(len(others)+1)
}

func uneven(low, high int, mean float64) bool {
	return mean >= balanceMean && high-low > balanceSlack && float64(high) > balanceRatio*float64(low)
}

// plan begins a round. To move the part p of what each server has above the emptiest one brings every server nearer to the mean by p, so the
// fullest is then at mean + (1-p)(high-mean) and the emptiest at mean - (1-p)(mean-low): p is such that the ratio of the two is the target.
func (b *balancer) plan(now time.Time, own, low, high int, mean float64) {
	left := mean * (balanceTarget - 1) / (float64(high) - mean + balanceTarget*(mean-float64(low)))
	if b.last.IsZero() || now.Sub(b.last) > balanceMemory {
		b.episode = now.Add(-balanceSkew)
	}
	b.began, b.last, b.spread, b.asked = now, now, high-low, 0
	b.quota = int((1-left)*float64(own-low) + 0.5)
}

// due returns how many of the quota are to be asked now, so that they are spread evenly over the round.
func (b *balancer) due(elapsed time.Duration) int {
	seconds := int(elapsed/time.Second) + 1
	ask := max(0, min(b.quota, (b.quota*seconds+roundSeconds-1)/roundSeconds)-b.asked)
	b.asked += ask
	return ask
}

const roundSeconds = int(balanceRound / time.Second)

// judge ends a round: if it was in vain, there is none for a while; if all is well, what comes next is something new.
func (b *balancer) judge(now time.Time, spread int) {
	b.began = time.Time{}
	if 2*spread <= b.spread {
		b.pause = 0
		if b.uneven.IsZero() {
			b.last, b.quiet = time.Time{}, now.Add(balanceMemory)
		}
		return
	}
	b.pause = min(max(2*b.pause, balancePause), balanceMaxPause)
	b.rest = now.Add(b.pause)
}
