package api

import (
	"strings"
	"testing"

	"livechat/server/private"
	"livechat/server/store"
)

// edits is the part of the story of TestRealServices in which ann edits and
// deletes her message, which bob has read.
func edits(t *testing.T, s *site, ann, bob, eve *browser, path string) {
	t.Helper()
	messages := path[:strings.Index(path, "messages/")+len("messages/")]
	edit := `{"id":"` + anotherID + `","text":"the quick fox"}`
	w := s.ask(ann, "PATCH", path, edit)
	want(t, w, 200, "*")
	now := strings.TrimSpace(w.Body.String())
	if !strings.Contains(now, `"n":1,"name":"ann","text":"the quick fox"`) ||
		!strings.Contains(now, `"edited":`) {
		t.Errorf("the edited message: %s", now)
	}
	want(t, s.ask(ann, "PATCH", path, edit), 200, now)
	want(t, s.ask(bob, "GET", messages, ""), 200, `{"messages":[`+now+`]}`)
	wantProblem(t, s.ask(ann, "PATCH", path, strings.Replace(edit, "quick", "slow", 1)), 409, "id_conflict")
	keyed := s.ask(ann, "PATCH", path, `{"text":"the quickest fox"}`, "Idempotency-Key: k1")
	want(t, keyed, 200, "*")
	want(t, s.ask(ann, "PATCH", path, `{"text":"the quickest fox"}`, "Idempotency-Key: k1"), 200,
		strings.TrimSpace(keyed.Body.String()))

	unknown := messages + anotherID + "/"
	for _, method := range []string{"PATCH", "DELETE"} {
		body := ""
		if method == "PATCH" {
			body = `{"text":"x"}`
		}
		wantProblem(t, s.ask(bob, method, path, body), 403, "not_yours")
		wantProblem(t, s.ask(eve, method, path, body), 404, "not_found")
		wantProblem(t, s.ask(nil, method, path, body), 401, "unauthorized")
		wantProblem(t, s.ask(ann, method, unknown, body), 404, "unknown_message")
		wantProblem(t, s.ask(ann, method, messages+"17/", body), 404, "unknown_message")
	}
	for _, bad := range []string{`{}`, `{"text":"x","id":"1"}`, `{"text":"x","n":1}`} {
		wantProblem(t, s.ask(ann, "PATCH", path, bad), 400, "bad_request")
	}
	wantProblem(t, s.ask(ann, "PATCH", path, `{"text":" "}`), 400, "bad_text")
	wantProblem(t, s.ask(ann, "PATCH", path, `{"text":"`+strings.Repeat("a", 4001)+`"}`), 413, "too_long")
	wantProblem(t, s.ask(ann, "DELETE", path, `{"text":"x"}`), 400, "bad_request")

	for range 2 {
		want(t, s.ask(ann, "DELETE", path, ""), 204, "")
	}
	wantProblem(t, s.ask(ann, "PATCH", path, edit), 404, "unknown_message")
	for _, where := range []string{messages, messages[:len(messages)-len("messages/")],
		"/api/v1/search/?q=quickest"} {
		if got := s.ask(bob, "GET", where, "").Body.String(); strings.Contains(got, "fox") ||
			!strings.Contains(where, "search") && !strings.Contains(got, `"text":"","at":`) {
			t.Errorf("GET %s: %s", where, got)
		}
	}
	if got := s.ask(bob, "GET", messages, "").Body.String(); !strings.Contains(got, `,"deleted":true}`) ||
		strings.Contains(got, `"edited"`) {
		t.Errorf("the deleted message: %s", got)
	}
}

func TestEditingIsOff(t *testing.T) {
	db, err := store.Open(t.Context(), "sqlite::memory:")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	s := newSite(t, func(o *Options) {
		o.Chats = private.New(private.Options{Store: db, MaxText: 4000, NoEdits: true})
	})
	ann := s.register("ann")
	path := "/api/v1/chats/" + anID + "/messages/" + anotherID + "/"
	wantProblem(t, s.ask(ann, "PATCH", path, `{"text":"x"}`), 403, "forbidden")
	wantProblem(t, s.ask(ann, "DELETE", path, ""), 404, "not_found")
}
