package run

import (
	"context"
	"crypto/tls"
	"fmt"
	"os/exec"
	"syscall"
	"time"

	"livechat/load/plan"
	"livechat/load/record"
)

// Fleet is all clients of a run, as far as its scenario changes or asks them.
type Fleet interface {
	// Mark records an event.
	Mark(at time.Time, text string)
	// Did records what the scenario did, for the summary.
	Did(text string)
	// DropAll ends the connections of all clients at once and returns how many
	// there were.
	DropAll() int
	// Emptied returns the servers that have lost their last client since the
	// last call.
	Emptied() []string
	// Connected returns whether all clients of now are connected, and how many
	// connections have ended so far.
	Connected() (all bool, breaks int64)
	// Online returns the number of connected clients by APPID.
	Online() map[string]int
	// Moves returns how many clients servers have moved so far, and how many
	// reconnects there were.
	Moves() (moved, reconnects int64)
	// Address returns an address of the servers.
	Address() string
	// TLS returns how their certificates are checked; nil: as usual.
	TLS() *tls.Config
	// Scaled records how the clients spread, for the report.
	Scaled(s record.Scale)
	// Window returns what was measured since the last call, without a Rate.
	Window() plan.Window
	// End ends the schedule with what a ramp has found.
	End(knee record.Knee)
	// Find looks for programs under load.
	Find()
}

var _ Fleet = (*run)(nil)

// NewWorld returns the run of a fleet from the point of view of its scenario.
// It began at that moment, and the first measured message is due at measured.
// One goroutine may use it.
func NewWorld(fleet Fleet, began, measured time.Time) plan.World {
	return &world{fleet: fleet, began: began, measured: measured}
}

type world struct {
	fleet       Fleet
	began       time.Time
	measured    time.Time
	disruptedAt time.Time // last disruption of connections by the scenario
	breaks      int64     // ended connections at that time
}

var _ plan.World = (*world)(nil)

func (w *world) Until(ctx context.Context, at time.Duration) error {
	timer := time.NewTimer(time.Until(w.measured.Add(at)))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (w *world) Mark(text string) { w.fleet.Mark(time.Now(), text) }

func (w *world) Did(text string) { w.fleet.Did(text) }

func (w *world) Now() time.Duration { return time.Since(w.began) }

func (w *world) Emptied() []string { return w.fleet.Emptied() }

func (w *world) disrupt() {
	w.disruptedAt = time.Now()
	_, w.breaks = w.fleet.Connected()
}

func (w *world) DropAll() (n int) {
	w.disrupt()
	return w.fleet.DropAll()
}

// Bounds of a scenario's command.
const (
	commandTime = 5 * time.Minute
	commandEnds = 10 * time.Second // after it was told to
)

func (w *world) Command(ctx context.Context, command string) error {
	w.disrupt()
	ctx, cancel := context.WithTimeoutCause(ctx, commandTime, fmt.Errorf("not done within %s", commandTime))
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", "-c", command)
	// The shell's children, too, or they would keep the pipes of the output open.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = commandEnds
	out, err := cmd.CombinedOutput()
	if cause := context.Cause(ctx); err != nil && cause != nil {
		err = cause
	}
	if err != nil {
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

func (w *world) AwaitConnected(ctx context.Context) (took time.Duration, broken bool, err error) {
	err = poll(ctx, func() (bool, error) {
		all, breaks := w.fleet.Connected()
		broken = breaks > w.breaks
		return all && (broken || time.Since(w.disruptedAt) > detectionTime), nil
	})
	took = time.Since(w.disruptedAt)
	w.fleet.Find()
	return took, broken, err
}

func (w *world) Window() plan.Window { return w.fleet.Window() }

func (w *world) Knee(held plan.Window, broke *plan.Window, why string) {
	knee := record.Knee{Held: held.Rate, HeldP99: held.P99.Seconds() * 1000, Why: why}
	if broke != nil {
		knee.Broke, knee.P99 = broke.Rate, broke.P99.Seconds()*1000
		w.fleet.Mark(time.Now(), fmt.Sprintf("broke at %.4g/s", broke.Rate))
	}
	w.fleet.End(knee)
}
