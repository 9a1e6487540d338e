package api

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"livechat/internal/testlog"
)

// site is the API on fakes, and its log.
type site struct {
	*fakes
	files   *fakeFiles
	t       *testing.T
	handler http.Handler
	log     *testlog.Buffer
}

// newSite returns an API with options changed by change, which may be nil.
func newSite(t *testing.T, change func(*Options)) *site {
	t.Helper()
	s := &site{fakes: newFakes(), files: newFakeFiles(), t: t, log: &testlog.Buffer{}}
	options := Options{
		Accounts: s.fakes, Chats: s.fakes, Archive: s.fakes, Search: s.fakes, Tickets: s.fakes,
		Rooms: fakeRooms{s.fakes},
		Files: s.files, MaxFile: s.files.most, Moderation: fakeModeration{s.fakes}, Personal: s.fakes,
		Admin: Admin{AdminService: fakeAdmin{s.fakes}, Storage: fakeAdmin{s.fakes}.storage,
			Settings: func() []Setting {
				return []Setting{{Name: "APPID", About: "name", Value: "1000", Changed: true},
					{Name: "REDIS_URL", About: "Redis", Secret: true}}
			}},
		Logger: slog.New(slog.NewTextHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	if change != nil {
		change(&options)
	}
	s.handler = New(options)
	return s
}

// browser is a client with its cookies. A nil browser has none.
type browser struct {
	cookies map[string]*http.Cookie
}

// ask sends a request as a page of the site does, with Origin, JSON and
// cookies. Headers are "Name: value"; "Name:" removes one.
func (s *site) ask(b *browser, method, path, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, nil)
	if body != "" {
		r = httptest.NewRequest(method, path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		if strings.HasPrefix(body, "--x\r\n") {
			r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
		}
	}
	r.Header.Set("Origin", "http://"+r.Host)
	if strings.Contains(path, "/guests/") {
		r.Header.Set(guestHeader, guestKey)
	}
	if b != nil {
		for _, c := range b.cookies {
			r.AddCookie(&http.Cookie{Name: c.Name, Value: c.Value})
		}
	}
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ":")
		if r.Header.Del(name); value != "" {
			r.Header.Set(name, strings.TrimSpace(value))
		}
	}
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	if b != nil {
		for _, c := range w.Result().Cookies() {
			if b.cookies[c.Name] = c; c.MaxAge < 0 {
				delete(b.cookies, c.Name)
			}
		}
	}
	return w
}

// register registers a user and returns the browser.
func (s *site) register(name string) *browser {
	s.t.Helper()
	b := &browser{cookies: map[string]*http.Cookie{}}
	w := s.ask(b, "POST", "/api/v1/accounts/", `{"name":"`+name+`","password":"password of `+name+`"}`)
	want(s.t, w, http.StatusCreated, `{"name":"`+name+`","created_at":1763770000123}`)
	return b
}

// chat creates a chat and returns its path.
func (s *site) chat(b *browser, with string) string {
	s.t.Helper()
	w := s.ask(b, "POST", "/api/v1/chats/", `{"with":"`+with+`"}`)
	if w.Code != http.StatusCreated {
		s.t.Fatalf("got %d %s, want a chat", w.Code, w.Body)
	}
	return w.Header().Get("Location")
}

// want checks status and body. "*" matches any body, "" an empty one.
func want(t *testing.T, w *httptest.ResponseRecorder, status int, body string) {
	t.Helper()
	if got := strings.TrimSpace(w.Body.String()); w.Code != status || body != "*" && got != body {
		t.Errorf("got %d %s, want %d %s", w.Code, got, status, body)
	}
}

// wantProblem checks that w is a problem+json answer with that status and code.
func wantProblem(t *testing.T, w *httptest.ResponseRecorder, status int, code string) {
	t.Helper()
	var body struct {
		Status int
		Code   string
	}
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
		t.Errorf("%d, not JSON: %q", w.Code, w.Body)
		return
	}
	if w.Code != status || body.Status != status || body.Code != code ||
		w.Header().Get("Content-Type") != "application/problem+json" {
		t.Errorf("got %d %s %s, want %d %s", w.Code, w.Header().Get("Content-Type"), w.Body, status, code)
	}
}

// member returns a member of a JSON object as text.
func member(t *testing.T, w *httptest.ResponseRecorder, name string) string {
	t.Helper()
	var body map[string]json.RawMessage
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
		t.Fatalf("%d, not JSON: %q", w.Code, w.Body)
	}
	return strings.Trim(string(body[name]), `"`)
}
