// Package testpg starts a real PostgreSQL, for a test or a measurement.
package testpg

import (
	"errors"
	"fmt"
	"os"
	"testing"

	"livechat/internal/need"
)

// Server is a PostgreSQL for one test. It keeps its data over Kill and Start:
// committed data is in the kernel's cache, so fsync is off, and only a crash of
// the machine could lose it.
type Server struct {
	t testing.TB
	p *Postgres
}

// New creates a cluster and starts it until the test ends. If the programs are
// missing, the test is skipped or fails; see need.Program.
func New(t testing.TB) *Server {
	t.Helper()
	p, err := Run("fsync=off")
	if errors.Is(err, errMissing) {
		need.Program(t, "initdb")
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return &Server{t, p}
}

// Postgres returns it for code that is not a test.
func (s *Server) Postgres() *Postgres { return s.p }

// Start starts it again after Kill and returns when it accepts connections.
func (s *Server) Start() {
	s.t.Helper()
	if err := s.p.Start(); err != nil {
		s.t.Fatal(err)
	}
}

// Kill ends it at once without cleaning up, as a crash would. The processes of
// its connections end, too.
func (s *Server) Kill() { s.p.Kill() }

// DatabaseOn creates an empty database with its files in dir, which PostgreSQL
// owns from then on, and returns its URL.
func (s *Server) DatabaseOn(dir string) string {
	s.t.Helper()
	if s.p.user != nil {
		if err := os.Chown(dir, int(s.p.user.Uid), int(s.p.user.Gid)); err != nil {
			s.t.Fatal(err)
		}
	}
	s.Exec("CREATE TABLESPACE elsewhere LOCATION '" + dir + "'")
	url := s.Database()
	s.Exec(fmt.Sprintf("ALTER DATABASE test%d SET TABLESPACE elsewhere", s.p.made))
	return url
}

// Exec runs a statement as the superuser.
func (s *Server) Exec(statement string) {
	s.t.Helper()
	if err := s.p.Exec(s.p.urlOf("postgres"), statement); err != nil {
		s.t.Fatal(err)
	}
}

// Database creates an empty database and returns its DATABASE_URL.
func (s *Server) Database() string {
	s.t.Helper()
	url, err := s.p.Database()
	if err != nil {
		s.t.Fatal(err)
	}
	return url
}
