package chaos

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"livechat/internal/localcluster"
)

func draw(t *testing.T, d Draw) Plan {
	t.Helper()
	p, err := NewPlan(d)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// lines returns the parts of a plan that can be compared.
func lines(p Plan) (all []string) {
	for _, s := range p.Steps {
		all = append(all, s.String())
	}
	return append(all, p.Persist)
}

func TestSeedDecidesPlan(t *testing.T) {
	for seed := range uint64(5) {
		a, b := draw(t, Draw{Seed: seed, Length: time.Minute}), draw(t, Draw{Seed: seed, Length: time.Minute})
		if !reflect.DeepEqual(lines(a), lines(b)) {
			t.Errorf("seed %d: two plans", seed)
		}
		if c := draw(t, Draw{Seed: seed + 100, Length: time.Minute}); reflect.DeepEqual(lines(a), lines(c)) {
			t.Errorf("seeds %d and %d: one plan", seed, seed+100)
		}
	}
}

func TestTwoMinutesHaveEachFaultThreeTimes(t *testing.T) {
	persist := map[string]int{}
	for seed := range uint64(200) {
		p := draw(t, Draw{Seed: seed, Length: 2 * time.Minute, Survivors: seed%2 == 1})
		persist[p.Persist]++
		count := map[string]int{}
		for _, s := range p.Steps {
			count[s.Fault]++
		}
		for _, k := range kinds {
			if count[k.name] < 3 && (!k.needsClock() || hasCompiler()) {
				t.Errorf("seed %d has %s %d times", seed, k.name, count[k.name])
			}
		}
	}
	if len(persist) != len(persistence) {
		t.Errorf("persistence of Redis is %v, want all of %d", persist, len(persistence))
	}
}

func TestLaneHasOneFaultAtATime(t *testing.T) {
	for seed := range uint64(200) {
		p := draw(t, Draw{Seed: seed, Length: 2 * time.Minute})
		free := map[lane]time.Duration{}
		for _, s := range p.Steps {
			if s.At < free[s.kind.lane] {
				t.Errorf("seed %d: %v begins before the lane is free at %v", seed, s, free[s.kind.lane])
			}
			// times are rounded
			free[s.kind.lane] = s.At + s.For + s.kind.rest - 20*time.Millisecond
			if end := s.At + s.For; s.At < quiet || end > p.Length-2*quiet {
				t.Errorf("seed %d: %v is not between the quiet times", seed, s)
			}
		}
	}
}

// Whenever Redis may lose data, there is a server that is left alone for a
// while before and after.
func TestOneServerIsAlwaysSpared(t *testing.T) {
	for seed := range uint64(400) {
		p := draw(t, Draw{Seed: seed, Length: 2 * time.Minute, Survivors: seed%2 == 1})
		for _, loss := range p.Steps {
			if loss.kind.lane != redis {
				continue
			}
			touched := map[int]bool{}
			for _, s := range p.Steps {
				hits := s.kind.lane == servers || s.kind.lane == links
				if hits && s.At < loss.At+loss.For+rest && s.At+s.For > loss.At-rest {
					touched[s.Target] = true
				}
			}
			if len(touched) == localcluster.MaxServers {
				t.Errorf("seed %d: around %v no server is spared", seed, loss)
			}
		}
	}
}

func TestSurvivorsAreNotKilled(t *testing.T) {
	for seed := range uint64(200) {
		for _, s := range draw(t, Draw{Seed: seed, Length: 2 * time.Minute, Survivors: true}).Steps {
			if (s.Fault == "server-kill" || s.Fault == "server-restart") && s.Target < survivors {
				t.Errorf("seed %d: %v", seed, s)
			}
		}
	}
}

func TestOnlyChosenFaults(t *testing.T) {
	p := draw(t, Draw{Seed: 1, Length: 20 * time.Second, Only: []string{"redis-flush", "door-cut"}})
	if len(p.Steps) != 2 ||
		slices.ContainsFunc(p.Steps,
			func(s Step) bool { return s.Fault != "redis-flush" && s.Fault != "door-cut" }) {
		t.Errorf("planned %v", p.Steps)
	}
	if _, err := NewPlan(Draw{Length: time.Minute, Only: []string{"earthquake"}}); err == nil ||
		!strings.Contains(err.Error(), `"earthquake"; known are redis-kill,`) {
		t.Errorf("an unknown fault: %v", err)
	}
}
