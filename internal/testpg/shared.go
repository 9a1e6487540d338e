package testpg

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"livechat/internal/need"
)

// Shared is one PostgreSQL for all tests of a package that do not stop it, and
// so for tests that run at the same time. Making a cluster takes a second, and
// migrating a database as long; copying a migrated one takes a tenth of that.
type Shared struct {
	// Prepare makes the tables of the database that the others are copies of.
	// It leaves no connection open. If it is nil, the databases are empty.
	Prepare func(url string) error

	once     sync.Once
	postgres *Postgres
	template string
	err      error
}

// Database creates a database with these tables, if any, and returns its DATABASE_URL.
// If the programs are missing, the test is skipped or fails; see need.Program.
func (s *Shared) Database(t testing.TB) string {
	t.Helper()
	s.once.Do(func() { s.err = s.start() })
	if errors.Is(s.err, errMissing) {
		need.Program(t, "initdb")
	}
	if s.err != nil {
		t.Fatal(s.err)
	}
	url, err := s.postgres.copyOf(s.template)
	if err != nil {
		t.Fatal(err)
	}
	return url
}

func (s *Shared) start() (err error) {
	if s.postgres, err = Run("fsync=off"); err != nil {
		return err
	}
	if s.Prepare == nil {
		s.template = "template1"
		return nil
	}
	url, err := s.postgres.Database()
	if err != nil {
		return err
	}
	_, name, _ := strings.Cut(url, "@/")
	s.template, _, _ = strings.Cut(name, "?")
	return s.Prepare(url)
}

// Close ends it. TestMain calls it after the tests.
func (s *Shared) Close() {
	if s.postgres != nil {
		s.postgres.Close()
	}
}
