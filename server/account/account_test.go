package account

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/text/secure/precis"

	"livechat/server/chat"
)

func TestRegister(t *testing.T) {
	s, _ := quickService(Options{})
	u := register(t, s, "Ann_Lee")
	if u.Name != "ann_lee" || u.ID == 0 || u.Created.IsZero() {
		t.Errorf("registered as %+v", u)
	}
	s.hasher.hash = func([]byte, []byte, cost, int) []byte {
		t.Error("hashed for an invalid name")
		return nil
	}
	for _, name := range []string{"ann_lee", "ANN-LEE", "annlee", "ann1ee", "an_nI_ee"} {
		_, err := s.Register(t.Context(), name, secret, home)
		wants(t, name, err, chat.CodeNameTaken)
	}
	for _, name := range []string{"admin", "Adm1n", "liv-echat", "SYSTEM", "de1eted", "roo_t", "rnods",
		"You"} {
		_, err := s.Register(t.Context(), name, secret, home)
		wants(t, name, err, chat.CodeNameReserved)
	}
	for _, name := range []string{
		"", "an", strings.Repeat("x", 21), "ann lee", "ann.lee", "änn", "ann\n", " ann", "аnn",
		"\u212aim" /* Kelvin */, "___", "-_-",
		"guest-1a2b", "Guest", "guest_x", "gu-est1a2b", "GUESTS",
	} {
		_, err := s.Register(t.Context(), name, secret, home)
		wants(t, name, err, chat.CodeBadName)
	}
	s.hasher.hash = quick
	for _, name := range []string{"bob", "x_1", "007", strings.Repeat("x", 20), "admin-ann", "august"} {
		register(t, s, name)
	}
}

func TestRegisterTwiceAtOnce(t *testing.T) {
	s, _ := quickService(Options{})
	errs := make(chan error)
	for range 8 {
		go func() {
			_, err := s.Register(t.Context(), "ann", secret, home)
			errs <- err
		}()
	}
	won := 0
	for range 8 {
		if err := <-errs; err == nil {
			won++
		} else {
			wants(t, "the others", err, chat.CodeNameTaken)
		}
	}
	if won != 1 {
		t.Errorf("%d accounts have the name, want 1", won)
	}
}

// Emoji from a keyboard are valid in a password. Parts of emoji that belong to
// no emoji are not.
func TestPasswordMayContainEmoji(t *testing.T) {
	s, _ := quickService(Options{})
	for i, emoji := range []string{
		"😀", "❤️", "☎︎", "👍🏽", "👩🏾‍🚀", "👨‍👩‍👧‍👦", "🏳️‍🌈", "🏴‍☠️", "🇩🇪", "1️⃣", "#️⃣",
		"🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
		"🧑🏻‍❤️‍💋‍🧑🏿", "🙂‍↔️", "🐦‍⬛", "🫩" /* Unicode 16 */, "ℹ️", "‼️", "©️", "🧏‍♀️", "㊗️", "🅰️",
	} {
		name, password := fmt.Sprintf("user-%d", i), "pässword"+emoji
		_, err := s.Register(t.Context(), name, password, home)
		if err != nil {
			t.Errorf("%s (%+q): %v", emoji, emoji, err)
			continue
		}
		// Another keyboard: another normal form and another space.
		if _, _, err := s.Login(t.Context(), name, "pa\u0308ssword"+emoji, home); err != nil {
			t.Errorf("%s: logging in: %v", emoji, err)
		}
		_, _, err = s.Login(t.Context(), name, "passwort"+emoji, home)
		wants(t, "another one with "+emoji, err, chat.CodeUnauthorized)
	}
	for what, password := range map[string]string{
		"control and emoji": "passwort👨‍👩‍👧\x00", "a joiner alone": "passwort\u200d",
		"a joiner after a letter":  "passwort\u200d👩",
		"a joiner before a letter": "👩\u200dpasswort", "a style after a letter": "passwort\ufe0f",
		"tags alone": "passwort\U000e0067\U000e007f",
		"unassigned": "passwort👨‍👩‍👧\u0378", "direction": "passwort👨‍👩‍👧\u202e",
		"bytes": "passwort👨‍👩‍👧\xff",
	} {
		_, err := s.Register(t.Context(), "bad", password, home)
		wants(t, what, err, chat.CodeBadPassword)
	}
}

