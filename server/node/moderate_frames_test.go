package node

import (
	"strings"
	"testing"

	"github.com/google/uuid"
)

// asks sends a moderate frame and returns the code of the answer; empty for an
// ack.
func (p *peer) asks(members string) (code string) {
	p.t.Helper()
	id := uuid.NewString()
	p.send(`{"type":"moderate","id":"` + id + `",` + members + `}`)
	for {
		switch e := p.any(); {
		case e.Type == "ack" && e.ID == id:
			return ""
		case e.Type == "error" && e.ID == id:
			return e.Code
		}
	}
}

// Everything that a moderator does over a socket, on a server with sockets only.
func TestModerateFrames(t *testing.T) {
	t.Parallel()
	m := startModerated(t)
	mod := m.admin.socket(m.nodes[0], "/ws")
	gus, eve := dialAs(t, m.nodes[1], guestKey, "name=gus"), dial(t, m.nodes[1], "name=eve")
	gus.send("walrus")
	said := gus.next("message")
	who := `"author":"` + said.Author + `"`
	does := func(members string) {
		t.Helper()
		if code := mod.asks(members); code != "" {
			t.Fatalf("%s: %s", members, code)
		}
	}
	says := func(p *peer, want string) {
		t.Helper()
		if code := p.codeOf(uuid.NewString()); code != want {
			t.Errorf("%q, want %q", code, want)
		}
	}
	does(`"action":"mute","minutes":5,"reason":"caps",` + who)
	says(gus, "muted")
	does(`"action":"unmute",` + who)
	says(gus, "")
	does(`"action":"pause"`)
	says(eve, "paused")
	does(`"action":"resume"`)
	does(`"action":"registered"`)
	says(eve, "registered_only")
	does(`"action":"registered","on":false`)
	does(`"action":"slow","slow_s":3600`)
	says(eve, "")
	says(eve, "slow_mode")
	does(`"action":"slow","slow_s":0`)
	does(`"action":"delete","target":` + target(said))
	if d := eve.next("delete"); d.Target.ID != said.ID || d.By != "moderator" {
		t.Errorf("delete %+v", d)
	}
	does(`"action":"delete",` + who)
	eve.next("delete")
	does(`"action":"kick","name":"eve"`)
	if code := eve.closed(); code != 4506 {
		t.Errorf("eve is closed with %d", code)
	}
	does(`"action":"ban","target":` + target(said)) // of a deleted message
	if code := gus.closed(); code != 4503 {
		t.Errorf("gus is closed with %d", code)
	}
	does(`"action":"unban","subject":"guest:` + said.Author + `"`)
}

func TestModerateFramesRefused(t *testing.T) {
	t.Parallel()
	m := startModerated(t)
	bob := newAPIUser(t, m.api, "bobby")
	bob.register()
	for what, test := range map[string]struct {
		peer    *peer
		members string
		code    string
	}{
		"a guest":     {dial(t, m.nodes[0]), `"action":"pause"`, "forbidden"},
		"an account":  {bob.socket(m.nodes[0], "/ws"), `"action":"pause"`, "forbidden"},
		"no database": {m.admin.socket(m.nodes[1], "/ws"), `"action":"pause"`, "forbidden"},
		"no action":   {m.admin.socket(m.nodes[0], "/ws"), `"account":"bobby"`, "bad_request"},
		"nobody":      {m.admin.socket(m.nodes[0], "/ws"), `"action":"mute"`, "bad_request"},
		"an outsider": {m.admin.socket(m.nodes[0], "/ws"), `"action":"mute","account":"zoe"`, "unknown_user"},
		"oneself":     {m.admin.socket(m.nodes[0], "/ws"), `"action":"mute","account":"anna"`, "forbidden"},
		"minutes":     {m.admin.socket(m.nodes[0], "/ws"), `"action":"mute","account":"bobby","minutes":-1`, "bad_request"},
		"a type":      {m.admin.socket(m.nodes[0], "/ws"), `"action":"mute","account":17`, "bad_request"},
		"slow":        {m.admin.socket(m.nodes[0], "/ws"), `"action":"slow","slow_s":30000`, "bad_request"},
		"a long reason": {m.admin.socket(m.nodes[0], "/ws"), `"action":"pause","reason":"` +
			strings.Repeat("x", 501) + `"`, "too_long"},
		"not muted": {m.admin.socket(m.nodes[0], "/ws"), `"action":"unmute","account":"bobby"`, "not_found"},
	} {
		if code := test.peer.asks(test.members); code != test.code {
			t.Errorf("%s: %q, want %q", what, code, test.code)
		}
	}
}
