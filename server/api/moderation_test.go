package api

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"livechat/server/chat"
	"livechat/server/moderation"
)

// The service gets the request, and the client gets its answer.
func TestModeration(t *testing.T) {
	s := newSite(t, nil)
	ann := s.register("ann")
	const room = "/api/v1/rooms/hall/"
	gone := anID + "/?seq=7"
	for _, test := range []struct {
		method, path, body string
		status             int
		asked, answer      string
	}{
		{"POST", "mutes/", `{"account":"bob","minutes":5,"reason":"spam"}`, 201,
			"mute ann hall account=bob author= session= subject= 5m0s spam false",
			`{"mutes":[{"subject":"guest:k3y","by":"ann","at":1763770000123}]}`},
		{"POST", "bans/", `{"message":{"seq":7,"id":"` + anID + `"},"address":true}`, 201,
			"ban ann hall message " + anID + " for ever  true",
			`{"bans":[{"subject":"guest:k3y","by":"ann","at":1763770000123}]}`},
		{"POST", "bans/", fmt.Sprintf(`{"session":"x","ends":%d}`, time.Now().Add(time.Hour).UnixMilli()),
			201,
			"ban ann hall account= author= session=x subject= 1h0m0s  false", "*"},
		{"GET", "bans/", "", 200, "bans ann hall ban", `{"bans":[{"subject":"guest:k3y","name":"gus",` +
			`"reason":"spam","by":"ann","at":1763770000123,"ends":1763770060123},` +
			`{"subject":"account:17","by":"ann","at":1763770000123}]}`},
		{"DELETE", "mutes/guest:k3y/", `{"reason":"enough"}`, 204,
			"lift ann hall mute account= author= session= subject=guest:k3y enough", ""},
		{"GET", "rules/", "", 200, "settings ann hall",
			`{"slow_s":60,"registered":false,"paused":true,"words":[]}`},
		{"PATCH", "rules/", `{"registered":true,"paused":false,"reason":"calm"}`, 200, "set ann hall calm",
			`{"slow_s":60,"registered":true,"paused":false,"words":[]}`},
		{"PATCH", "rules/", `{"words":[" spam ","","spam","a|b"]}`, 200, "set ann hall",
			`{"slow_s":60,"registered":false,"paused":true,"words":["spam","a|b"]}`},
		{"POST", "kick/", `{"name":"gus","reason":"noise"}`, 204,
			"kick ann hall account= author= session= subject= gus noise", ""},
		{"PUT", "pin/", `{"message":{"seq":7,"id":"` + anID + `"},"reason":"news"}`, 204,
			"pin ann hall 7 " + anID + " news", ""},
		{"DELETE", "pin/", `{"reason":"old"}`, 204, "unpin ann hall old", ""},
		{"DELETE", "messages/" + gone, "", 204, "delete ann hall 7 " + anID, ""},
		{"DELETE", "messages/?author=k3y", `{"reason":"spam"}`, 200,
			"delete all ann hall account= author=k3y session= subject= 1h0m0s spam",
			`{"deleted":3,"more":true}`},
		{"DELETE", fmt.Sprintf("messages/?account=bob&since=%d",
			time.Now().Add(-2*time.Minute).UnixMilli()), "",
			200, "delete all ann hall account=bob author= session= subject= 2m0s", "*"},
	} {
		s.asked = nil
		want(t, s.ask(ann, test.method, room+test.path, test.body), test.status, test.answer)
		if got := strings.TrimSpace(s.asked[len(s.asked)-1]); got != test.asked {
			t.Errorf("%s %s: asked %q, want %q", test.method, test.path, got, test.asked)
		}
	}
}

func TestModerationRefuses(t *testing.T) {
	s := newSite(t, nil)
	ann := s.register("ann")
	for _, test := range []struct{ method, path, body string }{
		{"POST", "mutes/", ""},
		{"POST", "mutes/", `{"account":"bob","minutes":-1}`},
		{"POST", "mutes/", `{"account":"bob","minutes":99999999}`},
		{"POST", "mutes/", `{"account":"bob","minutes":5,"ends":1763770000123}`},
		{"POST", "mutes/", `{"subject":"account:17"}`},
		{"PATCH", "rules/", `{}`},
		{"PUT", "pin/", `{}`},
		{"PATCH", "rules/", `{"slow_s":-1}`},
		{"PATCH", "rules/", `{"slow_s":21601}`},
		{"PATCH", "rules/", `{"words":["ok","(a"]}`},
		{"PATCH", "rules/", `{"words":["` + strings.Repeat("a", 201) + `"]}`},
		{"DELETE", "messages/" + anID + "/", ""},
		{"DELETE", "messages/" + anID + "/?seq=0", ""},
		{"DELETE", "messages/?author=x&since=yesterday", ""},
		{"DELETE", "bans/guest:x/", `{"why":"x"}`},
	} {
		wantProblem(t, s.ask(ann, test.method, "/api/v1/rooms/hall/"+test.path, test.body), 400,
			"bad_request")
	}
}

