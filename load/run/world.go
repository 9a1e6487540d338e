package run

import (
	"context"
	"fmt"
	"os/exec"
	"syscall"
	"time"

	"livechat/load/plan"
	"livechat/load/record"
)

// world is a run as its scenario sees it. Owned by the goroutine of the scenario.
type world struct {
	run    *run
	struck time.Time // when the scenario last did something to the connections
	breaks int64     // how many had ended by then
	owed   int64     // at the last window
}

var _ plan.World = (*world)(nil)

func (w *world) Until(ctx context.Context, at time.Duration) error {
	timer := time.NewTimer(time.Until(w.run.measured.Add(at)))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (w *world) Mark(text string) { w.run.mark(text) }

func (w *world) strike() { w.struck, w.breaks = time.Now(), w.run.breaks.Load() }

func (w *world) DropAll() {
	w.strike()
	for _, m := range w.run.members {
		if l := m.current.Load(); l != nil {
			m.hurry.Store(true)
			l.conn.Close()
		}
	}
}

func (w *world) Command(ctx context.Context, command string) error {
	w.strike()
	if out, err := exec.CommandContext(ctx, "sh", "-c", command).CombinedOutput(); err != nil {
		return fmt.Errorf("run %q: %w\n%s", command, err, out)
	}
	return nil
}

func (w *world) Kill(pid int) error {
	w.strike()
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		return fmt.Errorf("kill %d: %w", pid, err)
	}
	return nil
}

// notice is how long it may take until clients see that their server has gone.
const notice = 5 * time.Second

func (w *world) Whole(ctx context.Context) (time.Duration, error) {
	r := w.run
	err := poll(ctx, func() (bool, error) {
		seen := r.breaks.Load() > w.breaks || time.Since(w.struck) > notice
		return seen && r.online.Load() == int64(len(r.members)), nil
	})
	took := time.Since(w.struck)
	r.watcher.Find()
	return took, err
}

func (w *world) Window() plan.Window {
	p99, delivered := w.run.meter.window()
	owed := w.run.owed.Load()
	due := owed - w.owed
	w.owed = owed
	return plan.Window{P99: p99, Delivered: delivered, Due: due}
}

func (w *world) Knee(held plan.Window, broke *plan.Window, why string) {
	knee := record.Knee{Held: held.Rate, HeldP99: held.P99.Seconds() * 1000, Why: why}
	if broke != nil {
		knee.Broke, knee.P99 = broke.Rate, broke.P99.Seconds()*1000
		w.run.mark(fmt.Sprintf("broke at %.4g/s", broke.Rate))
	}
	w.run.mu.Lock()
	w.run.knee = &knee
	w.run.mu.Unlock()
	w.run.end()
}
