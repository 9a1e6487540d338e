package moderation

import (
	"testing"

	"livechat/server/chat"
	"livechat/server/wire"
)

func TestFrame(t *testing.T) {
	o := open(t)
	on := false
	for _, test := range []struct {
		who  string
		m    wire.Moderate
		code chat.Code
	}{
		{"mod1", wire.Moderate{Action: wire.ActionMute, Account: "member", Minutes: 5}, ""},
		{"mod1", wire.Moderate{Action: wire.ActionUnmute, Account: "member"}, ""},
		{"mod1", wire.Moderate{Action: wire.ActionKick, Name: "gus"}, ""},
		{"owner1", wire.Moderate{Action: wire.ActionSlow, Slow: 10}, ""},
		{"owner1", wire.Moderate{Action: wire.ActionRegistered}, ""},
		{"owner1", wire.Moderate{Action: wire.ActionRegistered, On: &on}, ""},
		{"owner1", wire.Moderate{Action: wire.ActionPause}, ""},
		{"owner1", wire.Moderate{Action: wire.ActionSlow, Slow: 6*60*60 + 1}, chat.CodeBadRequest},
		{"mod1", wire.Moderate{Action: wire.ActionMute, Account: "member", Minutes: -1}, chat.CodeBadRequest},
		{"mod1", wire.Moderate{Action: wire.ActionMute, Account: "member", Minutes: MaxMinutes + 1},
			chat.CodeBadRequest},
		{"mod1", wire.Moderate{Action: "shout"}, chat.CodeBadRequest},
		{"member", wire.Moderate{Action: wire.ActionPause}, chat.CodeForbidden},
	} {
		err := o.Frame(t.Context(), o.users[test.who].ID, "hall", wire.Request{Moderate: &test.m})
		if test.code != "" {
			wantCode(t, test.m.Action, err, test.code)
		} else if err != nil {
			t.Errorf("%s by %s: %v", test.m.Action, test.who, err)
		}
	}
	s, err := o.Settings(t.Context(), o.actor("owner1"), "hall")
	if err != nil || s.Slow.Seconds() != 10 || s.Registered || !s.Paused {
		t.Errorf("rules %+v, %v", s, err)
	}
}
