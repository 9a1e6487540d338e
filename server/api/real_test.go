package api

import (
	"net/http"
	"strings"
	"testing"

	accounts "livechat/server/account"
	"livechat/server/private"
	"livechat/server/store"
)

var (
	_ Accounts = (*accounts.Service)(nil)
	_ Chats    = (*private.Service)(nil)
	_ Archive  = (*store.Store)(nil)
	_ Search   = (*store.Store)(nil)
)

// Runs one story with everything real except the socket: it shows that the
// services answer as the fakes do.
func TestRealServices(t *testing.T) {
	db, err := store.Open(t.Context(), "sqlite::memory:")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	s := newSite(t, func(o *Options) {
		o.Accounts = accounts.New(accounts.Options{Store: db, Logger: o.Logger})
		o.Chats = private.New(private.Options{Store: db, MaxText: 4000})
		o.Archive, o.Search = db, db
	})
	register := func(name string) *browser {
		b := &browser{cookies: map[string]*http.Cookie{}}
		want(t, s.ask(b, "POST", "/api/v1/accounts/", `{"name":"`+name+`","password":"correct horse"}`),
			201, "*")
		return b
	}
	ann, bob, eve := register("ann"), register("bob"), register("eve")
	wantProblem(t, s.ask(nil, "POST", "/api/v1/accounts/", `{"name":"Ann","password":"correct horse"}`),
		409, "name_taken")
	wantProblem(t, s.ask(nil, "POST", "/api/v1/accounts/", `{"name":"a","password":"correct horse"}`), 400,
		"bad_name")
	wantProblem(t, s.ask(nil, "POST", "/api/v1/accounts/", `{"name":"cat","password":"short"}`), 422,
		"bad_password")
	wantProblem(t, s.ask(nil, "POST", "/api/v1/login/", `{"name":"ann","password":"wrong horse"}`), 401,
		"unauthorized")
	wantProblem(t, s.ask(nil, "POST", "/api/v1/login/", `{"name":"nobody","password":"wrong horse"}`), 401,
		"unauthorized")

	path := s.chat(ann, "bob")
	want(t, s.ask(ann, "POST", "/api/v1/chats/", `{"with":"bob"}`), 200, "*")
	wantProblem(t, s.ask(ann, "POST", "/api/v1/chats/", `{"with":"ann"}`), 422, "bad_chat")
	wantProblem(t, s.ask(ann, "POST", "/api/v1/chats/", `{"with":"nobody"}`), 404, "unknown_user")
	first := s.ask(ann, "POST", path+"messages/", `{"text":"the lazy dog"}`, "Idempotency-Key: k1")
	want(t, first, 201, "*")
	want(t, s.ask(ann, "POST", path+"messages/", `{"text":"the lazy dog"}`, "Idempotency-Key: k1"), 200,
		strings.TrimSpace(first.Body.String()))
	wantProblem(t, s.ask(ann, "POST", path+"messages/", `{"text":"another"}`, "Idempotency-Key: k1"), 409,
		"id_conflict")
	if w := s.ask(bob, "GET", "/api/v1/chats/?limit=1", ""); !strings.Contains(w.Body.String(),
		`"unread":1`) || !strings.Contains(w.Body.String(), "the lazy dog") {
		t.Errorf("bob's chats: %s", w.Body)
	}
	want(t, s.ask(bob, "POST", path+"read/", `{"n":1}`), 200, `{"read":1}`)
	want(t, s.ask(bob, "GET", path+"messages/", ""), 200,
		`{"messages":[`+strings.TrimSpace(first.Body.String())+`]}`)
	if w := s.ask(bob, "GET", "/api/v1/search/?q=LAZY", ""); !strings.Contains(w.Body.String(),
		"the lazy dog") {
		t.Errorf("bob's search: %s", w.Body)
	}
	reactions(t, s, ann, bob, eve, path+"messages/"+member(t, first, "id")+"/")
	edits(t, s, ann, bob, eve, path+"messages/"+member(t, first, "id")+"/")
	for _, bad := range []string{"?before=x", "?limit=0"} {
		wantProblem(t, s.ask(bob, "GET", "/api/v1/chats/"+bad, ""), 400, "bad_request")
	}
	want(t, s.ask(eve, "GET", "/api/v1/search/?q=lazy", ""), 200, `{"results":[]}`)
	wantProblem(t, s.ask(eve, "GET", path, ""), 404, "not_found")
	wantProblem(t, s.ask(eve, "GET", path+"messages/", ""), 404, "not_found")
	wantProblem(t, s.ask(eve, "POST", path+"messages/", `{"id":"`+anID+`","text":"let me in"}`), 404,
		"not_found")
	wantProblem(t, s.ask(eve, "POST", path+"read/", `{"n":1}`), 404, "not_found")
	want(t, s.ask(nil, "GET", "/api/v1/rooms/livechat/messages/?epoch="+epoch, ""), 200, `{"messages":[]}`)
	want(t, s.ask(nil, "GET", "/api/v1/rooms/livechat/messages/"+anID+"/reactions/", ""), 200,
		`{"reactions":[]}`)

	want(t, s.ask(ann, "POST", "/api/v1/me/password/", `{"old":"correct horse","new":"battery staple"}`),
		204, "")
	want(t, s.ask(ann, "GET", "/api/v1/me/", ""), 200, "*")
	wantProblem(t, s.ask(ann, "DELETE", "/api/v1/me/", `{"password":"correct horse"}`), 403, "forbidden")
	want(t, s.ask(ann, "DELETE", "/api/v1/me/", `{"password":"battery staple"}`), 204, "")
	wantProblem(t, s.ask(ann, "GET", "/api/v1/me/", ""), 401, "unauthorized")
	if w := s.ask(bob, "GET", path+"messages/", ""); !strings.Contains(w.Body.String(), `"name":"deleted"`) {
		t.Errorf("what a deleted account wrote: %s", w.Body)
	}
	wantProblem(t, s.ask(bob, "POST", path+"messages/", `{"text":"the lazy dog"}`), 409, "account_deleted")
	want(t, s.ask(bob, "POST", "/api/v1/logout-everywhere/", ""), 204, "")
	wantProblem(t, s.ask(bob, "GET", path, ""), 401, "unauthorized")
	for _, secret := range []string{"horse", "staple", "lazy", "quick"} {
		if strings.Contains(s.log.String(), secret) {
			t.Errorf("the log has %q: %s", secret, s.log)
		}
	}
}
