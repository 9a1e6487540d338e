package chaos

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"livechat/e2e/cluster"
)

// kind is a kind of fault.
type kind struct {
	name string
	lane lane
	from time.Duration // how long it lasts: drawn between from and to
	to   time.Duration
	rest time.Duration // how long its lane is left alone afterwards
	do   func(r *run, s Step) error
}

// lane is what faults of several kinds share: one of them happens at a time. Those of different lanes overlap as they like.
type lane int

const (
	redis   lane = iota
	servers      // a server's process
	links        // between a server and Redis
	doors        // between clients and HAProxy
	balancer
	apis     // a process of a server with the API, or its link to Redis
	database // PostgreSQL
)

const lanes = database + 1

// rest is how long the log is left alone after a fault that may have cost Redis some of it, or that has silenced the servers' subscriptions: what only
// Redis has when it is lost is lost, and servers need a moment to hear what they missed.
const rest = 2500 * time.Millisecond

// kinds are all of them.
var kinds = []kind{
	{"redis-kill", redis, 200 * time.Millisecond, 1500 * time.Millisecond, rest, (*run).redisKill},
	{"redis-rewind", redis, 200 * time.Millisecond, 1500 * time.Millisecond, rest, (*run).redisRewind},
	{"redis-clock", redis, 0, 500 * time.Millisecond, rest, (*run).redisClock},
	{"redis-step", redis, 0, 0, time.Second, (*run).redisStep},
	{"redis-full", redis, time.Second, 3 * time.Second, time.Second, (*run).redisFull},
	{"redis-pause", redis, time.Second, 4 * time.Second, rest, (*run).redisPause},
	{"redis-flush", redis, 0, 0, rest, (*run).redisFlush},
	{"redis-del", redis, 0, 0, rest, (*run).redisDel},
	{"script-flush", redis, 0, 0, 200 * time.Millisecond, (*run).scriptFlush},
	{"pubsub-kill", redis, 0, 0, rest, (*run).pubsubKill},

	{"server-kill", servers, 200 * time.Millisecond, 2 * time.Second, 500 * time.Millisecond, (*run).serverKill},
	{"server-pause", servers, 500 * time.Millisecond, 4 * time.Second, 500 * time.Millisecond, (*run).serverPause},
	{"server-restart", servers, 3 * time.Second, 3 * time.Second, 500 * time.Millisecond, (*run).serverRestart},

	{"link-blackhole", links, time.Second, 4 * time.Second, 0, (*run).linkBlackhole},
	{"link-strand", links, 0, 0, time.Second, (*run).linkStrand},
	{"link-cut", links, 0, 0, time.Second, (*run).linkCut},
	{"link-flap", links, time.Second, 3 * time.Second, time.Second, (*run).linkFlap},
	{"link-delay", links, time.Second, 3 * time.Second, 0, (*run).linkDelay},
	{"link-drop", links, 500 * time.Millisecond, 2 * time.Second, 0, (*run).linkDrop},
	{"link-half-close", links, 0, 0, time.Second, (*run).linkHalfClose},
	{"link-drip", links, time.Second, 2 * time.Second, 0, (*run).linkDrip},

	{"door-blackhole", doors, time.Second, 3 * time.Second, 0, (*run).doorBlackhole},
	{"door-cut", doors, 0, 0, time.Second, (*run).doorCut},
	{"door-delay", doors, time.Second, 3 * time.Second, 0, (*run).doorDelay},
	{"door-drop", doors, time.Second, time.Second, 0, (*run).doorDrop},
	{"door-half-close", doors, 0, 0, time.Second, (*run).doorHalfClose},
	{"door-drip", doors, time.Second, 2 * time.Second, 0, (*run).doorDrip},

	{"haproxy-reload", balancer, 0, 0, 2 * time.Second, (*run).haproxyReload},
	{"haproxy-kill", balancer, 0, time.Second, 2 * time.Second, (*run).haproxyKill},

	{"api-kill", apis, 200 * time.Millisecond, 3 * time.Second, 2 * time.Second, (*run).apiKill},
	{"api-pause", apis, time.Second, 4 * time.Second, time.Second, (*run).apiPause},
	{"api-link-cut", apis, 0, 0, time.Second, (*run).apiLinkCut},

	{"postgres-kill", database, 200 * time.Millisecond, 3 * time.Second, 2 * time.Second, (*run).postgresKill},
	{"postgres-pause", database, time.Second, 4 * time.Second, 2 * time.Second, (*run).postgresPause},
}

// needsClock reports whether it takes a wrong clock, which has to be compiled.
func (k kind) needsClock() bool { return k.name == "redis-clock" || k.name == "redis-step" }

// Names returns the names of all kinds of faults.
func Names() []string {
	var names []string
	for _, k := range kinds {
		names = append(names, k.name)
	}
	return names
}

// Step is one fault of a plan.
type Step struct {
	At     time.Duration // since the beginning
	For    time.Duration // until it is undone
	Fault  string
	Target int    // which server, or which door
	Draw   uint32 // what else is left to chance: a direction, a key
	kind   kind
}

// String returns a line for people.
func (s Step) String() string {
	target := ""
	switch s.kind.lane {
	case servers, links:
		target = fmt.Sprintf(" server %d", (s.Target+1)*1000)
	case doors:
		target = fmt.Sprintf(" door %d", s.Target)
	case apis:
		target = fmt.Sprintf(" api%d", s.Target+1)
	}
	return fmt.Sprintf("%7.2fs %-15s %5.2fs%s", s.At.Seconds(), s.Fault, s.For.Seconds(), target)
}

