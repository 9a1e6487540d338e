package cluster

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

// Part is one program of the cluster. Its methods may be called from any goroutine, but one at a time for the same part.
type Part struct {
	// Set at construction.

	Name    string // what its lines of log are marked with; for a server its APPID
	Addr    string // host:port where it listens
	Metrics string // host:port of its metrics; "" if it has none
	inner   string // HAProxy's address for Nginx, which says itself whom it asks for
	stats   string // HAProxy's address of its statistics

	path  string
	args  []string
	ready func(ctx context.Context) error // one try to find out whether it serves
	log   func(part, line string)

	// Guarded by mu.

	mu    sync.Mutex
	env   []string      // of the next start
	cmd   *exec.Cmd     // nil before the first start
	ended chan struct{} // closed when cmd has ended and its last line has been logged
	lines *lines        // what cmd writes
	bad   []string      // lines of every run that no part may ever write
}

// Setenv gives the program a variable from its next start on, over one that it has.
func (p *Part) Setenv(name, value string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.env = append(p.env, name+"="+value)
}

// Launch starts the program and does not wait until it serves.
func (p *Part) Launch(context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd != nil && !isClosed(p.ended) {
		return fmt.Errorf("start %s: it is running", p.Name)
	}
	out := &lines{part: p}
	cmd := exec.Command(p.path, p.args...)
	cmd.Env = append(inherited(), p.env...)
	cmd.Stdout, cmd.Stderr = out, out
	cmd.WaitDelay = 2 * time.Second
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Setpgid:   true,            // a terminal's Ctrl-C is for us, who stop the parts in order
		Pdeathsig: syscall.SIGKILL, // nothing is left behind if we are killed
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

// Start starts the program and waits until it serves. A part that ends instead is an error with the last thing it said.
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

// Kill ends the program at once (SIGKILL) and waits for its end. A part that is not running is no error.
func (p *Part) Kill() error { return p.signal(syscall.SIGKILL, true) }

// Pause freezes the program (SIGSTOP): its sockets stay and nobody answers.
func (p *Part) Pause() error { return p.signal(syscall.SIGSTOP, false) }

// Resume lets a paused program go on (SIGCONT).
func (p *Part) Resume() error { return p.signal(syscall.SIGCONT, false) }

// Hangup sends what a terminal sends that is closed.
func (p *Part) Hangup() error { return p.signal(syscall.SIGHUP, false) }

// Terminate asks the program to stop (SIGTERM) and does not wait.
func (p *Part) Terminate() error { return p.signal(syscall.SIGTERM, false) }

// Reload tells HAProxy's master to start a worker with the configuration as it is now; the old one keeps the sockets that it has. It does not wait.
func (p *Part) Reload() error {
	cmd, ended, _ := p.running()
	if cmd == nil || isClosed(ended) {
		return fmt.Errorf("reload %s: it is not running", p.Name)
	}
	if err := cmd.Process.Signal(syscall.SIGUSR2); err != nil {
		return fmt.Errorf("reload %s: %w", p.Name, err)
	}
	return nil
}

// Dump ends a Go program with SIGQUIT and waits until it has written the stack of each goroutine to its log.
func (p *Part) Dump() error { return p.signal(syscall.SIGQUIT, true) }

// Stop asks the program to stop and waits until it has; at the end of ctx it is killed, which is an error.
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

// Ended returns a channel that is closed once the program has ended; nil if it was never started.
func (p *Part) Ended() <-chan struct{} {
	_, ended, _ := p.running()
	return ended
}

// ExitCode returns the exit code of the last run, -1 while it runs or if a signal ended it.
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

// inherited is what the parts get of our own environment: nothing that would be a setting of theirs.
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
