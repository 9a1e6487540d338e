package api

import (
	"strings"
	"testing"
)

const hallJSON = `{"name":"hall","title":"Hall","topic":"Talk","access":"open","listed":true,"owner":"ann",` +
	`"role":"owner","online":3,"slow_s":0,"registered":false,"paused":false,"retention_ms":0,` +
	`"created_at":1763770000123}`

// The service gets what a request says, and the client gets its answer.
func TestRooms(t *testing.T) {
	const members = `{"members":[{"name":"ann","role":"owner","since":1763770000123}]`
	const invites = `"id":"` + anID + `","by":"ann","uses":1,"created_at":1763770000123,` +
		`"expires_at":1763773600123}`
	for _, c := range []struct {
		request, body string
		status        int
		answer, asked string
	}{
		{"GET /rooms/", "", 200, `{"rooms":[` + hallJSON + `]}`, "rooms ann false false  50"},
		{"GET /rooms/?mine=true&all=true&after=a&limit=1", "", 200, `{"rooms":[` + hallJSON + `],"next":"hall"}`,
			"rooms ann true true a 1"},
		{"POST /rooms/", `{"title":"Hall"}`, 201, hallJSON, "make ann  Hall   false 0s"},
		{"POST /rooms/", `{"name":"hall","title":"Hall","topic":"Talk","access":"invite","listed":true,` +
			`"retention_ms":3600000}`, 201, hallJSON, "make ann hall Hall Talk invite true 1h0m0s"},
		{"GET /rooms/hall/", "", 200, hallJSON, "room ann hall"},
		{"PATCH /rooms/hall/", `{"title":"x","access":"open","retention_ms":0}`, 200,
			hallJSON, "set ann hall title x access open retention 0s"},
		{"PATCH /rooms/hall/", `{}`, 200, hallJSON, "set ann hall"},
		{"DELETE /rooms/hall/", "", 204, "", "delete ann hall"},
		{"GET /rooms/hall/members/", "", 200, members + "}", "members ann hall  50"},
		{"GET /rooms/hall/members/?after=a&limit=1", "", 200, members + `,"next":"ann"}`, "members ann hall a 1"},
		{"PUT /rooms/hall/members/bob/", `{"role":"moderator"}`, 204, "", "role ann hall bob moderator"},
		{"DELETE /rooms/hall/members/bob/", "", 204, "", "remove ann hall bob"},
		{"POST /rooms/hall/invites/", `{}`, 201, `{"id":"` + anID + `","token":"T0KEN",` +
			strings.TrimPrefix(invites, `"id":"`+anID+`",`), "invite ann hall 1 168h0m0s"},
		{"POST /rooms/hall/invites/", `{"uses":5,"lasts_ms":60000}`, 201, "*", "invite ann hall 5 1m0s"},
		{"GET /rooms/hall/invites/", "", 200, `{"invites":[{` + invites + `]}`, "invites ann hall"},
		{"DELETE /rooms/hall/invites/" + anID + "/", "", 204, "", "uninvite ann hall " + anID},
		{"GET /invites/T0KEN/", "", 200, `{"name":"hall","title":"Hall","topic":"Talk","access":"open",` +
			`"owner":"ann","online":3,"members":0}`, "invited  T0KEN"},
		{"POST /invites/T0KEN/", "", 200, hallJSON, "join ann T0KEN"},
	} {
		s := newSite(t, nil)
		ann := s.register("ann")
		s.asked = nil
		method, path, _ := strings.Cut(c.request, " ")
		w := s.ask(ann, method, base+path, c.body)
		want(t, w, c.status, c.answer)
		if got := s.asked[len(s.asked)-1]; got != c.asked+"\n" {
			t.Errorf("%s %s: asked %q, want %q", c.request, c.body, got, c.asked)
		}
		if c.status == 201 && strings.HasSuffix(path, "rooms/") &&
			w.Header().Get("Location") != "/api/v1/rooms/hall/" {
			t.Errorf("Location %q", w.Header().Get("Location"))
		}
	}
}

func TestRoomsRefused(t *testing.T) {
	s := newSite(t, nil)
	ann := s.register("ann")
	for _, c := range []struct{ request, body, code string }{
		{"GET /rooms/?mine=yes", "", "bad_request"},
		{"GET /rooms/?limit=0", "", "bad_request"},
		{"GET /rooms/?after=Hall", "", "bad_room"},
		{"POST /rooms/", `{"title":""}`, "bad_request"},
		{"POST /rooms/", `{"title":"x","owner":"ann"}`, "bad_request"},
		{"POST /rooms/", `{"title":"x","retention_ms":-1}`, "bad_request"},
		{"PATCH /rooms/hall/", `{"slow_s":10}`, "bad_request"}, // that is a rule
		{"PATCH /rooms/hall/", `{"retention_ms":1e15}`, "bad_request"},
		{"PATCH /rooms/hall/", `{"name":"den"}`, "bad_request"},
		{"GET /rooms/hall/members/?after=" + strings.Repeat("x", 65), "", "bad_request"},
		{"PUT /rooms/hall/members/bob/", `{"role":5}`, "bad_request"},
		{"POST /rooms/hall/invites/", `{"lasts_ms":1e15}`, "bad_request"},
	} {
		method, path, _ := strings.Cut(c.request, " ")
		wantProblem(t, s.ask(ann, method, base+path, c.body), 400, c.code)
	}
	// Without a session, and with one that has ended, everybody is a guest.
	for _, cookie := range []string{"", "Cookie: livechat_session=forged"} {
		s.asked = nil
		want(t, s.ask(nil, "GET", base+"/rooms/hall/", "", cookie), 200, hallJSON)
		if got := s.asked[len(s.asked)-1]; got != "room  hall\n" {
			t.Errorf("asked %q", got)
		}
	}
}
