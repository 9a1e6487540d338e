package account

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"livechat/server/chat"
	"livechat/server/limit"
	"livechat/server/store"
)

func TestSession(t *testing.T) {
	s, m := quickService(Options{})
	ann := register(t, s, "ann")
	token, u, err := s.Login(t.Context(), "ANN", secret, home)
	if err != nil || u != ann {
		t.Fatalf("log in: %v, %v", u, err)
	}
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(raw) != 32 {
		t.Fatalf("a token of %d bytes, %v", len(raw), err)
	}
	sum := sha256.Sum256(raw)
	if _, ok := m.sessions[sum]; !ok {
		t.Error("the store has no session under the SHA-256 of the token")
	}
	if u, err := s.WhoAmI(t.Context(), token); err != nil || u != ann {
		t.Errorf("WhoAmI: %v, %v", u, err)
	}
	last := token[len(token)-1]
	for what, bad := range map[string]string{
		"empty": "", "cut": token[:42], "longer": token + "A", "padded": token + "=",
		"with a line break": token[:20] + "\n" + token[20:],
		"another":           base64.RawURLEncoding.EncodeToString(make([]byte, 32)),
		"its hash":          base64.RawURLEncoding.EncodeToString(sum[:]),
		// A lenient decoder ignores the bits after the last byte.
		"other bits after the last byte": token[:42] + string(last+1),
	} {
		_, err := s.WhoAmI(t.Context(), bad)
		wants(t, what, err, chat.CodeUnauthorized)
		must(t, s.Logout(t.Context(), bad))
	}

	second, third := login(t, s, "ann"), login(t, s, "ann")
	if token == second || second == third {
		t.Error("two sessions with one token")
	}
	must(t, s.Logout(t.Context(), token))
	must(t, s.Logout(t.Context(), token))
	_, err = s.WhoAmI(t.Context(), token)
	wants(t, "after logging out", err, chat.CodeUnauthorized)
	if _, err := s.WhoAmI(t.Context(), second); err != nil {
		t.Errorf("another session, after logging out: %v", err)
	}
	must(t, s.LogoutAll(t.Context(), ann.ID))
	if m.count() != 0 {
		t.Errorf("%d sessions after logging out everywhere", m.count())
	}
}

func TestSessionExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, m := quickService(Options{})
		register(t, s, "ann")
		token := login(t, s, "ann")
		ended := make(chan error, 1)
		ctx, cancel := contextOf(t)
		go func() { ended <- s.Run(ctx) }()
		time.Sleep(30*24*time.Hour - time.Second)
		if _, err := s.WhoAmI(t.Context(), token); err != nil {
			t.Errorf("a second before it ends: %v", err)
		}
		time.Sleep(time.Second)
		_, err := s.WhoAmI(t.Context(), token)
		wants(t, "after 30 days", err, chat.CodeUnauthorized)
		time.Sleep(time.Hour)
		synctest.Wait()
		if m.count() != 0 {
			t.Error("an expired session was not deleted")
		}
		m.fail(store.ErrNotFound)
		time.Sleep(time.Hour)
		cancel()
		must(t, <-ended)
	})
}

// A login with the old password leaves no session once the change is done,
// whatever the interleaving.
func TestLoginWhilePasswordChanges(t *testing.T) {
	for what, meanwhile := range map[string]func(t *testing.T, s *Service, u User) error{
		"changed": func(t *testing.T, s *Service, u User) error {
			return s.ChangePassword(t.Context(), u.ID, secret, other)
		},
		"deleted": func(t *testing.T, s *Service,
			u User) error {
			return s.Delete(t.Context(), u.ID, secret, true)
		},
	} {
		s, m := quickService(Options{})
		ann := register(t, s, "ann")
		m.beforeSession = sync.OnceFunc(func() { must(t, meanwhile(t, s, ann)) })
		_, _, err := s.Login(t.Context(), "ann", secret, home)
		if err != errWrong {
			t.Errorf("%s: %v", what, err)
		}
		if m.count() != 0 {
			t.Errorf("%s: %d sessions", what, m.count())
		}
	}
}

// Counts the work of a login instead of measuring time: one hash, of one cost.
func TestUnknownUserCostsAsMuchAsWrongPassword(t *testing.T) {
	type call struct {
		cost        cost
		salt, bytes int
	}
	var calls []call
	s, _ := quickService(Options{})
	register(t, s, "ann")
	s.hasher.hash = func(password, salt []byte, c cost, n int) []byte {
		calls = append(calls, call{c, len(salt), n})
		return quick(password, salt, c, n)
	}
	want := call{currentCost, saltLen, keyLen}
	for _, test := range []struct{ name, password string }{
		{"ann", other}, {"nobody-here", other}, {"admin", other}, {"ann", ""}, {"nobody-here", ""},
		{"ann", "\x00"}, {"nobody-here", "\x00"},
	} {
		calls = nil
		_, _, err := s.Login(t.Context(), test.name, test.password, home)
		wants(t, test.name, err, chat.CodeUnauthorized)
		if err.Error() != errWrong.Error() {
			t.Errorf("%s gets %q", test.name, err)
		}
		if len(calls) != 1 || calls[0] != want {
			t.Errorf("login as %s with %q: hashed %v, want once %v", test.name, test.password, calls, want)
		}
	}
}

