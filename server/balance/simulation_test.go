package balance

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// cluster simulates servers and a load balancer, in steps of a tenth of a
// second.
type cluster struct {
	rng     *rand.Rand
	now     time.Time
	servers []*server
	next    int                            // index of the next server, for roundRobin
	route   func(w *cluster, from int) int // the server that a moving client connects to

	moves      int
	lastMoved  time.Time
	movedTwice int // clients moved twice within three minutes
}

// server is one server of a cluster.
type server struct {
	Balancer
	clients     []client // oldest first
	name        string
	unavailable bool
	phase       int // the tenth of a second in which it decides and reports
	reported    int // connections in its last report
	seen        time.Time
	moving      []time.Time // when the clients that were asked reconnect
}

type client struct{ connected, moved time.Time }

func roundRobin(w *cluster, _ int) int {
	w.next++
	return w.next % len(w.servers)
}

func sameServer(_ *cluster, from int) int { return from }

func leastConn(w *cluster, _ int) int {
	best := 0
	for i, s := range w.servers {
		if len(s.clients) < len(w.servers[best].clients) {
			best = i
		}
	}
	return best
}

func newCluster(seed uint64, route func(*cluster, int) int, counts ...int) *cluster {
	w := &cluster{rng: rand.New(rand.NewPCG(seed, 1)), now: time.Unix(1e9, 0), route: route}
	for _, n := range counts {
		s := &server{phase: w.rng.IntN(10)}
		for range n {
			s.clients = append(s.clients, client{connected: w.now})
		}
		s.reported, s.seen = n, w.now
		w.servers = append(w.servers, s)
	}
	return w
}

// run advances the time.
func (w *cluster) run(d time.Duration) {
	for tick := range int(d / (100 * time.Millisecond)) {
		w.now = w.now.Add(100 * time.Millisecond)
		for i, s := range w.servers {
			w.moveDue(i)
			if tick%10 != s.phase {
				continue
			}
			s.reported, s.seen = len(s.clients), w.now
			var others []Load
			for j, o := range w.servers {
				if j != i {
					others = append(others, Load{
						fmt.Sprint(j, o.name),
						o.reported,
						w.now.Sub(o.seen) > 2500*time.Millisecond,
						o.unavailable,
					})
				}
			}
			if s.unavailable {
				others = nil
			}
			ask, before := s.step(w.now, len(s.clients), others)
			s.ask(w, ask, before)
		}
	}
}

// ask does what socket.Server.Move does: the oldest clients move, each at a
// random moment of the next second.
func (s *server) ask(w *cluster, n int, before time.Time) {
	for _, c := range s.clients[min(len(s.moving), len(s.clients)):] {
		if n == 0 || !c.connected.Before(before) {
			return
		}
		n--
		s.moving = append(s.moving, w.now.Add(time.Duration(w.rng.IntN(1300))*time.Millisecond))
	}
}

// moveDue reconnects the clients whose moment has come.
func (w *cluster) moveDue(i int) {
	s := w.servers[i]
	for len(s.moving) > 0 && !s.moving[0].After(w.now) {
		c := s.clients[0]
		s.clients, s.moving = s.clients[1:], s.moving[1:]
		if !c.moved.IsZero() && w.now.Sub(c.moved) < 3*time.Minute {
			w.movedTwice++
		}
		to := w.servers[w.route(w, i)]
		to.clients = append(to.clients, client{w.now, w.now})
		w.moves++
		w.lastMoved = w.now
	}
}

func (w *cluster) counts() (counts []int, low, high, total int) {
	low = len(w.servers[0].clients)
	for _, s := range w.servers {
		n := len(s.clients)
		counts, low, high, total = append(counts, n), min(low, n), max(high, n), total+n
	}
	return counts, low, high, total
}

func (w *cluster) even() bool {
	_, low, high, _ := w.counts()
	return high-low <= slack || float64(high) <= ratio*float64(low)
}

// distribute spreads clients at random: a few servers hold most of them, or all
// about as many, or some hold none.
func distribute(rng *rand.Rand, servers, clients int) []int {
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
