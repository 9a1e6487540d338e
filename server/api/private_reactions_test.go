package api

import (
	"strings"
	"testing"
)

// reactions is the part of the story of TestRealServices in which ann and bob
// react to a message of ann's.
func reactions(t *testing.T, s *site, ann, bob, eve *browser, path string) {
	t.Helper()
	messages := path[:strings.Index(path, "messages/")+len("messages/")]
	of := path + "reactions/"
	thumb, heart := of+"%F0%9F%91%8D/", of+"❤%EF%B8%8F/"
	want(t, s.ask(ann, "GET", of, ""), 200, `{"reactions":[]}`)
	for range 2 {
		want(t, s.ask(bob, "PUT", thumb, ""), 204, "")
	}
	want(t, s.ask(ann, "PUT", heart, "{}"), 204, "")
	want(t, s.ask(ann, "PUT", thumb, ""), 204, "")
	counts := `"reactions":{"❤️":1,"👍":2}`
	for _, where := range []string{messages, strings.TrimSuffix(messages, "messages/"),
		"/api/v1/search/?q=lazy"} {
		if got := s.ask(bob, "GET", where, "").Body.String(); !strings.Contains(got, counts) {
			t.Errorf("GET %s: %s", where, got)
		}
	}
	who := s.ask(bob, "GET", of, "").Body.String()
	for _, part := range []string{`[{"emoji":"👍","count":2,"people":[{"name":"`, `{"name":"bob","at":`,
		`{"emoji":"❤️","count":1,"people":[{"name":"ann",`} {
		if !strings.Contains(who, part) {
			t.Errorf("%s is not in %s", part, who)
		}
	}
	unknown := strings.Replace(heart, path, messages+anotherID+"/", 1)
	for _, method := range []string{"PUT", "DELETE"} {
		wantProblem(t, s.ask(eve, method, heart, ""), 404, "not_found")
		wantProblem(t, s.ask(nil, method, heart, ""), 401, "unauthorized")
		wantProblem(t, s.ask(ann, method, unknown, ""), 404, "unknown_message")
		wantProblem(t, s.ask(ann, method, messages+"17/reactions/👍/", ""), 404, "unknown_message")
		wantProblem(t, s.ask(ann, method, heart, `{"on":true}`), 400, "bad_request")
		for _, bad := range []string{"a", "❤", "👍👍", "%00", "%ff"} {
			wantProblem(t, s.ask(ann, method, of+bad+"/", ""), 400, "bad_request")
		}
		wantProblem(t, s.ask(ann, method, heart, "", "Origin: http://evil.example"), 403, "forbidden_origin")
	}
	wantProblem(t, s.ask(eve, "GET", of, ""), 404, "not_found")
	for range 2 {
		want(t, s.ask(bob, "DELETE", thumb, ""), 204, "")
	}
	for _, emoji := range []string{thumb, heart} {
		want(t, s.ask(ann, "DELETE", emoji, ""), 204, "")
	}
	if got := s.ask(bob, "GET", messages, "").Body.String(); strings.Contains(got, "reactions") {
		t.Errorf("when all are taken back: %s", got)
	}
}