func TestDecoyHashMatchesNoLogin(t *testing.T) {
	m := newMemory()
	none := limit.Rate{Burst: -1}
	s := newService(Options{Store: m, PerAccount: none, PerAddress: none}, quick)
	r, err := parsePHC(s.hasher.decoy)
	must(t, err)
	s.hasher.hash = func(_, _ []byte, _ cost, n int) []byte { return r.key } // as if an attacker had found it
	_, _, err = s.Login(t.Context(), "nobody-here", secret, home)
	wants(t, "the decoy's own password", err, chat.CodeUnauthorized)
	if len(m.seen) != 0 {
		t.Error("logged in with the decoy")
	}
}

// Goes through every operation with a log of all levels, and searches the log
// and all errors for secrets.
func TestSecretsAreInNoLogOrError(t *testing.T) {
	var log bytes.Buffer
	s, m := quickService(Options{
		Logger: slog.New(slog.NewTextHandler(&log,
			&slog.HandlerOptions{Level: slog.LevelDebug, AddSource: true})),
		PerAccount: limit.Rate{Burst: 3, Every: time.Hour},
	})
	var secrets []string
	try := func(_ any, err error) {
		if err != nil {
			log.WriteString(err.Error() + "\n")
		}
	}
	ann := register(t, s, "ann")
	token := login(t, s, "ann")
	secrets = append(secrets, token)
	try(s.Register(t.Context(), "ann", secret, home))
	try(s.Register(t.Context(), secret, secret, home)) // typed into the wrong field
	try(s.Register(t.Context(), "bob", "secret\x00secret", home))
	for range 5 {
		_, _, err := s.Login(t.Context(), "battery-staple", other, home)
		try(nil, err)
		try(nil, s.ChangePassword(t.Context(), ann.ID, other, other))
	}
	try(s.WhoAmI(t.Context(), token))
	try(s.WhoAmI(t.Context(), token+"A"))
	must(t, s.Logout(t.Context(), token))
	must(t, s.LogoutAll(t.Context(), ann.ID))
	bob, err := s.Register(t.Context(), "bob", secret, home)
	must(t, err)
	must(t, s.ChangePassword(t.Context(), bob.ID, secret, other))
	token, err = s.NewSession(t.Context(), bob.ID)
	must(t, err)
	secrets = append(secrets, token)
	must(t, s.Delete(t.Context(), bob.ID, other, true))
	m.users[ann.ID].hash = "$argon2id$" + other
	_, _, err = s.Login(t.Context(), "ann", secret, home)
	try(nil, err)
	m.fail(store.ErrNotFound)
	try(s.NewSession(t.Context(), ann.ID))
	try(s.Reserved(t.Context(), secret))

	secrets = append(secrets, secret, other, "battery-staple", "secret", s.hasher.decoy, "$argon2id")
	for _, seen := range m.seen { // hashes of passwords and tokens
		secrets = append(secrets, seen, base64.RawURLEncoding.EncodeToString([]byte(seen)))
	}
	if len(m.seen) < 4 || !strings.Contains(log.String(), "account: registered") ||
		!strings.Contains(log.String(), "The password is wrong.") {
		t.Fatalf("the test covers too little: %d secrets, and\n%s", len(m.seen), log.String())
	}
	for _, secret := range secrets {
		if strings.Contains(log.String(), secret) {
			t.Errorf("%q is in\n%s", secret, log.String())
		}
	}
}

// A login upgrades an outdated hash without ending a session. A concurrent
// login does not notice.
func TestLoginUpgradesOutdatedHash(t *testing.T) {
	s, m := quickService(Options{})
	ann := register(t, s, "ann")
	old := record{cost: cost{memory: 8, passes: 1, lanes: 1}, salt: make([]byte, saltLen)}
	old.key = quick([]byte(secret), old.salt, old.cost, keyLen)
	m.users[ann.ID].hash = old.phc()
	before, err := s.NewSession(t.Context(), ann.ID)
	must(t, err)

	_, _, err = s.Login(t.Context(), "ann", other, home)
	wants(t, "a wrong password", err, chat.CodeUnauthorized)
	if m.users[ann.ID].hash != old.phc() {
		t.Fatal("a wrong password changed the hash")
	}
	// Another login renews the hash between this one's look-up and its session.
	m.beforeSession = func() {
		m.beforeSession = nil
		login(t, s, "ann")
	}
	login(t, s, "ann")
	renewed := m.users[ann.ID].hash
	if outdated(renewed) {
		t.Error("the outdated hash was not replaced")
	}
	login(t, s, "ann")
	if m.users[ann.ID].hash != renewed {
		t.Error("a current hash was replaced")
	}
	if u, err := s.WhoAmI(t.Context(), before); err != nil || u != ann {
		t.Errorf("the session from before: %v, %v", u, err)
	}
}
