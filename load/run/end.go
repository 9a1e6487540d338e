package run

import (
	"context"
	"time"
)

// lasts reports whether the run goes on until the scenario has acted.
func (r *run) lasts() bool {
	lasts := r.settings.Scenario.Lasts
	return lasts != nil && lasts(&r.settings)
}

// awaitEnd waits until the schedule ends: when it is due, and the scenario has
// acted if the run lasts until then.
func (r *run) awaitEnd(ctx context.Context, due time.Time, acted <-chan struct{}) {
	end := time.NewTimer(time.Until(due))
	defer end.Stop()
	select {
	case <-end.C:
	case <-r.stop:
	case <-ctx.Done():
	}
	if r.lasts() {
		select {
		case <-acted:
		case <-r.stop:
		case <-ctx.Done():
		}
	}
	r.end()
}

// end ends the schedule now, if it has not ended already: on a busy machine this
// may be called late, and what was due later is not sent.
func (r *run) end() {
	r.once.Do(func() {
		r.endAt.Store(min(r.endAt.Load(), time.Now().UnixNano()))
		close(r.stop)
	})
}

func (r *run) ends() time.Time { return time.Unix(0, r.endAt.Load()) }
