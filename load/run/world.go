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

// world is the run from the point of view of its scenario. It is owned by the
// scenario's goroutine.
type world struct {
	run         *run
	disruptedAt time.Time // last disruption of connections by the scenario
	breaks      int64     // ended connections at that time
	expected    int64     // at the last window
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

func (w *world) disrupt() { w.disruptedAt, w.breaks = time.Now(), w.run.breaks.Load() }

func (w *world) DropAll() {
	w.disrupt()
	for _, m := range w.run.members {
		if l := m.current.Load(); l != nil {
			m.immediate.Store(true)
			l.conn.Close()
		}
	}
}

func (w *world) Command(ctx context.Context, command string) error {
	w.disrupt()
	if out, err := exec.CommandContext(ctx, "sh", "-c", command).CombinedOutput(); err != nil {
		return fmt.Errorf("run %q: %w\n%s", command, err, out)
	}
	return nil
}

func (w *world) Kill(pid int) error {
	w.disrupt()
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		return fmt.Errorf("kill %d: %w", pid, err)
	}
	return nil
}

// detectionTime is how long clients may take to detect that their server is
// gone.
const detectionTime = 5 * time.Second

func (w *world) AwaitConnected(ctx context.Context) (time.Duration, error) {
	r := w.run
	err := poll(ctx, func() (bool, error) {
		seen := r.breaks.Load() > w.breaks || time.Since(w.disruptedAt) > detectionTime
		return seen && r.online.Load() == int64(len(r.members)), nil
	})
	took := time.Since(w.disruptedAt)
	r.watcher.Find()
	return took, err
}

func (w *world) Window() plan.Window {
	p99, delivered := w.run.meter.window()
	owed := w.run.expected.Load()
	due := owed - w.expected
	w.expected = owed
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
