package chat

import (
	"strings"
	"testing"
	"time"
)

func TestSubjects(t *testing.T) {
	for _, s := range []Subject{AccountSubject(7), GuestSubject("wJ4-_x"), AddressSubject("h")} {
		kind, id := s.Split()
		if again, err := NewSubject(kind, id); err != nil || again != s {
			t.Errorf("%s is split into %q and %q, which make %q, %v", s, kind, id, again, err)
		}
	}
	for _, bad := range [][2]string{
		{"", "x"}, {"user", "x"}, {"guest", ""}, {"guest", "a b"}, {"guest", "a\nb"}, {"guest", "é"},
		{"guest", strings.Repeat("x", 65)}, {"account", "ann"}, {"account", "0"}, {"account", "-1"},
		{"account", "+1"}, {"account", "01"},
	} {
		if s, err := NewSubject(bad[0], bad[1]); err == nil || AsError(err).Code != CodeBadRequest {
			t.Errorf("%q makes %q, %v", bad, s, err)
		}
	}
	for _, none := range []Subject{"", "x", "g:", "u:x"} {
		if kind, id := none.Split(); kind != "" || id != "" {
			t.Errorf("%q is split into %q and %q", none, kind, id)
		}
	}
}

func TestRuleRefusals(t *testing.T) {
	for code, retryable := range map[Code]bool{
		CodeMuted: false, CodeBanned: false, CodePaused: false, CodeRegisteredOnly: false, CodeSlowMode: true,
	} {
		e := RuleRefusal(code, time.Second)
		if e == nil || e.Code != code || e.Retryable != retryable || e.RetryAfterMS != 1000 ||
			e.Message == "" {
			t.Errorf("%s: %+v", code, e)
		}
		if e := RuleRefusal(code, 0); e.RetryAfterMS != 0 {
			t.Errorf("%s changed for all: %+v", code, e)
		}
	}
	if e := RuleRefusal(CodeRateLimited, 0); e != nil {
		t.Errorf("a code that is none of theirs: %+v", e)
	}
}
