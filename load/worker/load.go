package worker

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"livechat/load/run"
)

// load performs the load on all workers and returns their outcomes. If ctx
// ends, the schedule does; alive ends the wait for the workers.
func (r *spreadRun) load(ctx, alive context.Context) ([]*run.Outcome, error) {
	if err := r.readClocks(alive); err != nil {
		return nil, err
	}
	r.watcher.Find()
	watching := r.watch(alive)
	defer watching()
	zero := time.Now().Add(startDelay)
	acting, enough := context.WithCancel(alive)
	during, over := context.WithCancel(alive) // while messages are sent
	var actors sync.WaitGroup
	defer actors.Wait()
	defer over()
	defer enough()
	r.over = over
	unwatch := context.AfterFunc(ctx, func() {
		enough()
		r.end()
	})
	defer unwatch()
	measured := zero.Add(r.settings.Warmup)
	if lasts := r.settings.Scenario.Lasts; lasts == nil || !lasts(&r.settings) {
		defer time.AfterFunc(time.Until(measured.Add(r.settings.For)), over).Stop()
	}
	undo := run.Commands(during, r.settings.Commands, &fleet{r, during}, r.began, measured, r.failed)
	actors.Go(func() {
		<-during.Done()
		undo()
	})
	actors.Go(func() { r.act(acting, measured) })
	r.seconds.start(&r.settings, zero)
	rest, err := r.send(alive, zero)
	if err != nil {
		return nil, err
	}
	enough()
	over()
	actors.Wait()
	outcomes, err := r.settle(alive, rest)
	if err != nil {
		return nil, err
	}
	programs := watching()
	r.parts = programs.Names
	r.serverCPU, _ = programs.Used()
	return outcomes, r.readClocks(alive)
}

// send makes all workers send from zero on, until their messages are answered.
// It returns what all of them have reached together.
func (r *spreadRun) send(alive context.Context, zero time.Time) (settle, error) {
	var mu sync.Mutex
	var reached []run.Position
	var reacted []run.Reacted
	err := r.each(alive, func(ctx context.Context, p *peer) error {
		a, err := p.perform(ctx, order{Begin: &begin{zero.Sub(r.began) + p.clocks[1].offset}})
		if err != nil {
			return err
		}
		if a.Answered == nil {
			return errOrder
		}
		mu.Lock()
		defer mu.Unlock()
		reached = append(reached, a.Answered.Reached...)
		reacted = append(reacted, a.Answered.Reacted...)
		return nil
	})
	if err != nil {
		return settle{}, err
	}
	return settle{furthest(reached), run.MergeReacted(reacted)}, nil
}

// settle makes all workers wait for the rest of their deliveries and returns
// their outcomes.
func (r *spreadRun) settle(alive context.Context, rest settle) ([]*run.Outcome, error) {
	outcomes := make([]*run.Outcome, len(r.peers))
	err := r.each(alive, func(ctx context.Context, p *peer) error {
		a, err := p.perform(ctx, order{Settle: &rest})
		if err != nil {
			return err
		}
		if a.Outcome == nil {
			return errOrder
		}
		outcomes[p.index] = a.Outcome
		return nil
	})
	return outcomes, err
}

// act performs the scenario.
func (r *spreadRun) act(ctx context.Context, measured time.Time) {
	s := &r.settings
	if s.Scenario.Act == nil {
		return
	}
	world := run.NewWorld(&fleet{r, ctx}, r.began, measured)
	if err := s.Scenario.Act(ctx, s, world); err != nil && ctx.Err() == nil {
		r.failed(err)
		r.end() // what follows would say nothing
		return
	}
	if lasts := s.Scenario.Lasts; lasts != nil && lasts(s) && world.Until(ctx, s.For) == nil {
		r.end() // what a worker does by itself otherwise
	}
}

// failed records an error of the scenario or of a command.
func (r *spreadRun) failed(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.faults = append(r.faults, err.Error())
}

// furthest returns the furthest position of each log.
func furthest(all []run.Position) []run.Position {
	type log struct {
		room  int
		epoch string
	}
	most := make(map[log]uint64)
	for _, p := range all {
		at := log{p.Room, p.Epoch}
		most[at] = max(most[at], p.Seq)
	}
	cut := make([]run.Position, 0, len(most))
	for at, seq := range most {
		cut = append(cut, run.Position{Room: at.room, Epoch: at.epoch, Seq: seq})
	}
	slices.SortFunc(cut, func(a, b run.Position) int {
		return cmp.Or(cmp.Compare(a.Room, b.Room), cmp.Compare(a.Epoch, b.Epoch))
	})
	return cut
}
