package testredis

import (
	"context"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"livechat/internal/need"
)

// Process is a redis-server on a port of this machine: a node of a Cluster, a
// Sentinel, or a server that Sentinels watch. It keeps no data over a Kill,
// except what it copies from a master.
type Process struct {
	Port string

	t       testing.TB
	program string
	cli     string
	args    []string
	id      string
	cmd     *exec.Cmd     // nil while it is down
	ended   chan struct{} // closed when the process has ended
	known   bool          // has been up before: others know its ports
}

func newProcess(t testing.TB, args ...string) *Process {
	t.Helper()
	p := &Process{
		t:       t,
		Port:    freePort(t),
		program: need.Program(t, "redis-server"),
		cli:     need.Program(t, "redis-cli"),
	}
	dir := t.TempDir()
	p.args = append(args, "--port", p.Port, "--bind", "127.0.0.1", "--dir", dir,
		"--save", "", "--logfile", filepath.Join(dir, "log"))
	t.Cleanup(p.Kill)
	return p
}

var (
	portsMu sync.Mutex
	ports   = make(map[string]bool) // guarded by portsMu: handed out, maybe not bound yet
)

// freePort returns a port that the kernel considered free and that no other
// server of this process was given. redis-server cannot report a port that the
// kernel chose, and binds its own only when it starts.
func freePort(t testing.TB) string {
	t.Helper()
	portsMu.Lock()
	defer portsMu.Unlock()
	for {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		_, port, _ := net.SplitHostPort(l.Addr().String())
		_ = l.Close()
		if !ports[port] {
			ports[port] = true
			return port
		}
	}
}

// Start starts it and returns when it answers. A port that was free a moment
// ago may be taken by now, even by an outgoing connection. Then it gets other
// ports or, if others know its ports, another attempt.
func (p *Process) Start() {
	p.t.Helper()
	for range 20 {
		if p.start() {
			p.known = true
			return
		}
		if !p.known {
			p.Port = p.newPort("--port")
			p.newPort("--cluster-port")
		}
	}
	p.t.Fatalf("redis-server ended at once: %v", p.args)
}

// start starts it once and reports whether it answers; if not, it has ended.
func (p *Process) start() (answers bool) {
	p.t.Helper()
	cmd, ended := exec.Command(p.program, p.args...), make(chan struct{})
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.cmd, p.ended = cmd, ended
	go func() { // Kill waits for it
		defer close(ended)
		_ = cmd.Wait()
	}()
	over := false
	waitFor(p.t, "redis-server answers", func() bool {
		select {
		case <-ended:
			over = true
			return true
		default:
		}
		// Not another server on that port.
		return strings.Contains(p.try("info", "server"), fmt.Sprintf("process_id:%d\r", cmd.Process.Pid))
	})
	if over {
		p.cmd = nil
	}
	return !over
}

// newPort replaces the port in the argument of that name, if there is one.
func (p *Process) newPort(name string) string {
	i := slices.Index(p.args, name)
	if i < 0 {
		return ""
	}
	p.args[i+1] = freePort(p.t)
	return p.args[i+1]
}

// Kill ends it as a crash would.
func (p *Process) Kill() {
	if p.cmd != nil {
		_ = p.cmd.Process.Kill()
		<-p.ended
		p.cmd = nil
	}
}

// tryTime bounds try: another process on the port may accept a connection and
// stay silent.
const tryTime = 2 * time.Second

// try is CLI that returns an empty string on failure.
func (p *Process) try(args ...string) string {
	ctx, cancel := context.WithTimeout(context.Background(), tryTime)
	defer cancel()
	out, err := exec.CommandContext(ctx, p.cli, append([]string{"-e", "-p", p.Port, "--raw"}, args...)...).
		Output()
	if err != nil {
		return ""
	}
	return string(out)
}

// CLI runs redis-cli with args and returns its output. An error from Redis ends
// the test.
func (p *Process) CLI(args ...string) string {
	p.t.Helper()
	out, err := exec.Command(p.cli, append([]string{"-e", "-p", p.Port, "--raw"}, args...)...).
		CombinedOutput()
	if err != nil {
		p.t.Fatalf("redis-cli %v: %v\n%s", args, err, out)
	}
	return string(out)
}

func (p *Process) running() bool { return p.cmd != nil }

// arg returns the value of one of its arguments.
func (p *Process) arg(name string) string { return p.args[slices.Index(p.args, name)+1] }
