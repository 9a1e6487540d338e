package api

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"livechat/server/store"
)

const (
	anID      = "123e4567-e89b-42d3-a456-426614174000"
	anotherID = "123e4567-e89b-42d3-a456-426614174001"
)

func TestCreateChat(t *testing.T) {
	s := newSite(t, nil)
	ann, bob := s.register("ann"), s.register("bob")
	w := s.ask(ann, "POST", "/api/v1/chats/", `{"with":"bob"}`)
	id := member(t, w, "id")
	body := `{"id":"` + id +
		`","with":{"name":"%s"},"created_at":1763770000123,"updated_at":1763770000123,` +
		`"last":null,"unread":0,"read":0,"other_read":0}`
	want(t, w, 201, fmt.Sprintf(body, "bob"))
	if got := w.Header().Get("Location"); got != "/api/v1/chats/"+id+"/" {
		t.Errorf("Location %q", got)
	}
	want(t, s.ask(ann, "GET", w.Header().Get("Location"), ""), 200, fmt.Sprintf(body, "bob"))

	w = s.ask(bob, "POST", "/api/v1/chats/", `{"with":"ann"}`) // the same chat from the other side
	want(t, w, 200, fmt.Sprintf(body, "ann"))
	if got := w.Header().Get("Location"); got != "/api/v1/chats/"+id+"/" {
		t.Errorf("Location %q of an existing chat", got)
	}
	wantProblem(t, s.ask(ann, "POST", "/api/v1/chats/", `{"with":"ann"}`), 422, "bad_chat")
	wantProblem(t, s.ask(ann, "POST", "/api/v1/chats/", `{"with":"nobody"}`), 404, "unknown_user")
	wantProblem(t, s.ask(ann, "POST", "/api/v1/chats/", `{}`), 400, "bad_request")
}

func TestListChats(t *testing.T) {
	s := newSite(t, nil)
	ann := s.register("ann")
	want(t, s.ask(ann, "GET", "/api/v1/chats/", ""), 200, `{"chats":[]}`)
	for _, name := range []string{"bob", "cat", "dan"} {
		s.register(name)
		s.chat(ann, name)
	}
	w := s.ask(ann, "GET", "/api/v1/chats/?limit=2", "")
	if got := w.Body.String(); w.Code != 200 || strings.Count(got, `"with"`) != 2 ||
		member(t, w, "next") != "2" {
		t.Errorf("first page: %d %s", w.Code, got)
	}
	w = s.ask(ann, "GET", "/api/v1/chats/?limit=2&before=2", "")
	if got := w.Body.String(); !strings.Contains(got, `"dan"`) || strings.Count(got, `"with"`) != 1 ||
		strings.Contains(got, `"next"`) {
		t.Errorf("second page: %s", got)
	}
	wantProblem(t, s.ask(ann, "GET", "/api/v1/chats/?before=x", ""), 400, "bad_request")
}

func TestMessages(t *testing.T) {
	s := newSite(t, nil)
	ann, bob := s.register("ann"), s.register("bob")
	path := s.chat(ann, "bob")
	want(t, s.ask(ann, "GET", path+"messages/", ""), 200, `{"messages":[]}`)

	body := `{"id":"` + anID + `","text":"hi <b> & \u2028"}`
	hi := `{"id":"` + anID + `","n":1,"name":"ann","text":"hi <b> & ` + "\u2028" + `","at":1763770000123}`
	want(t, s.ask(ann, "POST", path+"messages/", body), 201, hi)
	want(t, s.ask(ann, "POST", path+"messages/", body), 200, hi)
	want(t, s.ask(ann, "POST", path+"messages/", strings.Replace(body, "-e89b-", "-E89B-", 1)), 200,
		hi) // ids are case-insensitive
	wantProblem(t, s.ask(ann, "POST", path+"messages/", `{"id":"`+anID+`","text":"another"}`), 409,
		"id_conflict")
	wantProblem(t, s.ask(bob, "POST", path+"messages/", body), 409, "id_conflict")
	wantProblem(t, s.ask(ann, "POST", path+"messages/", `{"id":"`+anotherID+`","text":" "}`), 400, "bad_text")
	wantProblem(t, s.ask(ann, "POST", path+"messages/",
		`{"id":"`+anotherID+`","text":"`+strings.Repeat("a", 4001)+`"}`), 413, "too_long")
	for _, bad := range []string{`{"id":"1","text":"a"}`, `{"id":"{` + anID + `}","text":"a"}`,
		`{"id":"urn:uuid:` + anID + `","text":"a"}`, `{"id":"` + anID + `"}`} {
		wantProblem(t, s.ask(ann, "POST", path+"messages/", bad), 400, "bad_request")
	}
	w := s.ask(bob, "GET", path, "")
	if member(t, w, "last") != hi || member(t, w, "unread") != "1" || member(t, w, "read") != "0" {
		t.Errorf("the chat as bob sees it: %s", w.Body)
	}
	want(t, s.ask(bob, "POST", path+"read/", `{"n":7}`), 200, `{"read":1}`)
	want(t, s.ask(bob, "POST", path+"read/", `{"n":1}`), 200, `{"read":1}`) // repeated
	if w := s.ask(ann, "GET", path, ""); member(t, w, "other_read") != "1" {
		t.Errorf("the chat as ann sees it: %s", w.Body)
	}
	for _, bad := range []string{`{}`, `{"n":0}`, `{"n":-1}`, `{"n":1.5}`, `{"n":"1"}`,
		`{"n":9223372036854775808}`} {
		wantProblem(t, s.ask(bob, "POST", path+"read/", bad), 400, "bad_request")
	}
}

