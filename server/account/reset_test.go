package account

import (
	"regexp"
	"testing"

	"livechat/server/chat"
)

func TestTemporaryPassword(t *testing.T) {
	form := regexp.MustCompile(`^([a-z2-7]{4}-){3}[a-z2-7]{4}$`)
	first, second := TemporaryPassword(), TemporaryPassword()
	if !form.MatchString(first) || !form.MatchString(second) || first == second {
		t.Errorf("temporary passwords: %s, %s", first, second)
	}
	if _, err := checkPassword(first); err != nil {
		t.Errorf("%s: %v", first, err)
	}
}

// Whoever has a password that was set for them logs in with it, typed as they
// like.
func TestHashPassword(t *testing.T) {
	s, m := quickService(Options{})
	s.hasher.hash = argon2id
	ann := register(t, s, "ann")
	hash, err := HashPassword("pa\u0308ssword of ann")
	must(t, err)
	must(t, m.SetPassword(t.Context(), ann.ID, hash))
	if _, _, err := s.Login(t.Context(), "ann", "pässword of ann", home); err != nil {
		t.Errorf("log in: %v", err)
	}
	_, _, err = s.Login(t.Context(), "ann", secret, home)
	wants(t, "the password before", err, chat.CodeUnauthorized)
	_, err = HashPassword("short")
	wants(t, "a short password", err, chat.CodeBadPassword)
}
