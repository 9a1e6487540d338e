package run

import (
	"context"
	"fmt"
	"slices"
	"time"

	"livechat/load/plan"
	"livechat/load/record"
)

// lookEvery is the time between two looks at how the clients are spread.
const lookEvery = 200 * time.Millisecond

// scaling is a run while servers come and go. It is owned by the scenario's
// goroutine.
type scaling struct {
	*world
	roster *roster
	steps  []record.ScaleStep

	// Of the current step.

	began      time.Time
	even       evenness
	want       int // servers that there should be; less than 0: any
	ready      []string
	moved      int64 // when it began, as the next one
	reconnects int64
}

// startScaling begins to watch the cluster, and returns once it knows its
// servers.
func (w *world) startScaling(ctx context.Context) (*scaling, error) {
	r, err := newRoster(ctx, w.fleet.Address(), w.fleet.TLS())
	if err != nil {
		return nil, err
	}
	s := &scaling{world: w, roster: r}
	waiting, cancel := context.WithTimeout(ctx, 2*rosterTime)
	defer cancel()
	if err := poll(waiting, func() (bool, error) {
		ready, err := r.servers()
		return err == nil && len(ready) > 0, nil
	}); err != nil {
		r.close()
		if _, unknown := r.servers(); unknown != nil {
			err = unknown
		}
		return nil, err
	}
	return s, nil
}

// stop records the steps.
func (s *scaling) stop() {
	s.roster.close()
	s.fleet.Scaled(record.Scale{Even: evenRule(), Steps: s.steps})
}

// Scale performs the changes one after the other.
func (w *world) Scale(ctx context.Context, changes []plan.Resize) error {
	s, err := w.startScaling(ctx)
	if err != nil {
		return err
	}
	defer s.stop()
	for _, c := range changes {
		s.begin(record.ScaleStep{N: &c.N, Command: c.Command})
		s.mark(time.Now(), fmt.Sprintf("scale to %d: %s", c.N, c.Command))
		if s.want = -1; c.Known {
			s.want = s.steps[len(s.steps)-1].Before + c.More
		}
		if err := s.runWatched(ctx, c); err != nil {
			s.finish()
			return err
		}
		s.finish()
	}
	return s.unevenSteps()
}

// runWatched runs the command of a change and watches until its step ends.
func (s *scaling) runWatched(ctx context.Context, c plan.Resize) error {
	returned := make(chan error, 1)
	go func() { returned <- s.Command(ctx, c.Command) }()
	running := true
	var end <-chan time.Time
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		select {
		case err := <-returned:
			if err != nil {
				return err
			}
			step := &s.steps[len(s.steps)-1]
			step.Took = time.Since(s.began).Seconds()
			running, returned, end = false, nil, time.After(c.Watch)
			if !c.Known {
				s.even = evenness{} // what was even may just not have begun to change
			}
		case <-ticker.C:
			s.look()
		case <-end:
			s.look()
			return nil
		case <-ctx.Done():
			if running {
				return <-returned // ctx ends the command, in bounded time
			}
			return context.Cause(ctx)
		}
	}
}

// WatchScale watches while somebody else changes the number of servers.
func (w *world) WatchScale(ctx context.Context, watch time.Duration) error {
	s, err := w.startScaling(ctx)
	if err != nil {
		return err
	}
	defer s.stop()
	s.begin(record.ScaleStep{})
	s.want = -1
	ticker, end := time.NewTicker(lookEvery), time.NewTimer(watch)
	defer ticker.Stop()
	defer end.Stop()
	for {
		select {
		case <-ticker.C:
			before := s.ready
			// A change that is not spread yet belongs to the one before.
			if s.look(); !slices.Equal(s.ready, before) && s.steps[len(s.steps)-1].Even != nil {
				s.finish()
				s.begin(record.ScaleStep{})
				s.steps[len(s.steps)-1].Before = len(before)
				s.mark(time.Now(), fmt.Sprintf("%d servers, %d before", len(s.ready), len(before)))
			}
			continue
		case <-end.C:
		case <-ctx.Done():
		}
		s.finish()
		return ctx.Err()
	}
}

// begin begins a step.
func (s *scaling) begin(step record.ScaleStep) {
	s.ready, _ = s.roster.servers()
	s.began, s.even = time.Now(), evenness{}
	s.moved, s.reconnects = s.fleet.Moves()
	s.fleet.Window()
	step.At, step.Before = s.Now().Seconds(), len(s.ready)
	s.steps = append(s.steps, step)
}

// look looks at the servers and their clients.
func (s *scaling) look() {
	ready, err := s.roster.servers()
	if err != nil {
		s.even = evenness{} // nobody knows
		return
	}
	if !slices.Equal(ready, s.ready) {
		s.ready = ready
		s.fleet.Find()
	}
	since, lasting := s.even.look(time.Now(), ready, s.fleet.Online(), s.want)
	if step := &s.steps[len(s.steps)-1]; lasting && step.Even == nil {
		took := since.Sub(s.began).Seconds()
		step.Even = &took
		s.mark(since, fmt.Sprintf("even: %d servers, after %.1f s", len(ready), took))
		s.fleet.Find() // now HAProxy has connections to all
	}
}

func (s *scaling) mark(at time.Time, text string) { s.fleet.Mark(at, text) }

// finish ends a step.
func (s *scaling) finish() {
	step := &s.steps[len(s.steps)-1]
	online := s.fleet.Online()
	mean, off := spread(s.ready, online)
	step.Servers, step.Want, step.Mean, step.Off = len(s.ready), s.want, mean, off
	step.Least, step.Most = -1, 0
	for _, app := range s.ready {
		if n := online[app]; step.Least < 0 || n < step.Least {
			step.Least = n
		}
		step.Most = max(step.Most, online[app])
	}
	w := s.fleet.Window()
	step.P99, step.Longest, step.Delivered = milliseconds(w.P99), milliseconds(w.Longest), w.Delivered
	moved, reconnects := s.fleet.Moves()
	step.Moved = moved - s.moved
	// A client that moves is counted as moved first, so this may be one too few.
	step.Interrupted = max(0, reconnects-s.reconnects-step.Moved)
	step.For = time.Since(s.began).Seconds()
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// unevenSteps returns an error that names the steps after which the clients were
// never spread evenly, if the servers had enough clients to balance.
func (s *scaling) unevenSteps() error {
	for _, step := range s.steps {
		if step.Even == nil && step.Mean >= leastMean {
			return fmt.Errorf("after the step to %d the clients were not spread evenly within %.0f s: "+
				"%d servers with %d to %d clients each (BALANCE=true lets servers spread them)", *step.N,
				step.For, step.Servers, max(step.Least, 0), step.Most)
		}
	}
	return nil
}
