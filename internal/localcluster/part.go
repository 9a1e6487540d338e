package localcluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Part is one program of the cluster. Its methods may be called from any
// goroutine, but only one at a time for the same part.
type Part struct {
	// Set at construction.

	Name    string // marks its log lines; a server's APPID
	Addr    string // host:port where it listens
	Metrics string // host:port of its metrics; "" if it has none
	inner   string // HAProxy's address for Nginx, which passes on the client's address
	stats   string // address of HAProxy's statistics

	path  string
	args  []string
	ready func(ctx context.Context) error // one attempt to find out whether it serves
	log   func(part, line string)

	// Guarded by mu.

	mu    sync.Mutex
	env   []string      // for the next start
	cmd   *exec.Cmd     // nil before the first start
	ended chan struct{} // closed when cmd has ended and its last line has been logged
	lines *lines        // output of cmd
	bad   []string      // lines that no part may write, of all runs
}

// Setenv sets an environment variable for the program's next starts. It
// overrides an earlier value.
func (p *Part) Setenv(name, value string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.env = append(p.env, name+"="+value)
}

// Launch starts the program without waiting until it serves.
func (p *Part) Launch(context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd != nil && !isClosed(p.ended) {
		return fmt.Errorf("start %s: already running", p.Name)
	}
	out := &lines{part: p}
	cmd := exec.Command(p.path, p.args...)
	cmd.Env = append(inherited(), p.env...)
	cmd.Stdout, cmd.Stderr = out, out
	cmd.WaitDelay = 2 * time.Second
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Setpgid:   true,            // Ctrl-C on a terminal is for us alone; we stop the parts in order
		Pdeathsig: syscall.SIGKILL, // the child dies if we are killed
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", p.Name, err)
	}
	ended := make(chan struct{})
	p.cmd, p.ended, p.lines = cmd, ended, out
	go func() {
		_ = cmd.Wait() // how it ended is in cmd.ProcessState
		out.flush()
		close(ended)
	}()
	return nil
}

// Start starts the program and waits until it serves. If the program ends
// instead, the error has its last output.
func (p *Part) Start(ctx context.Context) error {
	if err := p.Launch(ctx); err != nil {
		return err
	}
	if err := p.WaitReady(ctx); err != nil {
		return errors.Join(err, p.Kill())
	}
	return nil
}

// WaitReady waits until the program serves or has ended.
func (p *Part) WaitReady(ctx context.Context) error {
	_, ended, out := p.running()
	if ended == nil {
		return fmt.Errorf("wait for %s: it was never started", p.Name)
	}
	err := Poll(ctx, func(ctx context.Context) error {
		if isClosed(ended) {
			return final{fmt.Errorf("%s ended: %s", p.Name, out.tail())}
		}
		return p.ready(ctx)
	})
	if err != nil {
		if strings.Contains(out.tail(), "in use") {
			err = fmt.Errorf("%w: %w", errTaken, err)
		}
		return fmt.Errorf("wait for %s: %w", p.Name, err)
	}
	return nil
}

// Kill ends the program at once (SIGKILL) and waits for its end. A part that is
// not running is no error.
func (p *Part) Kill() error { return p.signal(syscall.SIGKILL, true) }

// Pause freezes the program (SIGSTOP): its sockets stay open, and nothing
// answers.
func (p *Part) Pause() error { return p.signal(syscall.SIGSTOP, false) }

// Resume lets a paused program go on (SIGCONT).
func (p *Part) Resume() error { return p.signal(syscall.SIGCONT, false) }

// Hangup sends SIGHUP, as a terminal does when it closes.
func (p *Part) Hangup() error { return p.signal(syscall.SIGHUP, false) }

// Terminate asks the program to stop (SIGTERM) and does not wait.
func (p *Part) Terminate() error { return p.signal(syscall.SIGTERM, false) }

// Reload tells HAProxy's master to start a worker with the current
// configuration. The old worker keeps its connections. Reload does not wait.
func (p *Part) Reload() error {
	cmd, ended, _ := p.running()
	if cmd == nil || isClosed(ended) {
		return fmt.Errorf("reload %s: not running", p.Name)
	}
	if err := cmd.Process.Signal(syscall.SIGUSR2); err != nil {
		return fmt.Errorf("reload %s: %w", p.Name, err)
	}
	return nil
}

// Dump ends a Go program with SIGQUIT and waits until it has written the stacks
// of all goroutines to its log.
func (p *Part) Dump() error { return p.signal(syscall.SIGQUIT, true) }

// Stop asks the program to stop and waits until it has. When ctx ends first,
// the program is killed and Stop returns an error.
func (p *Part) Stop(ctx context.Context) error {
	_, ended, _ := p.running()
	if ended == nil || isClosed(ended) {
		return nil
	}
	if err := errors.Join(p.Resume(), p.Terminate()); err != nil {
		return err
	}
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return errors.Join(fmt.Errorf("stop %s: still running: %w", p.Name, context.Cause(ctx)), p.Kill())
	}
}

// Ended returns a channel that is closed once the program has ended; nil if it
// was never started.
func (p *Part) Ended() <-chan struct{} {
	_, ended, _ := p.running()
	return ended
}

// ExitCode returns the exit code of the last run, -1 while it runs or if a
// signal ended it.
func (p *Part) ExitCode() int {
	cmd, ended, _ := p.running()
	if cmd == nil || !isClosed(ended) {
		return -1
	}
	return cmd.ProcessState.ExitCode()
}

// Output returns the last lines of the last run.
func (p *Part) Output() string {
	_, _, out := p.running()
	if out == nil {
		return ""
	}
	return out.tail()
}

func (p *Part) running() (*exec.Cmd, chan struct{}, *lines) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cmd, p.ended, p.lines
}

// signal goes to the part's whole process group.
func (p *Part) signal(s syscall.Signal, wait bool) error {
	cmd, ended, _ := p.running()
	if cmd == nil || isClosed(ended) {
		return nil
	}
	if err := syscall.Kill(-cmd.Process.Pid, s); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("send %v to %s: %w", s, p.Name, err)
	}
	if wait {
		<-ended
	}
	return nil
}

// inherited is the environment that the parts inherit from us: no variable that
// is a setting of theirs.
func inherited() []string {
	var env []string
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "GOCOVERDIR", "GORACE"} {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	return env
}

func isClosed(c chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
