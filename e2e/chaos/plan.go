package chaos

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"livechat/internal/localcluster"
)

// Step is one fault of a plan.
type Step struct {
	At     time.Duration // since the beginning
	For    time.Duration // until it is undone
	Fault  string
	Target int    // index of the server or door
	Draw   uint32 // other random choices: a direction, a key
	kind   kind
}

// String returns a readable line.
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

// Plan is everything random about a run, drawn from one seed.
type Plan struct {
	Seed    uint64
	Length  time.Duration
	Persist string // persistence of Redis: aof-always, aof-everysec, rdb, none
	Steps   []Step // by time
	keepers []int  // the spared servers, by period

	survivors bool // see Draw
}

const (
	quiet  = 2 * time.Second  // at the beginning and, twice as long, at the end
	period = 20 * time.Second // of one keeper
	// both the old and the new keeper are spared for this long before and after
	// a change
	change = 6 * time.Second
)

// Draw says which plan to draw.
type Draw struct {
	Seed   uint64
	Length time.Duration
	Only   []string // kinds of faults; nil: all that this machine can inject

	// Survivors spares the processes of the first two servers, except from
	// freezing, so that they can be examined afterwards. Keepers are drawn from
	// them.
	Survivors bool
}

// survivors is how many servers Draw.Survivors spares.
const survivors = 2

// NewPlan draws a plan. In two minutes each kind of fault happens three times,
// in a longer or shorter time proportionally; in a very short one some kinds do
// not happen.
//
// At any time one server is spared, the keeper: it is not killed or frozen, and
// its link to Redis is left alone. While Redis loses data, the newest part of
// the log is only on servers that have received it. A test that took it from
// the last of them as well would demand the impossible. The keeper changes
// every 20 seconds; for six seconds before and after the change both the old
// one and the new one are spared.
func NewPlan(d Draw) (Plan, error) {
	chance := rand.New(rand.NewPCG(d.Seed, 1007))
	p := Plan{
		Seed:      d.Seed,
		Length:    d.Length,
		Persist:   pick(chance, []string{"aof-always", "aof-everysec", "rdb", "none"}),
		survivors: d.Survivors,
	}
	among := localcluster.MaxServers
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

// fill draws the steps of one lane, one after the other, with the remaining
// time distributed at random between them.
func (p *Plan) fill(chance *rand.Rand, of []kind) {
	var steps []Step
	rounds := max(1, int((3*p.Length+2*time.Minute-1)/(2*time.Minute)))
	for range rounds {
		for _, k := range of {
			length := k.from + time.Duration(chance.Float64()*float64(k.to-k.from))
			steps = append(steps,
				Step{For: length.Round(10 * time.Millisecond), Fault: k.name, Draw: chance.Uint32(), kind: k})
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

// target draws the server or door of a step.
func (p *Plan) target(chance *rand.Rand, s Step) int {
	switch s.kind.lane {
	case servers, links:
		var free []int
		for i := range localcluster.MaxServers {
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

// spares reports whether a server is a keeper at any moment between the two
// times.
func (p *Plan) spares(server int, from, to time.Duration) bool {
	for i, keeper := range p.keepers {
		if begin := time.Duration(i) * period; keeper == server && from < begin+period+change &&
			to > begin-change {
			return true
		}
	}
	return false
}

func pick[T any](chance *rand.Rand, from []T) T { return from[chance.IntN(len(from))] }
