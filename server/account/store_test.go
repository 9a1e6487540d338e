package account

import (
	"testing"
	"time"

	"livechat/server/chat"
	"livechat/server/store"
)

var _ Store = (*store.Store)(nil)

// The life of an account on the real store with the real hash function: it
// backs the memory store that the other tests use.
func TestAccountLifecycleOnSQLite(t *testing.T) {
	db, err := store.Open(t.Context(), "sqlite::memory:")
	must(t, err)
	defer func() { must(t, db.Close()) }()
	now := time.Now()
	s := New(Options{Store: db, Now: func() time.Time { return now }})

	ann := register(t, s, "Ann")
	bob := register(t, s, "bob")
	if ann.Name != "ann" || ann.ID == bob.ID {
		t.Errorf("registered %+v and %+v", ann, bob)
	}
	for _, name := range []string{"ann", "ANN", "a-n-n"} {
		_, err := s.Register(t.Context(), name, secret, home)
		wants(t, name, err, chat.CodeNameTaken)
	}
	_, _, err = s.Login(t.Context(), "ann", other, home)
	wants(t, "a wrong password", err, chat.CodeUnauthorized)
	_, _, err = s.Login(t.Context(), "eve", secret, home)
	wants(t, "an unknown name", err, chat.CodeUnauthorized)

	first, second := login(t, s, "ann"), login(t, s, "Ann")
	bobs := login(t, s, "bob")
	alive := func(what, token string, want User) {
		t.Helper()
		if u, err := s.WhoAmI(t.Context(), token); err != nil || u != want {
			t.Errorf("%s: %+v, %v, want %+v", what, u, err, want)
		}
	}
	dead := func(what, token string) {
		t.Helper()
		_, err := s.WhoAmI(t.Context(), token)
		wants(t, what, err, chat.CodeUnauthorized)
	}
	alive("the first session", first, ann)
	must(t, s.Logout(t.Context(), first))
	must(t, s.Logout(t.Context(), first))
	dead("the first session", first)
	alive("the second session", second, ann)
	must(t, s.ChangePassword(t.Context(), ann.ID, secret, other))
	dead("the second session, after the change", second)
	alive("bob's session", bobs, bob)
	third, err := s.NewSession(t.Context(), ann.ID)
	must(t, err)
	alive("the session after the change", third, ann)
	must(t, s.LogoutAll(t.Context(), ann.ID))
	dead("the session, after logging out everywhere", third)
	wants(t, "no such user", s.ChangePassword(t.Context(), 99, secret, other), chat.CodeUnauthorized)
	_, err = s.NewSession(t.Context(), 99)
	wants(t, "no such user", err, chat.CodeUnauthorized)

	must(t, s.Delete(t.Context(), ann.ID, other, true))
	_, _, err = s.Login(t.Context(), "ann", other, home)
	wants(t, "a deleted account", err, chat.CodeUnauthorized)
	_, err = s.Register(t.Context(), "ann", secret, home)
	wants(t, "its name", err, chat.CodeNameTaken)
	for name, want := range map[string]bool{"Änn": true, "вob": true, "eve": false} {
		if got, err := s.Reserved(t.Context(), name); err != nil || got != want {
			t.Errorf("Reserved(%q) = %v, %v", name, got, err)
		}
	}

	now = now.Add(30 * 24 * time.Hour)
	dead("bob's session, after 30 days", bobs)
}
