package node

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// town is a cluster in simulated time, in steps of a tenth of a second.
type town struct {
	rng     *rand.Rand
	now     time.Time
	servers []*house
	next    int                         // whose turn it is
	land    func(w *town, from int) int // where a client that moves goes

	moves     int
	lastMoved time.Time
	twice     int // clients that were moved again within minutes
}

// house is a server of it.
type house struct {
	balancer
	clients []resident // in the order of their coming
	name    string
	away    bool
	phase   int // at which tenth of a second it decides and reports
	told    int // what it has reported last
	seen    time.Time
	movers  []time.Time // when those who were asked go
}

type resident struct{ came, moved time.Time }

func inTurn(w *town, _ int) int {
	w.next++
	return w.next % len(w.servers)
}

func backAgain(_ *town, from int) int { return from }

func toTheEmptiest(w *town, _ int) int {
	best := 0
	for i, h := range w.servers {
		if len(h.clients) < len(w.servers[best].clients) {
			best = i
		}
	}
	return best
}

func newTown(seed uint64, land func(*town, int) int, counts ...int) *town {
	w := &town{rng: rand.New(rand.NewPCG(seed, 1)), now: time.Unix(1e9, 0), land: land}
	for _, n := range counts {
		h := &house{phase: w.rng.IntN(10)}
		for range n {
			h.clients = append(h.clients, resident{came: w.now})
		}
		h.told, h.seen = n, w.now
		w.servers = append(w.servers, h)
	}
	return w
}

// run lets time pass.
func (w *town) run(d time.Duration) {
	for tick := range int(d / (100 * time.Millisecond)) {
		w.now = w.now.Add(100 * time.Millisecond)
		for i, h := range w.servers {
			w.leave(i)
			if tick%10 != h.phase {
				continue
			}
			h.told, h.seen = len(h.clients), w.now
			var others []load
			for j, o := range w.servers {
				if j != i {
					others = append(others, load{fmt.Sprint(j, o.name), o.told, w.now.Sub(o.seen) > 2500*time.Millisecond, o.away})
				}
			}
			if h.away {
				others = nil
			}
			ask, before := h.step(w.now, len(h.clients), others)
			h.ask(w, ask, before)
		}
	}
}

// ask does what session.Server.Move does: the oldest go, each at its own moment of the second.
func (h *house) ask(w *town, n int, before time.Time) {
	for _, c := range h.clients[min(len(h.movers), len(h.clients)):] {
		if n == 0 || !c.came.Before(before) {
			return
		}
		n--
		h.movers = append(h.movers, w.now.Add(time.Duration(w.rng.IntN(1300))*time.Millisecond))
	}
}

// leave moves those whose moment has come.
func (w *town) leave(i int) {
	h := w.servers[i]
	for len(h.movers) > 0 && !h.movers[0].After(w.now) {
		c := h.clients[0]
		h.clients, h.movers = h.clients[1:], h.movers[1:]
		if !c.moved.IsZero() && w.now.Sub(c.moved) < 3*time.Minute {
			w.twice++
		}
		to := w.servers[w.land(w, i)]
		to.clients = append(to.clients, resident{w.now, w.now})
		w.moves++
		w.lastMoved = w.now
	}
}

func (w *town) counts() (counts []int, low, high, total int) {
	low = len(w.servers[0].clients)
	for _, h := range w.servers {
		n := len(h.clients)
		counts, low, high, total = append(counts, n), min(low, n), max(high, n), total+n
	}
	return counts, low, high, total
}

func (w *town) even() bool {
	_, low, high, _ := w.counts()
	return high-low <= balanceSlack || float64(high) <= balanceRatio*float64(low)
}

// share distributes clients at random: a few servers with most of them, or all with about as many, or some with none.
func share(rng *rand.Rand, servers, clients int) []int {
	weights, sum := make([]float64, servers), 0.0
	for i := range weights {
		switch rng.IntN(3) {
		case 0:
			weights[i] = rng.Float64()
		case 1:
			weights[i] = 1 + rng.Float64()/3
		}
		sum += weights[i]
	}
	counts := make([]int, servers)
	for range clients {
		at := rng.Float64() * sum
		i := 0
		for ; i < servers-1 && at > weights[i]; i++ {
			at -= weights[i]
		}
		counts[i]++
	}
	return counts
}