// A change that Redis has not got yet is done, and holds soon.
func TestModerationPending(t *testing.T) {
	s := newSite(t, nil)
	ann := s.register("ann")
	s.moderation = moderation.ErrPending
	want(t, s.ask(ann, "POST", "/api/v1/rooms/hall/bans/", `{"account":"bob"}`), 202, "*")
	want(t, s.ask(ann, "PATCH", "/api/v1/rooms/hall/rules/", `{"slow_s":5}`), 202, "*")
	want(t, s.ask(ann, "DELETE", "/api/v1/rooms/hall/bans/guest:x/", ""), 202, "")
	want(t, s.ask(ann, "DELETE", "/api/v1/rooms/hall/messages/"+anID+"/?seq=7", ""), 202, "")
	want(t, s.ask(ann, "DELETE", "/api/v1/rooms/hall/messages/?author=x", ""), 202,
		`{"deleted":3,"more":true}`)
}

func TestReports(t *testing.T) {
	s := newSite(t, func(o *Options) {
		o.AllowReport = func(person, addr string) error {
			if addr == "192.0.2.1" && person == "a:2" {
				return &chat.Error{Code: chat.CodeRateLimited}
			}
			return nil
		}
	})
	ann, bob := s.register("ann"), s.register("bob")
	const path = "/api/v1/rooms/hall/reports/"
	const key = "Livechat-Guest: 00112233445566778899aabbccddeeff"
	body := func(reason string) string {
		return `{"message":{"seq":3,"id":"` + anID + `"},"reason":"` + reason + `"}`
	}
	author, err := chat.GuestAuthor(key[len("Livechat-Guest: "):])
	if err != nil {
		t.Fatal(err)
	}
	wantAsked := func(want string) {
		t.Helper()
		if got := strings.TrimSpace(s.asked[len(s.asked)-1]); got != want {
			t.Errorf("asked %q, want %q", got, want)
		}
	}
	want(t, s.ask(ann, "POST", path, body("spam")), 201, `{"reported":true}`)
	wantAsked("report a:1 ann @ann hall 3 " + anID + " spam")
	want(t, s.ask(nil, "POST", path, body("again"), key), 200, `{"reported":true}`)
	wantAsked("report g:" + author + "  " + author + " hall 3 " + anID + " again")
	wantProblem(t, s.ask(nil, "POST", path, body("spam")), 401, "unauthorized")
	wantProblem(t, s.ask(bob, "POST", path, body("spam")), 429, "rate_limited")
	wantProblem(t, s.ask(ann, "POST", path, `{"reason":"spam"}`), 400, "bad_request")
	const open = `"id":7,"room":"hall","message":{"seq":3,"id":"` + anID + `","session":"s","author":"k3y",` +
		`"name":"gus","text":"buy"},"by":"account:17","by_name":"bob","reason":"spam","at":1763770000123`
	want(t, s.ask(ann, "GET", path+"?limit=5&before=9", ""), 200, `{"reports":[{`+open+`}]}`)
	wantAsked("reports ann hall false 9 5")
	want(t, s.ask(ann, "GET", "/api/v1/reports/?state=closed", ""), 200, "*")
	wantAsked("reports ann  true 0 50")
	want(t, s.ask(ann, "POST", path+"7/", `{"outcome":"deleted","reason":"ads"}`), 200,
		`{`+open+`,"closed":1763770000123,"closed_by":"ann","outcome":"deleted"}`)
	wantAsked("close ann hall 7 deleted ads")
	wantProblem(t, s.ask(ann, "POST", path+"x/", `{"outcome":"deleted"}`), 404, "not_found")
	wantProblem(t, s.ask(ann, "GET", path+"?state=x", ""), 400, "bad_request")
}
