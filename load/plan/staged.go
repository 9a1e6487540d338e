package plan

import (
	"fmt"
	"math"
	"time"
)

// never is when a message is due that the stages have no time for.
const never = time.Duration(math.MaxInt64 / 4)

// staged is the schedule of stages: the n-th message is due when the sum of the
// rates since the beginning is n and a half.
type staged struct {
	parts []part
}

// part is a time in which the rate changes evenly.
type part struct {
	from  time.Duration // after the first message could be due
	span  time.Duration // 0: for ever
	rate  float64       // at its beginning
	slope float64       // by which the rate changes in a second
	first float64       // messages before it
}

// messages returns how many messages are due by a time in the part.
func (p part) messages(after time.Duration) float64 {
	t := after.Seconds()
	return p.rate*t + p.slope*t*t/2
}

func (s *Settings) staged() (all staged) {
	before := 0.0
	add := func(from, span time.Duration, rate, to float64) {
		p := part{from: from, span: span, rate: rate, first: before}
		if span > 0 {
			p.slope = (to - rate) / span.Seconds()
			before += p.messages(span)
		}
		all.parts = append(all.parts, p)
	}
	first, last := s.Stages[0], s.Stages[len(s.Stages)-1]
	if s.Warmup > 0 {
		add(0, s.Warmup, first.Rate, first.Rate)
	}
	for i, one := range s.Stages[:len(s.Stages)-1] {
		if next := s.Stages[i+1]; next.At > one.At {
			add(s.Warmup+one.At, next.At-one.At, one.Rate, next.Rate)
		}
	}
	add(s.Warmup+last.At, 0, last.Rate, last.Rate)
	return all
}

// due returns when message n, counted from 0, is due.
func (s staged) due(n int) time.Duration {
	count := float64(n) + 0.5
	i := len(s.parts) - 1
	for i > 0 && count < s.parts[i].first {
		i--
	}
	p := s.parts[i]
	rest := count - p.first
	// The root of rest = rate*t + slope*t*t/2, in the form that is exact for a
	// small slope.
	root := math.Sqrt(max(0, p.rate*p.rate+2*p.slope*rest))
	t := 2 * rest / (p.rate + root)
	if !(t < never.Seconds()) { // it may be infinite, without a rate
		return never
	}
	return p.from + time.Duration(t*float64(time.Second))
}

// guard is how long before and after its messages a publisher has to be
// connected: the time of a handshake and of an ack.
const guard = 500 * time.Millisecond

// publishersAt returns how many of n publishers share the messages of a time:
// those that have joined and do not leave soon, but at least one.
func (all Stages) publishersAt(at time.Duration, n int) int {
	return min(n, max(1, int(all.fewest(at-guard, at+guard))))
}

// steep returns advice if there is a time in which the publishers that are
// connected have to send more than limit messages a second each; else "".
func (s *Settings) steep(limit float64, publishers int) string {
	for at := time.Duration(0); at <= s.For; at += guard {
		_, rate := s.Stages.at(at)
		if n := s.Stages.publishersAt(at, publishers); rate > limit*float64(n) {
			return fmt.Sprintf("at %s of the stages %.4g messages a second come from the %d clients that "+
				"have joined, which may send %.4g each: begin with more clients, raise the rate later, or "+
				"start the servers with MESSAGE_RATE=0", at, rate, n, limit)
		}
	}
	return ""
}

// stagedDueTimes is DueTimes for stages. Each message is sent by one of the
// publishers that have joined by then and do not leave soon.
func (s *Settings) stagedDueTimes(i, n int) func() time.Duration {
	schedule, k := s.staged(), -1
	always := s.Stages.fewest(0, never) >= float64(n) // publishers are the first clients
	return func() time.Duration {
		for {
			k++
			due := schedule.due(k)
			if due >= s.Warmup+s.For { // others may have messages for ever
				return never
			}
			publishers := n
			if !always {
				publishers = s.Stages.publishersAt(due-s.Warmup, n)
			}
			if k%publishers == i {
				return due
			}
		}
	}
}

// Messages returns about how many messages the run has, if it is not
// interrupted and no scenario changes the rate.
func (s *Settings) Messages() float64 {
	whole := s.Warmup + s.For
	if len(s.Stages) == 0 {
		return s.top() * whole.Seconds()
	}
	sum := 0.0
	for _, p := range s.staged().parts {
		if p.from < whole {
			after := whole - p.from
			if p.span > 0 {
				after = min(after, p.span)
			}
			sum += p.messages(after)
		}
	}
	return sum
}
