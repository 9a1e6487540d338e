package account

import (
	"strings"
	"testing"

	"livechat/server/chat"
)

func TestCommonPasswords(t *testing.T) {
	for _, password := range []string{
		"password", "Password1", "PASSWORD123!", "passw0rd", "P4ssw0rd", "12345678", "123456789a",
		"a1234567", "87654321", "qwertyui", "QWERTY123", "qwer1234", "1234abcd",
		"1qaz2wsx", "zaq12wsx", "1q2w3e4r", "asdfghjk99", "aaaaaaaa", "        ", "abababab",
		"12341234", "asdfasdf", "xyzxyzxyz", "iloveyou2", "Sunshine!", "football99",
		"summer2026", "letmein1", "geheim123", "annie123", "Annie!!!", "annieannie", "123annie",
		strings.Repeat("x", 200), "mnbvcxzlkj", "!@#$%^&*",
	} {
		wants(t, password, checkCommon(password, "annie"), chat.CodeBadPassword)
	}
	for _, password := range []string{
		secret, other, "a good long one", "another long one", "correct horse 123456", "annie likes tea",
		"my password is long", "83619472", "tr0ub4dor&3", "kVz9#qLw",
		"passwords are hard", "qwerty and friends", "äöüßàéîô", "monkey see monkey do",
	} {
		if err := checkCommon(password, "annie"); err != nil {
			t.Errorf("%q was refused", password)
		}
	}
	if err := checkCommon("83619472", "007"); err != nil {
		t.Error("a name without a letter is in everything")
	}
}

// The rule applies wherever a password is set, before any expensive work.
func TestCommonPasswordIsRefusedBeforeHashing(t *testing.T) {
	s, _ := quickService(Options{})
	ann := register(t, s, "annie")
	hash := s.hasher.hash
	s.hasher.hash = func(password, salt []byte, c cost, n int) []byte {
		t.Error("a common password was hashed")
		return hash(password, salt, c, n)
	}
	for _, password := range []string{"password1", "bobby-123"} {
		_, err := s.Register(t.Context(), "bobby", password, home)
		wants(t, password, err, chat.CodeBadPassword)
	}
	for _, password := range []string{"password1", "Annie 2026"} {
		wants(t, password, s.ChangePassword(t.Context(), ann.ID, secret, password), chat.CodeBadPassword)
	}
}