// Whatever a cluster begins with, it is even within a minute, nobody is moved twice, no more move than must, and then there is peace.
func TestBalanceConverges(t *testing.T) {
	t.Parallel()
	for seed := range uint64(150) {
		rng := rand.New(rand.NewPCG(seed, 0))
		servers := 2 + rng.IntN(11)
		start := share(rng, servers, int(40*math.Pow(500, rng.Float64())))
		w := newTown(seed, inTurn, start...)
		_, low, _, total := w.counts()
		if total < balanceMean*servers {
			continue
		}
		must := total - servers*low // what the servers have above the emptiest one
		w.run(60 * time.Second)
		counts, _, _, _ := w.counts()
		if !w.even() {
			t.Errorf("seed %d: %v became %v within a minute", seed, start, counts)
		}
		if w.moves > must+must/20+servers {
			t.Errorf("seed %d: %v became %v with %d moves, want %d at most", seed, start, counts, w.moves, must)
		}
		if w.twice > 0 {
			t.Errorf("seed %d: %v became %v, and %d clients were moved twice", seed, start, counts, w.twice)
		}
		moves := w.moves
		w.run(5 * time.Minute)
		if w.moves != moves {
			t.Errorf("seed %d: %v: %d more moves later on", seed, start, w.moves-moves)
		}
	}
}

func TestBalanceLeavesAlone(t *testing.T) {
	for name, c := range map[string]struct {
		counts []int
		change func(w *town)
	}{
		"a few clients":                    {[]int{10, 0, 0, 0}, nil},
		"a small difference":               {[]int{52, 48, 47, 53}, nil},
		"a difference of few connections":  {[]int{12, 9, 8, 11}, nil},
		"a server that has nobody else":    {[]int{5000}, nil},
		"a cluster of which one is away":   {[]int{460, 350, 200, 0}, func(w *town) { w.servers[2].away = true }},
		"a cluster of which one is silent": {[]int{460, 350, 200, 0}, func(w *town) { w.servers[2].phase = -1 }},
	} {
		w := newTown(1, inTurn, c.counts...)
		if c.change != nil {
			c.change(w)
		}
		w.run(30 * time.Second) // and no longer: a silent server dies some time
		if w.moves > 0 {
			t.Errorf("%s: %d moves", name, w.moves)
		}
	}
}

// A load balancer that fills the emptiest server by itself needs fewer moves than were planned, and gets no more.
func TestBalanceBehindLeastConn(t *testing.T) {
	w := newTown(1, toTheEmptiest, 460, 350, 200, 0)
	w.run(60 * time.Second)
	if counts, _, _, _ := w.counts(); !w.even() || w.moves > 600 || w.twice > 0 {
		t.Errorf("%v after %d moves, %d of them twice", counts, w.moves, w.twice)
	}
}

// Without a load balancer the same clients come back again and again: it is tried once and then, for a long time, no more.
func TestBalanceGivesUp(t *testing.T) {
	w := newTown(1, backAgain, 100, 50, 20, 10)
	w.run(9 * time.Minute)
	if w.moves > 150 {
		t.Errorf("%d moves of which none helped", w.moves)
	}
	w.run(3 * time.Hour)
	if w.moves > 6*150 {
		t.Errorf("%d moves in three hours of which none helped", w.moves)
	}
}

// A server that dies just after a balance is a new situation: who was moved a moment ago may move again.
func TestBalanceAfterADeathAfterABalance(t *testing.T) {
	w := newTown(1, inTurn, 460, 350, 200, 0)
	w.run(time.Minute)
	for _, i := range []int{1, 2} {
		h := w.servers[i]
		for range h.clients {
			w.servers[(i+1+w.rng.IntN(3))%4].clients = append(w.servers[(i+1+w.rng.IntN(3))%4].clients, resident{came: w.now})
		}
		*h = house{phase: h.phase, name: "reborn"}
		w.run(time.Minute)
		if counts, _, _, _ := w.counts(); !w.even() {
			t.Errorf("%v a minute after server %d was restarted", counts, i)
		}
	}
}

// A server that loses everybody, as one that stood still for a moment does, is filled again at once; a small difference is left for later.
func TestBalanceAfterABalance(t *testing.T) {
	w := newTown(1, inTurn, 460, 350, 200, 0)
	w.run(time.Minute)
	shift := func(from, to, n int) {
		clients := w.servers[from].clients
		w.servers[from].clients = clients[n:]
		for range n {
			w.servers[to].clients = append(w.servers[to].clients, resident{came: w.now})
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
		t.Errorf("%v a minute after the last server had nobody", counts)
	}
	shift(0, 1, 50)
	w.run(5 * time.Minute)
	if counts, _, _, _ := w.counts(); !w.even() {
		t.Errorf("%v five minutes after a small change", counts)
	}
}

// A server that begins to drain, or is not heard any more, ends a round at once.
func TestBalanceStopsInTheMiddle(t *testing.T) {
	w := newTown(1, inTurn, 460, 350, 200, 0)
	w.run(10 * time.Second)
	if w.moves == 0 {
		t.Fatal("no round has begun")
	}
	w.servers[3].away = true
	w.run(3 * time.Second)
	moves := w.moves
	w.run(time.Minute)
	if w.moves != moves {
		t.Errorf("%d moves while a server is away", w.moves-moves)
	}
	w.servers[3].away = false
	w.run(time.Minute)
	if counts, _, _, _ := w.counts(); !w.even() {
		t.Errorf("%v a minute after it came back", counts)
	}
}
