package worker

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"livechat/load/plan"
	"livechat/load/run"
)

// session is one run of a worker.
type session struct {
	worker *Worker
	link   *link
	began  time.Time // the 0 of the worker's clock

	steps chan *order // those that are performed one after the other
	part  atomic.Pointer[run.Part]
	drops atomic.Int64
	ended atomic.Bool // the outcome is sent
}

// errDone is the cause of the end of a session whose outcome is sent.
var errDone = errors.New("the coordinator has the outcome")

// serve performs the run. It returns when the coordinator hangs up.
func (s *session) serve(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	var helpers sync.WaitGroup
	defer helpers.Wait()
	defer s.link.conn.Close()
	defer cancel(nil)
	helpers.Go(func() { cancel(s.listen()) })
	helpers.Go(func() { s.live(ctx) })

	err := s.perform(ctx)
	if cause := context.Cause(ctx); cause != nil {
		err = cause // what failed before may have failed because of it
	}
	if errors.Is(err, errDone) {
		return nil
	}
	if errors.Is(err, context.Canceled) {
		err = errors.New("the worker was stopped")
	}
	_ = s.link.send(answer{Fault: err.Error()}) // the coordinator may be gone
	return err
}

// listen handles orders until the coordinator hangs up.
func (s *session) listen() error {
	for {
		var o order
		err := s.link.receive(&o)
		received := time.Since(s.began)
		switch {
		case err != nil && s.ended.Load():
			return errDone
		case err != nil:
			return fmt.Errorf("the coordinator is gone: %w", err)
		case o.Ping != 0:
			err = s.link.send(answer{Pong: &pong{o.Ping, received, time.Since(s.began), time.Now()}})
		case o.Prepare != nil || o.Join != nil || o.Begin != nil || o.Settle != nil:
			select {
			case s.steps <- &o:
			default:
				err = errors.New("a step before the last one is done")
			}
		default:
			err = s.obey(&o)
		}
		if err != nil {
			return err
		}
	}
}

// obey handles an order that may come at any time.
func (s *session) obey(o *order) error {
	part := s.part.Load()
	switch {
	case part == nil:
	case o.DropAll:
		part.DropAll()
		s.drops.Add(1)
	case o.End:
		part.End()
	case o.Elsewhere != nil:
		part.Elsewhere(o.Elsewhere.Clients)
	case o.Window:
		w := part.Window()
		return s.link.send(answer{Window: &w})
	}
	return nil
}

// live sends signs of life.
func (s *session) live(ctx context.Context) {
	ticker := time.NewTicker(lifeSign)
	defer ticker.Stop()
	for {
		var now status
		if part := s.part.Load(); part != nil {
			now.Drops = s.drops.Load() // before Breaks
			now.Status = part.Status()
		}
		if s.link.send(answer{Status: &now}) != nil {
			return // listen notices, too
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

// step waits for the next step.
func (s *session) step(ctx context.Context) (*order, error) {
	select {
	case o := <-s.steps:
		return o, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

var errOrder = errors.New("a step out of turn")

// perform performs the steps of a run.
func (s *session) perform(ctx context.Context) error {
	o, err := s.step(ctx)
	if err != nil {
		return err
	}
	if o.Prepare == nil {
		return errOrder
	}
	settings, err := s.prepare(ctx, o.Prepare)
	if err != nil {
		return err
	}
	spread := run.Spread{ID: o.Prepare.ID, Index: o.Prepare.Index}

	if o, err = s.step(ctx); err != nil {
		return err
	}
	if o.Join == nil {
		return errOrder
	}
	settings.MaxRate = o.Join.MaxRate
	spread.Publishers, spread.Began = o.Join.Publishers, s.began.Add(o.Join.Began)
	part := run.NewPart(*settings, spread, s.worker.Watcher, s.tell)
	s.part.Store(part)
	left := false
	defer func() {
		if !left {
			part.Leave()
		}
	}()
	if err := part.Join(ctx); err != nil {
		return err
	}
	if err := s.link.send(answer{Joined: true}); err != nil {
		return err
	}
	if err := s.load(ctx, part); err != nil {
		return err
	}
	left = true
	return s.report(ctx, part.Leave())
}

// prepare checks the settings and asks the servers for their limit.
func (s *session) prepare(ctx context.Context, p *prepare) (*plan.Settings, error) {
	settings := &p.Settings
	var err error
	if settings.Scenario, err = plan.ScenarioByName(settings.Scenario.Name); err != nil {
		return nil, err
	}
	settings.Sources = s.worker.Sources
	if err := settings.Check(); err != nil {
		return nil, err
	}
	if err := s.worker.Check(settings); err != nil {
		return nil, err
	}
	limit, err := run.Probe(ctx, settings)
	if err != nil {
		return nil, err
	}
	return settings, s.link.send(answer{Ready: &ready{limit, run.Machine()}})
}

// load sends the messages and waits until all workers' are delivered.
func (s *session) load(ctx context.Context, part *run.Part) error {
	o, err := s.step(ctx)
	if err != nil {
		return err
	}
	if o.Begin == nil {
		return errOrder
	}
	reached, reacted := part.Load(ctx, s.began.Add(o.Begin.Zero))
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err := s.link.send(answer{Answered: &answered{reached, reacted}}); err != nil {
		return err
	}
	if o, err = s.step(ctx); err != nil {
		return err
	}
	if o.Settle == nil {
		return errOrder
	}
	part.Settle(ctx, o.Settle.Cut, o.Settle.Reacted)
	return context.Cause(ctx)
}

// report sends the outcome and waits until the coordinator hangs up, which it
// does after it has read the clock once more.
func (s *session) report(ctx context.Context, o *run.Outcome) error {
	for i := range o.Logs {
		if err := s.link.send(answer{Log: &o.Logs[i]}); err != nil {
			return err
		}
	}
	o.Logs = nil
	s.ended.Store(true)
	if err := s.link.send(answer{Outcome: o}); err != nil {
		return err
	}
	<-ctx.Done()
	return context.Cause(ctx)
}

// tell sends a second. If that fails, listen notices.
func (s *session) tell(l run.Live) {
	_ = s.link.send(answer{Second: &second{l.Second, l.Other, l.Servers, l.Marks, l.Wanted,
		l.Totals}})
}