func TestHistory(t *testing.T) {
	s := newSite(t, nil)
	ann, _ := s.register("ann"), s.register("bob")
	path := s.chat(ann, "bob")
	for n := range int64(120) {
		s.chats[0].messages = append(s.chats[0].messages, store.Message{N: n + 1})
	}
	for query, wanted := range map[string]struct{ first, count int }{
		"":                    {71, 50},
		"?limit=100":          {21, 100},
		"?before=50&limit=10": {40, 10},
		"?after=50&limit=10":  {51, 10},
		"?after=0":            {1, 50},
		"?after=0&limit=2":    {1, 2},
		"?after=119":          {120, 1},
		"?after=120":          {0, 0},
		"?before=1":           {0, 0},
	} {
		w := s.ask(ann, "GET", path+"messages/"+query, "")
		if got := strings.Count(w.Body.String(), `"n":`); w.Code != 200 || got != wanted.count {
			t.Errorf("%s: %d, %d messages, want %d", query, w.Code, got, wanted.count)
		}
		if first := fmt.Sprintf(`{"messages":[{"id":"","n":%d,`, wanted.first); wanted.count > 0 &&
			!strings.HasPrefix(w.Body.String(), first) {
			t.Errorf("%s: got %.60s, want %s", query, w.Body, first)
		}
	}
	for _, bad := range []string{
		"?limit=0", "?limit=101", "?limit=x", "?limit=", "?limit=-1", "?before=0", "?after=-1", "?after=",
		"?before=1&after=1", "?before=1&after=0", "?before=9007199254740992",
		"?limit=1&limit=2", "?before=1.0", "?before=%zz", "?a;b",
	} {
		wantProblem(t, s.ask(ann, "GET", path+"messages/"+bad, ""), 400, "bad_request")
	}
}

func TestIdempotencyKey(t *testing.T) {
	s := newSite(t, nil)
	ann, bob, _ := s.register("ann"), s.register("bob"), s.register("cat")
	path, other := s.chat(ann, "bob"), s.chat(ann, "cat")
	post := func(b *browser, path, text string, headers ...string) (status int, id string) {
		w := s.ask(b, "POST", path+"messages/", text, headers...)
		return w.Code, member(t, w, "id")
	}
	status, first := post(ann, path, `{"text":"hi"}`, "Idempotency-Key: k1")
	if status != 201 || len(first) != 36 {
		t.Fatalf("got %d, id %q", status, first)
	}
	again := newSite(t, nil) // another server, without shared state
	again.fakes = s.fakes
	if status, id := post(ann, path, `{"text":"hi"}`, "Idempotency-Key: k1"); status != 200 || id != first {
		t.Errorf("the same again: %d, id %s, want 200 and %s", status, id, first)
	}
	if status, id := post(ann, path, `{"text":"hi"}`, "Idempotency-Key: k2"); status != 201 || id == first {
		t.Errorf("another key: %d, id %s", status, id)
	}
	if status, id := post(bob, path, `{"text":"hi"}`, "Idempotency-Key: k1"); status != 201 || id == first {
		t.Errorf("another user's key: %d, id %s", status, id)
	}
	if status, id := post(ann, path, `{"id":"`+anID+`","text":"hi"}`,
		"Idempotency-Key: k1"); status != 201 || id != anID {
		t.Errorf("an id besides: %d, id %s", status, id)
	}
	wantProblem(t, s.ask(ann, "POST", path+"messages/", `{"text":"another"}`, "Idempotency-Key: k1"), 409,
		"id_conflict")
	wantProblem(t, s.ask(ann, "POST", other+"messages/", `{"text":"hi"}`, "Idempotency-Key: k1"), 409,
		"id_conflict")
	for _, bad := range []string{"a b", "ä", strings.Repeat("k", 256)} {
		wantProblem(t, s.ask(ann, "POST", path+"messages/", `{"text":"hi"}`, "Idempotency-Key: "+bad), 400,
			"bad_request")
	}
	if id, _ := messageID(&http.Request{Header: http.Header{"Idempotency-Key": {"k1"}}}, 1,
		""); id != "016cce1d-9983-5669-b1e6-5a74bcb8f98e" {
		t.Errorf("the id of a key changed to %s: messages repeated across an update would appear twice", id)
	}
}

