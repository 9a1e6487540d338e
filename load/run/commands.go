package run

import (
	"context"
	"sync"
	"time"

	"livechat/load/plan"
)

// Commands runs the commands of an experiment when it is time, and calls failed
// for those that fail. The returned function undoes what is left to be undone,
// and waits for that; so does the end of ctx.
func Commands(ctx context.Context, all []plan.Command, fleet Fleet, began, measured time.Time,
	failed func(error),
) (finish func()) {
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	for _, c := range all {
		running.Go(func() {
			err := c.Perform(ctx, NewWorld(fleet, began, measured)) // a world has one owner
			fleet.Find()
			if err != nil {
				failed(err)
			}
		})
	}
	return func() {
		cancel()
		running.Wait()
	}
}

// scenarioFailed records an error of the scenario or of a command.
func (r *run) scenarioFailed(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.scenarioErrors = append(r.scenarioErrors, err.Error())
}