// Plan is everything that is left to chance, drawn from one seed.
type Plan struct {
	Seed    uint64
	Length  time.Duration
	Persist string // how Redis keeps its data: aof-always, aof-everysec, rdb, none
	Steps   []Step // by their time
	keepers []int  // who is spared, period by period

	survivors bool // see Draw
}

const (
	quiet  = 2 * time.Second  // at the beginning and, twice, at the end
	period = 20 * time.Second // of one keeper
	change = 6 * time.Second  // for so long before and after it the old keeper and the new one are both spared
)

// Draw says what plan to draw.
type Draw struct {
	Seed   uint64
	Length time.Duration
	Only   []string // kinds of faults; nil: all that this machine can do

	// Survivors leaves the processes of the first two servers alone, but for freezing them, so that they can be looked at afterwards. The keepers are
	// drawn among them.
	Survivors bool
}

// survivors is how many servers Draw.Survivors means.
const survivors = 2

// NewPlan draws a plan. In two minutes each kind of fault comes three times, in less or more time accordingly; in very little some do not come.
//
// At any time there is a server that is spared, the keeper: nobody kills it, freezes it or touches its link to Redis. For while Redis is losing data the
// newest part of the log is only where a server has heard it, and a test that took it from the last of them as well would ask for what nobody can give.
// The keeper changes every 20 seconds; for six seconds on both sides of the change the old one and the new one are spared.
func NewPlan(d Draw) (Plan, error) {
	chance := rand.New(rand.NewPCG(d.Seed, 1007))
	p := Plan{Seed: d.Seed, Length: d.Length, Persist: pick(chance, []string{"aof-always", "aof-everysec", "rdb", "none"}), survivors: d.Survivors}
	among := cluster.MaxServers
	if d.Survivors {
		among = survivors
	}
	keeper := chance.IntN(among)
	for range int(d.Length/period) + 2 {
		p.keepers = append(p.keepers, keeper)
		keeper = (keeper + 1 + chance.IntN(among-1)) % among // another one
	}
	chosen, err := choose(d.Only)
	if err != nil {
		return Plan{}, err
	}
	for l := range lanes {
		p.fill(chance, slices.DeleteFunc(slices.Clone(chosen), func(k kind) bool { return k.lane != l }))
	}
	slices.SortStableFunc(p.Steps, func(a, b Step) int { return cmp.Compare(a.At, b.At) })
	return p, nil
}

// choose returns the kinds with these names.
func choose(only []string) ([]kind, error) {
	var chosen []kind
	for _, name := range only {
		i := slices.IndexFunc(kinds, func(k kind) bool { return k.name == name })
		if i < 0 {
			return nil, fmt.Errorf("there is no fault called %q; there are %s", name, strings.Join(Names(), ", "))
		}
		chosen = append(chosen, kinds[i])
	}
	if only != nil {
		return chosen, nil
	}
	return slices.DeleteFunc(slices.Clone(kinds), func(k kind) bool { return k.needsClock() && !hasCompiler() }), nil
}

// fill draws the steps of one lane: one after the other, with what is left of the time spread between them at random.
func (p *Plan) fill(chance *rand.Rand, of []kind) {
	var steps []Step
	rounds := max(1, int((3*p.Length+2*time.Minute-1)/(2*time.Minute)))
	for range rounds {
		for _, k := range of {
			length := k.from + time.Duration(chance.Float64()*float64(k.to-k.from))
			steps = append(steps, Step{For: length.Round(10 * time.Millisecond), Fault: k.name, Draw: chance.Uint32(), kind: k})
		}
	}
	chance.Shuffle(len(steps), func(i, j int) { steps[i], steps[j] = steps[j], steps[i] })
	left := p.Length - 3*quiet
	for i, s := range steps {
		if left -= s.For + s.kind.rest; left < 0 {
			left += s.For + s.kind.rest
			steps = steps[:i]
			break
		}
	}
	pauses := make([]float64, len(steps)+1)
	sum := 0.0
	for i := range pauses {
		pauses[i] = chance.ExpFloat64()
		sum += pauses[i]
	}
	at := quiet
	for i, s := range steps {
		at += time.Duration(float64(left) * pauses[i] / sum)
		s.At = at.Round(10 * time.Millisecond)
		s.Target = p.target(chance, s)
		p.Steps = append(p.Steps, s)
		at += s.For + s.kind.rest
	}
}

// target draws whom it hits.
func (p *Plan) target(chance *rand.Rand, s Step) int {
	switch s.kind.lane {
	case servers, links:
		var free []int
		for i := range cluster.MaxServers {
			ends := s.Fault == "server-kill" || s.Fault == "server-restart"
			if p.spares(i, s.At, s.At+s.For+s.kind.rest) || p.survivors && ends && i < survivors {
				continue
			}
			free = append(free, i)
		}
		return pick(chance, free)
	case doors:
		return chance.IntN(doorCount)
	case apis:
		return chance.IntN(apiCount)
	}
	return 0
}

// spares reports whether a server is a keeper at any moment between the two times.
func (p *Plan) spares(server int, from, to time.Duration) bool {
	for i, keeper := range p.keepers {
		if begin := time.Duration(i) * period; keeper == server && from < begin+period+change && to > begin-change {
			return true
		}
	}
	return false
}

func pick[T any](chance *rand.Rand, from []T) T { return from[chance.IntN(len(from))] }