// Keys are easy to guess and their ids can be computed. Still, no other client
// can take such an id first.
func TestIdempotencyKeyIDsCannotBeTaken(t *testing.T) {
	s := newSite(t, nil)
	ann, _, eve := s.register("ann"), s.register("bob"), s.register("eve")
	path, own := s.chat(ann, "bob"), s.chat(eve, "bob")
	me, err := s.WhoAmI(t.Context(), ann.cookies[cookieName].Value)
	if err != nil {
		t.Fatal(err)
	}
	id, err := messageID(&http.Request{Header: http.Header{"Idempotency-Key": {"order-17"}}}, me.ID, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, taken := range []string{id, strings.ToUpper(id)} {
		wantProblem(t, s.ask(eve, "POST", own+"messages/", `{"id":"`+taken+`","text":"mine"}`), 400,
			"bad_request")
	}
	want(t, s.ask(ann, "POST", path+"messages/", `{"text":"hi"}`, "Idempotency-Key: order-17"), 201, "*")
}

// Another user's chat is not found on any route.
func TestOthersChatIsNotFound(t *testing.T) {
	s := newSite(t, nil)
	ann, _, eve := s.register("ann"), s.register("bob"), s.register("eve")
	path := s.chat(ann, "bob")
	want(t, s.ask(ann, "POST", path+"messages/", `{"id":"`+anID+`","text":"between us"}`), 201, "*")
	for _, where := range []string{path, "/api/v1/chats/" + anotherID + "/", "/api/v1/chats/1/",
		"/api/v1/chats/%00/"} {
		for _, door := range []struct{ method, path, body string }{
			{"GET", "", ""},
			{"GET", "messages/", ""},
			{"GET", "messages/?after=1", ""},
			{"POST", "messages/", `{"id":"` + anotherID + `","text":"let me in"}`},
			{"POST", "messages/", `{"id":"` + anID + `","text":"between us"}`},
			{"POST", "read/", `{"n":1}`},
		} {
			wantProblem(t, s.ask(eve, door.method, where+door.path, door.body), 404, "not_found")
			wantProblem(t, s.ask(nil, door.method, where+door.path, door.body), 401, "unauthorized")
		}
	}
	want(t, s.ask(eve, "GET", "/api/v1/chats/", ""), 200, `{"chats":[]}`)
	if c := s.chats[0]; len(c.messages) != 1 || c.read[1] != 0 || c.read[2] != 0 {
		t.Errorf("eve changed the chat: %+v", c)
	}
}

// Ids of users are internal.
func TestAnswersHaveNoUserIDs(t *testing.T) {
	s := newSite(t, nil)
	for i := range 40 {
		s.register(fmt.Sprintf("u%d-%d", i, i))
	}
	s.users = append(s.users, store.User{ID: 41, Name: "ann", Created: startTime})
	s.sessions["t"], s.password[41] = 41, "p"
	ann := &browser{cookies: map[string]*http.Cookie{"livechat_session": {Name: "livechat_session",
		Value: "t"}}}
	path := s.chat(ann, "u7-7")
	for _, w := range []string{
		s.ask(ann, "GET", "/api/v1/me/", "").Body.String(),
		s.ask(ann, "POST", path+"messages/", `{"id":"`+anID+`","text":"a"}`).Body.String(),
		s.ask(ann, "GET", "/api/v1/chats/", "").Body.String(),
		s.ask(ann, "GET", path+"messages/", "").Body.String(),
	} {
		if strings.Contains(w, ":41") || strings.Contains(w, ":8,") || strings.Contains(w, `"author`) {
			t.Errorf("an answer has a user id: %s", w)
		}
	}
}

func TestTyping(t *testing.T) {
	s := newSite(t, nil)
	ann, bob, eve := s.register("ann"), s.register("bob"), s.register("eve")
	path := s.chat(ann, "bob") + "typing/"
	for _, member := range []*browser{ann, bob} {
		for _, body := range []string{"", "{}"} {
			want(t, s.ask(member, "POST", path, body), 204, "")
		}
	}
	wantProblem(t, s.ask(eve, "POST", path, ""), 404, "not_found")
	wantProblem(t, s.ask(ann, "POST", "/api/v1/chats/"+anID+"/typing/", ""), 404, "not_found")
	wantProblem(t, s.ask(ann, "POST", "/api/v1/chats/1/typing/", ""), 404, "not_found")
	wantProblem(t, s.ask(nil, "POST", path, ""), 401, "unauthorized")
	wantProblem(t, s.ask(ann, "GET", path, ""), 405, "method_not_allowed")
}
