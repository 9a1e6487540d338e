package plan

import (
	"math/rand/v2"
	"time"
)

// Step is a rate that is held for some time.
type Step struct {
	From time.Duration // after the first message is due
	Rate float64       // messages a second
}

// Schedule says when each message of a run is due, independent of the messages
// before it. A server that answers late still gets the next message on time,
// and the wait counts as latency of the messages that waited. A tool that waits
// for the server instead leaves the server's worst moments out of its figures
// (coordinated omission).
type Schedule struct {
	steps []Step
	first []float64 // number of the first message of each step
}

// NewSchedule returns the schedule of steps. The first one must begin at 0.
func NewSchedule(steps []Step) Schedule {
	s := Schedule{steps: steps, first: make([]float64, len(steps))}
	for i := 1; i < len(steps); i++ {
		s.first[i] = s.first[i-1] + (steps[i].From-steps[i-1].From).Seconds()*steps[i-1].Rate
	}
	return s
}

// Due returns when message n, counted from 0, is due.
func (s Schedule) Due(n int) time.Duration {
	i := len(s.steps) - 1
	for i > 0 && float64(n) < s.first[i] {
		i--
	}
	return s.steps[i].From + time.Duration((float64(n)-s.first[i])/s.steps[i].Rate*float64(time.Second))
}

// RateAt returns how many messages a second are due at a time after the first
// one could be. With a think time it is the mean.
func (s *Settings) RateAt(at time.Duration) float64 {
	switch {
	case s.Think > 0:
		return s.top()
	case len(s.Stages) > 0:
		_, rate := s.Stages.at(at - s.Warmup)
		return rate
	}
	rate := s.Rate
	for _, step := range s.Scenario.steps(s) {
		if step.From <= at {
			rate = step.Rate
		}
	}
	return rate
}

// Schedule returns the schedule of the run.
func (s *Settings) Schedule() Schedule {
	steps := s.Scenario.steps(s)
	if len(steps) == 0 {
		steps = []Step{{Rate: s.Rate}}
	}
	return NewSchedule(steps)
}

// DueTimes returns a function whose k-th call returns when the k-th message of
// publisher i of n is due: every n-th of the schedule or, with a think time,
// random moments with that mean distance. The same seed gives the same moments.
func (s *Settings) DueTimes(i, n int) func() time.Duration {
	if s.Think > 0 {
		random, at := s.random(uint64(i)), time.Duration(0)
		return func() time.Duration {
			at += time.Duration(random.ExpFloat64() * float64(s.Think))
			return at
		}
	}
	if len(s.Stages) > 0 {
		return s.stagedDueTimes(i, n)
	}
	schedule, k := s.Schedule(), i
	return func() time.Duration {
		due := schedule.Due(k)
		k += n
		return due
	}
}

// random returns a source of random numbers for one purpose.
func (s *Settings) random(whom uint64) *rand.Rand { return rand.New(rand.NewPCG(s.Seed, whom)) }

// Random returns the source of random numbers of a client.
func (s *Settings) Random(client int) *rand.Rand { return s.random(1<<32 | uint64(client)) }
