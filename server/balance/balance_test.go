package balance

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// From any start, a cluster is even within a minute, no client moves twice, few
// move that need not, and afterwards no client moves.
func TestBalanceConverges(t *testing.T) {
	t.Parallel()
	for seed := range uint64(150) {
		rng := rand.New(rand.NewPCG(seed, 0))
		servers := 2 + rng.IntN(11)
		start := distribute(rng, servers, int(40*math.Pow(500, rng.Float64())))
		w := newCluster(seed, roundRobin, start...)
		_, low, _, total := w.counts()
		if total < leastAvg*servers {
			continue
		}
		must := total - servers*low // the connections above the emptiest server's count
		w.run(60 * time.Second)
		counts, _, _, _ := w.counts()
		if !w.even() {
			t.Errorf("seed %d: %v became %v within a minute", seed, start, counts)
		}
		if w.moves > must+must/20+servers {
			t.Errorf("seed %d: %v became %v with %d moves, want %d at most", seed, start, counts, w.moves,
				must)
		}
		if w.movedTwice > 0 {
			t.Errorf("seed %d: %v became %v, and %d clients were moved twice", seed, start, counts,
				w.movedTwice)
		}
		moves := w.moves
		w.run(5 * time.Minute)
		if w.moves != moves {
			t.Errorf("seed %d: %v: %d more moves later on", seed, start, w.moves-moves)
		}
	}
}

func TestBalanceLeavesClusterAlone(t *testing.T) {
	for name, c := range map[string]struct {
		counts []int
		change func(w *cluster)
	}{
		"a few clients":                   {[]int{10, 0, 0, 0}, nil},
		"a small difference":              {[]int{52, 48, 47, 53}, nil},
		"a difference of few connections": {[]int{12, 9, 8, 11}, nil},
		"a single server":                 {[]int{5000}, nil},
		"a cluster with an unavailable server": {
			[]int{460, 350, 200, 0}, func(w *cluster) { w.servers[2].unavailable = true },
		},
		"a cluster with a silent server": {
			[]int{460, 350, 200, 0}, func(w *cluster) { w.servers[2].phase = -1 },
		},
	} {
		w := newCluster(1, roundRobin, c.counts...)
		if c.change != nil {
			c.change(w)
		}
		w.run(30 * time.Second) // no longer: a silent server counts as down at some point
		if w.moves > 0 {
			t.Errorf("%s: %d moves", name, w.moves)
		}
	}
}

// A load balancer that fills the emptiest server needs fewer moves than
// planned, and gets no more.
func TestBalanceWithLeastConnLoadBalancer(t *testing.T) {
	w := newCluster(1, leastConn, 460, 350, 200, 0)
	w.run(60 * time.Second)
	if counts, _, _, _ := w.counts(); !w.even() || w.moves > 600 || w.movedTwice > 0 {
		t.Errorf("%v after %d moves, %d of them twice", counts, w.moves, w.movedTwice)
	}
}

// Without a load balancer the same clients keep coming back: one round is
// tried, then there is a long pause.
func TestBalanceStopsWhenMovesDoNotHelp(t *testing.T) {
	w := newCluster(1, sameServer, 100, 50, 20, 10)
	w.run(9 * time.Minute)
	if w.moves > 150 {
		t.Errorf("%d moves, none of which helped", w.moves)
	}
	w.run(3 * time.Hour)
	if w.moves > 6*150 {
		t.Errorf("%d moves in three hours, none of which helped", w.moves)
	}
}

// A server that dies just after a round is a new situation: clients that moved
// a moment ago may move again.
func TestBalanceAfterServerRestart(t *testing.T) {
	w := newCluster(1, roundRobin, 460, 350, 200, 0)
	w.run(time.Minute)
	for _, i := range []int{1, 2} {
		s := w.servers[i]
		for range s.clients {
			w.servers[(i+1+w.rng.IntN(3))%4].clients = append(w.servers[(i+1+w.rng.IntN(3))%4].clients,
				client{connected: w.now})
		}
		*s = server{phase: s.phase, name: "restarted"}
		w.run(time.Minute)
		if counts, _, _, _ := w.counts(); !w.even() {
			t.Errorf("%v a minute after server %d was restarted", counts, i)
		}
	}
}

// A server that loses all clients, as one that stalled does, is filled again at
// once; a small difference is left for later.
func TestBalanceSoonAfterARound(t *testing.T) {
	w := newCluster(1, roundRobin, 460, 350, 200, 0)
	w.run(time.Minute)
	shift := func(from, to, n int) {
		clients := w.servers[from].clients
		w.servers[from].clients = clients[n:]
		for range n {
			w.servers[to].clients = append(w.servers[to].clients, client{connected: w.now})
		}
	}
	moves := w.moves
	shift(0, 1, 50)
	w.run(time.Minute)
	if w.moves != moves {
		t.Errorf("%d moves for a small difference", w.moves-moves)
	}
	shift(1, 0, 50)
	for i := range 3 {
		shift(3, i, len(w.servers[3].clients)/(3-i))
	}
	w.run(time.Minute)
	if counts, _, _, _ := w.counts(); !w.even() {
		t.Errorf("%v a minute after the last server lost all clients", counts)
	}
	shift(0, 1, 50)
	w.run(5 * time.Minute)
	if counts, _, _, _ := w.counts(); !w.even() {
		t.Errorf("%v five minutes after a small change", counts)
	}
}

// A server that drains or no longer reports ends a round at once.
func TestDrainEndsARound(t *testing.T) {
	w := newCluster(1, roundRobin, 460, 350, 200, 0)
	w.run(10 * time.Second)
	if w.moves == 0 {
		t.Fatal("no round has started")
	}
	w.servers[3].unavailable = true
	w.run(3 * time.Second)
	moves := w.moves
	w.run(time.Minute)
	if w.moves != moves {
		t.Errorf("%d moves while a server drains", w.moves-moves)
	}
	w.servers[3].unavailable = false
	w.run(time.Minute)
	if counts, _, _, _ := w.counts(); !w.even() {
		t.Errorf("%v a minute after it came back", counts)
	}
}
