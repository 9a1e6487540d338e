// Package testpg starts a real PostgreSQL for a test.
package testpg

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"livechat/internal/need"
)

// Server is a PostgreSQL cluster of a test's own, on a unix socket in a directory of its own. It keeps its data over Kill and Start:
// what was committed is in the kernel's hands then, so fsync is off, and only a crash of the machine could lose it.
type Server struct {
	t    testing.TB
	bin  string    // where the programs are
	dir  string    // holds data and socket
	cmd  *exec.Cmd // nil while it is down
	made int       // databases
}

// superuser is who the tests are to PostgreSQL.
const superuser = "postgres"

// New makes a cluster and starts it; it ends with the test. PostgreSQL refuses to run as root, so under root it runs as the user `postgres` or
// `nobody`. The test is skipped, or fails, where the programs are missing; see need.Program.
func New(t testing.TB) *Server {
	t.Helper()
	s := &Server{t: t, bin: programs(t)}
	var err error
	if s.dir, err = os.MkdirTemp("", "pg"); err != nil { // t.TempDir is too long for the path of a socket
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(s.dir) })
	if user := credential(t); user != nil {
		if err := os.Chown(s.dir, int(user.Uid), int(user.Gid)); err != nil {
			t.Fatal(err)
		}
	}
	s.run("initdb", "--pgdata", s.data(), "--username", superuser, "--auth", "trust", "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync")
	t.Cleanup(s.Kill)
	s.Start()
	return s
}

// programs returns the folder of PostgreSQL's programs: that of the newest version where Debian keeps them, which is not on the PATH.
func programs(t testing.TB) string {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil {
		t.Fatal(err)
	}
	if len(found) == 0 {
		return filepath.Dir(need.Program(t, "initdb"))
	}
	version := func(path string) int {
		n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path))))
		return n
	}
	return filepath.Dir(slices.MaxFunc(found, func(a, b string) int { return version(a) - version(b) }))
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

// Start starts it again after Kill and returns when it takes connections.
func (s *Server) Start() {
	s.t.Helper()
	log, err := os.Create(filepath.Join(s.dir, "log"))
	if err != nil {
		s.t.Fatal(err)
	}
	defer log.Close()
	s.cmd = s.command("postgres", "-D", s.data(), "-c", "listen_addresses=", "-c", "unix_socket_directories="+s.dir, "-c", "fsync=off")
	s.cmd.Stdout, s.cmd.Stderr = log, log
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for s.command("pg_isready", "--quiet", "--host", s.dir, "--username", superuser).Run() != nil {
		select {
		case <-ctx.Done():
			text, _ := os.ReadFile(log.Name())
			s.t.Fatalf("PostgreSQL does not answer:\n%s", text)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Kill ends it at once and without tidying up, as a crash would; the processes of the connections end with it.
func (s *Server) Kill() {
	if s.cmd != nil {
		_ = s.cmd.Process.Signal(syscall.SIGQUIT) // after SIGKILL those processes would live on for a while, and Start refuse
		_ = s.cmd.Wait()
		s.cmd = nil
	}
}

// Database makes an empty database and returns its URL, for DATABASE_URL.
func (s *Server) Database() string {
	s.t.Helper()
	s.made++
	name := fmt.Sprintf("test%d", s.made)
	s.run("createdb", "--host", s.dir, "--username", superuser, name)
	u := url.URL{Scheme: "postgres", User: url.User(superuser), Path: "/" + name, RawQuery: url.Values{"host": {s.dir}, "sslmode": {"disable"}}.Encode()}
	return u.String()
}

// run runs one of PostgreSQL's programs to its end.
func (s *Server) run(program string, args ...string) {
	s.t.Helper()
	if out, err := s.command(program, args...).CombinedOutput(); err != nil {
		s.t.Fatalf("%s %v: %v\n%s", program, args, err, out)
	}
}

// command prepares one of PostgreSQL's programs, as a user who is not root, and without the PG… variables of whoever runs the tests.
func (s *Server) command(program string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(s.bin, program), args...)
	cmd.Dir = s.dir
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "PG") })
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: credential(s.t)}
	return cmd
}