// Stored hashes are of this form.
func TestPreparedPasswordStaysTheSame(t *testing.T) {
	for _, password := range []string{"correct horse", "a\u0308 b\u00a0c\u3000d", "😀😀😀😀😀😀😀😀",
		"कॢ\u094d\u200dष password", "ŀl·l password"} {
		want, err := precis.OpaqueString.String(password)
		if err != nil {
			t.Fatalf("%+q: %v", password, err)
		}
		if got, err := preparePassword(password); err != nil || got != want {
			t.Errorf("%+q: %+q, %v", password, got, err)
		}
		if got, err := preparePassword(password + "❤️"); err != nil || got != want+"❤️" {
			t.Errorf("%+q with a heart: %+q, %v", password, got, err)
		}
	}
}

func TestPasswordRules(t *testing.T) {
	s, _ := quickService(Options{})
	hashed := 0
	s.hasher.hash = func(password, salt []byte, c cost, n int) []byte {
		hashed++
		return quick(password, salt, c, n)
	}
	for what, password := range map[string]string{
		"empty": "", "7 characters": "1234567", "7 wide characters": "äöüäöüä",
		"257 characters": strings.Repeat("x", 257),
		"huge":           strings.Repeat("x", 1<<20), "no UTF-8": "12345678\xff", "NUL": "12345678\x00",
		"escape":                      "12345678\x1b",
		"8 code points, 4 characters": "a\u0308a\u0308a\u0308a\u0308",
	} {
		_, err := s.Register(t.Context(), "ann", password, home)
		wants(t, what, err, chat.CodeBadPassword)
	}
	if hashed != 0 {
		t.Errorf("%d of the bad passwords were hashed", hashed)
	}
	for name, password := range map[string]string{
		"digits": "83619472", "long": strings.Repeat("xyz word ", 28) + "1234",
		"wide": strings.Repeat("😀😎😴🤖👻", 51) + "!", "umlauts": "äöüßàéîô",
	} {
		if _, err := s.Register(t.Context(), name, password, home); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A password is the same however a keyboard encodes it. It is neither trimmed
// nor case-folded.
func TestPasswordMatchesHoweverItIsTyped(t *testing.T) {
	s, _ := quickService(Options{})
	_, err := s.Register(t.Context(), "ann", "Zoë\u3000Müller", home)
	must(t, err)
	if _, _, err := s.Login(t.Context(), "ann", "Zoe\u0308 Mu\u0308ller", home); err != nil {
		t.Errorf("decomposed, with another space: %v", err)
	}
	for _, password := range []string{"zoë müller", " Zoë Müller", "Zoë Müller ", "Zoe Muller", "", "\x00",
		"\xff", strings.Repeat("x", 1<<20)} {
		_, _, err := s.Login(t.Context(), "ann", password, home)
		wants(t, "another password", err, chat.CodeUnauthorized)
	}
}

func TestChangePassword(t *testing.T) {
	s, m := quickService(Options{})
	ann := register(t, s, "ann")
	bob := register(t, s, "bob")
	tokens := []string{login(t, s, "ann"), login(t, s, "ann")}
	bobs := login(t, s, "bob")

	wants(t, "wrong password", s.ChangePassword(t.Context(), ann.ID, other, other), chat.CodeForbidden)
	wants(t, "short password", s.ChangePassword(t.Context(), ann.ID, secret, "short"), chat.CodeBadPassword)
	wants(t, "no such user", s.ChangePassword(t.Context(), 99, secret, other), chat.CodeUnauthorized)
	for _, token := range tokens {
		if u, err := s.WhoAmI(t.Context(), token); err != nil || u != ann {
			t.Fatalf("after refused changes: %v, %v", u, err)
		}
	}

	must(t, s.ChangePassword(t.Context(), ann.ID, secret, other))
	for _, token := range tokens {
		_, err := s.WhoAmI(t.Context(), token)
		wants(t, "a session from before", err, chat.CodeUnauthorized)
	}
	if u, err := s.WhoAmI(t.Context(), bobs); err != nil || u != bob {
		t.Errorf("another user's session: %v, %v", u, err)
	}
	_, _, err := s.Login(t.Context(), "ann", secret, home)
	wants(t, "the old password", err, chat.CodeUnauthorized)
	if _, _, err := s.Login(t.Context(), "ann", other, home); err != nil {
		t.Errorf("the new password: %v", err)
	}
	token, err := s.NewSession(t.Context(), ann.ID)
	must(t, err)
	if u, err := s.WhoAmI(t.Context(), token); err != nil || u != ann {
		t.Errorf("the session after the change: %v, %v", u, err)
	}
	if m.count() != 3 {
		t.Errorf("%d sessions, want bob's and two of ann's", m.count())
	}
}

func TestDelete(t *testing.T) {
	s, _ := quickService(Options{})
	ann := register(t, s, "ann")
	token := login(t, s, "ann")
	wants(t, "wrong password", s.Delete(t.Context(), ann.ID, other, true), chat.CodeForbidden)
	s.hasher.hash = func([]byte, []byte, cost, int) []byte { t.Error("hashed a megabyte"); return nil }
	wants(t, "no password", s.Delete(t.Context(), ann.ID, strings.Repeat("x", 1<<20), true), chat.CodeForbidden)
	s.hasher.hash = quick
	must(t, s.Delete(t.Context(), ann.ID, secret, true))
	wants(t, "again", s.Delete(t.Context(), ann.ID, secret, true), chat.CodeUnauthorized)
	_, err := s.WhoAmI(t.Context(), token)
	wants(t, "its session", err, chat.CodeUnauthorized)
	_, err = s.NewSession(t.Context(), ann.ID)
	wants(t, "a new session", err, chat.CodeUnauthorized)
	_, _, err = s.Login(t.Context(), "ann", secret, home)
	wants(t, "its login", err, chat.CodeUnauthorized)
	_, err = s.Register(t.Context(), "ann", secret, home)
	wants(t, "its name", err, chat.CodeNameTaken)
	if reserved, err := s.Reserved(t.Context(), "Ann"); err != nil || !reserved {
		t.Errorf("reserved for guests: %v, %v", reserved, err)
	}
}

// No failure of the store may look like an answer about an account.
func TestStoreErrorsAreReturnedAsInternal(t *testing.T) {
	s, m := quickService(Options{})
	ann := register(t, s, "ann")
	token := login(t, s, "ann")
	down := errors.New("no connection")
	m.fail(down)
	calls := map[string]func() error{
		"Register":       func() error { _, err := s.Register(t.Context(), "bob", secret, home); return err },
		"Login":          func() error { _, _, err := s.Login(t.Context(), "ann", secret, home); return err },
		"Logout":         func() error { return s.Logout(t.Context(), token) },
		"LogoutAll":      func() error { return s.LogoutAll(t.Context(), ann.ID) },
		"WhoAmI":         func() error { _, err := s.WhoAmI(t.Context(), token); return err },
		"NewSession":     func() error { _, err := s.NewSession(t.Context(), ann.ID); return err },
		"ChangePassword": func() error { return s.ChangePassword(t.Context(), ann.ID, secret, other) },
		"Delete":         func() error { return s.Delete(t.Context(), ann.ID, secret, true) },
		"Reserved":       func() error { _, err := s.Reserved(t.Context(), "bob"); return err },
	}
	for name, call := range calls {
		err := call()
		if _, ok := errors.AsType[*chat.Error](err); !errors.Is(err, down) || ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}
