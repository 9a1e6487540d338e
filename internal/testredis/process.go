package testredis

import (
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"livechat/internal/need"
)

// Process is a redis-server on a port of this machine: a node of a Cluster, or
// a Sentinel or what it looks after. It keeps nothing over a Kill, as far as it
// does not ask a master.
type Process struct {
	Port string

	t       testing.TB
	program string
	cli     string
	args    []string
	id      string
	cmd     *exec.Cmd // nil while it is down
}

func newProcess(t testing.TB, args ...string) *Process {
	t.Helper()
	p := &Process{t: t, Port: freePort(t), program: need.Program(t, "redis-server"), cli: need.Program(t, "redis-cli")}
	dir := t.TempDir()
	p.args = append(args, "--port", p.Port, "--bind", "127.0.0.1", "--dir", dir,
		"--save", "", "--logfile", filepath.Join(dir, "log"))
	t.Cleanup(p.Kill)
	return p
}

var (
	portsMu sync.Mutex
	ports   = make(map[string]bool) // guarded by portsMu: given away, and maybe not bound yet
)

// freePort returns a port that the kernel has just had to give away, and that no
// other of this process's servers was given: redis-server cannot be asked which
// it got, and binds its own only when it is started.
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

// Start starts it and returns when it answers.
func (p *Process) Start() {
	p.t.Helper()
	p.cmd = exec.Command(p.program, p.args...)
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	waitFor(p.t, "redis-server answers", func() bool {
		// Not another server that has the port.
		return strings.Contains(p.try("info", "server"), fmt.Sprintf("process_id:%d\r", p.cmd.Process.Pid))
	})
}

// Kill ends it as a crash would.
func (p *Process) Kill() {
	if p.cmd != nil {
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait()
		p.cmd = nil
	}
}

// try is CLI that returns nothing if that does not go just now.
func (p *Process) try(args ...string) string {
	out, err := exec.Command(p.cli, append([]string{"-e", "-p", p.Port, "--raw"}, args...)...).Output()
	if err != nil {
		return ""
	}
	return string(out)
}

// CLI runs redis-cli with args and returns what it prints. An error that Redis
// answers ends the test.
func (p *Process) CLI(args ...string) string {
	p.t.Helper()
	out, err := exec.Command(p.cli, append([]string{"-e", "-p", p.Port, "--raw"}, args...)...).CombinedOutput()
	if err != nil {
		p.t.Fatalf("redis-cli %v: %v\n%s", args, err, out)
	}
	return string(out)
}

func (p *Process) running() bool { return p.cmd != nil }

// arg returns the value of one of its arguments.
func (p *Process) arg(name string) string { return p.args[slices.Index(p.args, name)+1] }
