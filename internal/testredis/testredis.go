// Package testredis starts a real redis-server for a test.
package testredis

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"livechat/internal/need"
)

// Server is a redis-server for one test, on a unix socket. It keeps its data
// over Kill and Start. For this it syncs with every write: with an fsync every
// second, Redis may delay even the write to the file, and a crash would lose
// acknowledged data.
type Server struct {
	URL string // for REDIS_URL

	t       testing.TB
	program string
	args    []string
	socket  string
	cmd     *exec.Cmd // nil while it is down
}

// New prepares a redis-server with an append-only file and args as further
// arguments, without starting it. If the program is missing, the test is
// skipped or fails; see need.Program.
func New(t testing.TB, args ...string) *Server {
	t.Helper()
	dir, err := os.MkdirTemp("", "redis") // t.TempDir is too long for the path of a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	socket := filepath.Join(dir, "redis.sock")
	s := &Server{
		URL: "unix://" + socket, t: t, program: need.Program(t, "redis-server"), socket: socket,
		args: append(
			[]string{
				"--port",
				"0",
				"--unixsocket",
				socket,
				"--dir",
				dir,
				"--save",
				"",
				"--appendonly",
				"yes",
				"--appendfsync",
				"always",
				"--logfile",
				"log",
			},
			args...),
	}
	t.Cleanup(s.Kill)
	return s
}

// Start starts it and returns when it answers.
func (s *Server) Start() {
	s.t.Helper()
	ignoreFull()
	s.cmd = exec.Command(s.program, s.args...)
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	for {
		if s.answers(ctx) {
			return
		}
		select {
		case <-ctx.Done():
			s.t.Fatal("redis-server does not answer")
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// answers reports whether Redis answers PING with PONG. While it loads data it
// answers with an error.
func (s *Server) answers(ctx context.Context) bool {
	var d net.Dialer
	c, err := d.DialContext(ctx, "unix", s.socket)
	if err != nil {
		return false
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(time.Second)); err != nil {
		return false
	}
	if _, err := c.Write([]byte("PING\r\n")); err != nil {
		return false
	}
	b := make([]byte, 7)
	n, _ := c.Read(b)
	return string(b[:n]) == "+PONG\r\n"
}

// Kill ends it as a crash would.
func (s *Server) Kill() {
	if s.cmd != nil {
		_ = s.cmd.Process.Kill()
		_ = s.cmd.Wait()
		s.cmd = nil
	}
}

// CLI runs redis-cli with args and returns its output.
func (s *Server) CLI(args ...string) string {
	s.t.Helper()
	out, err := exec.Command(need.Program(s.t, "redis-cli"), append([]string{"-s", s.socket}, args...)...).
		CombinedOutput()
	if err != nil {
		s.t.Fatalf("redis-cli %v: %v\n%s", args, err, out)
	}
	return string(out)
}
