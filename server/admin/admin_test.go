package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"livechat/internal/testpg"
	"livechat/server/account"
	"livechat/server/chat"
	"livechat/server/store"
)

// postgres has migrated databases for all tests of this package.
var postgres = &testpg.Shared{Prepare: func(url string) error {
	s, err := store.Open(context.Background(), url)
	if err != nil {
		return err
	}
	return s.Close()
}}

func TestMain(m *testing.M) {
	page = 3
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		postgres.Close()
		os.Exit(code)
	}))
}

const (
	secret = "correct horse"
	home   = "192.0.2.7:51234"
)

// site is a database, and a server that goes on meanwhile: it has opened the
// database on its own.
type site struct {
	t        *testing.T
	url      string
	store    *store.Store
	accounts *account.Service
}

// onEach runs a test on both kinds of database.
func onEach(t *testing.T, test func(t *testing.T, s *site)) {
	t.Parallel()
	for name, url := range map[string]func(t *testing.T) string{
		"sqlite":   func(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "livechat.db") },
		"postgres": func(t *testing.T) string { return postgres.Database(t) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &site{t: t, url: url(t)}
			var err error
			s.store, err = store.Open(t.Context(), s.url)
			s.must(err)
			t.Cleanup(func() { s.must(s.store.Close()) })
			s.accounts = account.New(account.Options{Store: s.store})
			test(t, s)
		})
	}
}

func (s *site) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// register registers an account and returns the token of a session.
func (s *site) register(name string) (token string) {
	s.t.Helper()
	_, err := s.accounts.Register(s.t.Context(), name, secret, home)
	s.must(err)
	token, _, err = s.accounts.Login(s.t.Context(), name, secret, home)
	s.must(err)
	return token
}

// run runs a command in a process of its own, as far as the database can tell,
// and returns what it writes.
func (s *site) run(args ...string) (out, log string, err error) {
	s.t.Helper()
	c, err := Parse(args)
	s.must(err)
	own, err := store.Open(s.t.Context(), s.url)
	s.must(err)
	var o, l bytes.Buffer
	err = c.Run(s.t.Context(), own, &o, &l)
	s.must(own.Close())
	return o.String(), l.String(), err
}

// ran runs a command that succeeds.
func (s *site) ran(args ...string) (out, log string) {
	s.t.Helper()
	out, log, err := s.run(args...)
	s.must(err)
	return out, log
}

// lines decodes the lines of a list for programs.
func (s *site) lines(text string) (all []map[string]any) {
	s.t.Helper()
	for line := range strings.Lines(text) {
		var one map[string]any
		s.must(json.Unmarshal([]byte(line), &one))
		all = append(all, one)
	}
	return all
}

// alive reports whether a session is valid.
func (s *site) alive(token string) bool {
	s.t.Helper()
	_, err := s.accounts.WhoAmI(s.t.Context(), token)
	if e, ok := errors.AsType[*chat.Error](err); ok && e.Code == chat.CodeUnauthorized {
		return false
	}
	s.must(err)
	return true
}
