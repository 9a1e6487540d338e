package rooms

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.uber.org/goleak"

	"livechat/internal/testpg"
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
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		postgres.Close()
		os.Exit(code)
	}))
}

// site has the rooms of a database, and accounts. Root is an admin.
type site struct {
	*Service
	t                   *testing.T
	store               *store.Store
	ann, bob, eve, root Actor
	told                []string // rooms of which Redis was told
}

func onEach(t *testing.T, test func(t *testing.T, s *site)) {
	t.Parallel()
	for name, url := range map[string]func(t *testing.T) string{
		"sqlite":   func(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "livechat.db") },
		"postgres": func(t *testing.T) string { return postgres.Database(t) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &site{t: t}
			var err error
			s.store, err = store.Open(t.Context(), url(t))
			s.must(err)
			t.Cleanup(func() { s.must(s.store.Close()) })
			s.Service = New(Options{
				Store: s.store, PerAccount: 3, Online: func(room string) int { return len(room) },
				Apply: func(_ context.Context, room string) { s.told = append(s.told, room) },
			})
			s.ann, s.bob, s.eve, s.root = s.account("ann"), s.account("bob"), s.account("eve"), s.account("root")
			s.root.Admin = true
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

func (s *site) account(name string) Actor {
	s.t.Helper()
	u, err := s.store.CreateUser(s.t.Context(), name, name, "hash")
	s.must(err)
	return ActorOf(u)
}

// refuses fails the test unless an error has a code.
func (s *site) refuses(what string, err error, code chat.Code) {
	s.t.Helper()
	if e, ok := errors.AsType[*chat.Error](err); !ok || e.Code != code {
		s.t.Fatalf("%s: %v, want %s", what, err, code)
	}
}

// club makes a room by invitation of ann's with bob as a member.
func (s *site) club() {
	s.t.Helper()
	_, err := s.Make(s.t.Context(), s.ann, Draft{Name: "club", Title: "The  Club", Access: chat.AccessInvite})
	s.must(err)
	token := s.invite("club", 1)
	_, err = s.Join(s.t.Context(), s.bob, token)
	s.must(err)
}

func (s *site) invite(room string, uses int64) (token string) {
	s.t.Helper()
	token, _, err := s.Invite(s.t.Context(), s.ann, room, uses, time.Hour)
	s.must(err)
	return token
}

// roles lists the members of a room.
func (s *site) roles(room string) string {
	s.t.Helper()
	all, _, err := s.Members(s.t.Context(), s.root, room, "", 100)
	s.must(err)
	var words []string
	for _, m := range all {
		words = append(words, m.Name+":"+string(m.Role))
	}
	return strings.Join(words, " ")
}

func (s *site) has(room, want string) {
	s.t.Helper()
	if got := s.roles(room); got != want {
		s.t.Fatalf("members of %s: %q, want %q", room, got, want)
	}
}

// actions returns the audit log, oldest first.
func (s *site) actions() (all []string) {
	s.t.Helper()
	log, err := s.store.Audit(s.t.Context(), store.AuditEntry{}, 100)
	s.must(err)
	for _, e := range slices.Backward(log) {
		all = append(all, strings.TrimRight(e.By.Name+" "+e.Action+" "+e.Target.Name, " "))
	}
	return all
}

func (s *site) said(room string) {
	s.t.Helper()
	_, err := s.store.AddRoomMessages(s.t.Context(), []store.RoomMessage{{
		Room: room, Epoch: "00000000000000aa", Seq: 1, ID: uuid.NewString(), Session: "s", Name: "gus", Text: "hi",
		At: time.Now(),
	}})
	s.must(err)
}
