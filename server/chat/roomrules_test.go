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
		CodeMembersOnly: false,
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

// The rules of a room admit some people and keep others out.
func TestAdmits(t *testing.T) {
	now := time.Now()
	ann, ben, gus := Writer{Person: "a:1"}, Writer{Person: "a:2", Address: "h:x"}, Writer{Person: "g:x"}
	roles := map[Subject]RoomRole{"a:1": RoleMember, "g:x": RoleOwner}
	later := map[Subject]int64{"a:1": now.Add(time.Hour).UnixMilli(), "h:x": 0, "g:x": now.UnixMilli()}
	for what, c := range map[string]struct {
		rules         RoomRules
		ann, ben, gus Code
	}{
		"no rules":   {},
		"open":       {rules: RoomRules{Access: AccessOpen, Roles: roles}},
		"to write":   {rules: RoomRules{Registered: true, Paused: true}},
		"registered": {RoomRules{Access: AccessRegistered}, "", "", CodeRegisteredOnly},
		"invite":     {RoomRules{Access: AccessInvite, Roles: roles}, "", CodeMembersOnly, CodeMembersOnly},
		"nobody":     {RoomRules{Access: AccessInvite}, CodeMembersOnly, CodeMembersOnly, CodeMembersOnly},
		"unknown":    {RoomRules{Access: "secret", Roles: roles}, "", CodeMembersOnly, CodeMembersOnly},
		"banned":     {RoomRules{Banned: later}, CodeBanned, CodeBanned, ""},
		"banned, invite": {
			RoomRules{Banned: later, Access: AccessInvite, Roles: roles}, CodeBanned, CodeBanned, CodeMembersOnly,
		},
	} {
		for who, want := range map[Writer]Code{ann: c.ann, ben: c.ben, gus: c.gus} {
			err := c.rules.Admits(who, now)
			if want == "" && err == nil {
				continue
			}
			if e := AsError(err); err == nil || e.Code != want || e.Retryable ||
				(e.RetryAfterMS > 0) != (want == CodeBanned && who == ann) {
				t.Errorf("%s, %s: %v, want %q", what, who.Person, err, want)
			}
		}
	}
	closed := RoomRules{Access: AccessInvite, Roles: roles}
	if err := closed.Admits(Writer{}, now); err == nil {
		t.Error("nobody is let into a closed room")
	}
	for want, all := range map[bool][]RoomRules{
		true: {{Access: AccessInvite}, {Access: AccessRegistered}, {Access: AccessOpen}, {Roles: roles},
			{Paused: true}},
		false: {{}, {Version: 7}},
	} {
		for _, r := range all {
			if r.Any() != want {
				t.Errorf("%+v: any rules: %v", r, !want)
			}
		}
	}
	if RoleMember.Moderates() || !RoleModerator.Moderates() || !RoleOwner.Moderates() {
		t.Error("wrong roles moderate")
	}
}

// A ban of an address keeps out all who have it but those who moderate.
func TestBanOfAnAddress(t *testing.T) {
	r := RoomRules{
		Banned: map[Subject]int64{"h:x": 0, "a:3": 0},
		Roles:  map[Subject]RoomRole{"a:1": RoleModerator, "a:2": RoleMember, "a:3": RoleOwner},
	}
	for person, want := range map[Subject]bool{"a:1": false, "a:2": true, "a:3": true, "g:y": true} {
		if _, banned := r.Bans(Writer{Person: person, Address: "h:x"}, time.Now()); banned != want {
			t.Errorf("%s: banned %t", person, banned)
		}
	}
}
