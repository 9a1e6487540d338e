package api

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"livechat/server/chat"
)

func TestAccount(t *testing.T) {
	s := newSite(t, nil)
	ann := s.register("ann")
	want(t, s.ask(ann, "GET", "/api/v1/me/", ""), 200, `{"name":"ann","created_at":1763770000123}`)
	s.users[0].Role = "admin"
	want(t, s.ask(ann, "GET", "/api/v1/me/", ""), 200,
		`{"name":"ann","created_at":1763770000123,"role":"admin"}`)
	s.users[0].Role = ""
	wantProblem(t, s.ask(nil, "POST", "/api/v1/accounts/", `{"name":"ann","password":"x"}`), 409,
		"name_taken")

	w := s.ask(ann, "POST", "/api/v1/ticket/", "")
	want(t, w, 201, `{"ticket":"secretticket","expires_at":1763770030123}`)
	if got := w.Header().Get("Cache-Control"); got != "no-store" {
		t.Errorf("a ticket may be cached: Cache-Control %q", got)
	}

	want(t, s.ask(ann, "POST", "/api/v1/logout/", "{}"), 204, "")
	if len(ann.cookies) != 0 {
		t.Errorf("cookies after the logout: %v", ann.cookies)
	}
	wantProblem(t, s.ask(ann, "GET", "/api/v1/me/", ""), 401, "unauthorized")
	want(t, s.ask(ann, "POST", "/api/v1/logout/", ""), 204, "") // repeated

	w = s.ask(ann, "POST", "/api/v1/login/", `{"name":"ann","password":"wrong"}`)
	wantProblem(t, w, 401, "unauthorized")
	if w.Header().Get("WWW-Authenticate") == "" || len(ann.cookies) != 0 {
		t.Errorf("a wrong password: %v, cookies %v", w.Header(), ann.cookies)
	}
	want(t, s.ask(ann, "POST", "/api/v1/login/", `{"name":"ann","password":"password of ann"}`), 200,
		`{"name":"ann","created_at":1763770000123}`)
	want(t, s.ask(ann, "GET", "/api/v1/me/", ""), 200, "*")
}

func TestLoginEndsTheEarlierSession(t *testing.T) {
	s := newSite(t, nil)
	ann := s.register("ann")
	want(t, s.ask(ann, "POST", "/api/v1/login/", `{"name":"ann","password":"password of ann"}`), 200, "*")
	if len(s.sessions) != 1 {
		t.Errorf("%d sessions, want that of the cookie alone", len(s.sessions))
	}
}

func TestLogoutEverywhere(t *testing.T) {
	s := newSite(t, nil)
	here, there := s.register("ann"), &browser{cookies: map[string]*http.Cookie{}}
	want(t, s.ask(there, "POST", "/api/v1/login/", `{"name":"ann","password":"password of ann"}`), 200, "*")
	bob := s.register("bob")
	want(t, s.ask(here, "POST", "/api/v1/logout-everywhere/", ""), 204, "")
	wantProblem(t, s.ask(here, "GET", "/api/v1/me/", ""), 401, "unauthorized")
	wantProblem(t, s.ask(there, "GET", "/api/v1/me/", ""), 401, "unauthorized")
	want(t, s.ask(bob, "GET", "/api/v1/me/", ""), 200, "*")
}

func TestChangePassword(t *testing.T) {
	s := newSite(t, nil)
	here, there := s.register("ann"), &browser{cookies: map[string]*http.Cookie{}}
	want(t, s.ask(there, "POST", "/api/v1/login/", `{"name":"ann","password":"password of ann"}`), 200, "*")
	wantProblem(t, s.ask(here, "POST", "/api/v1/me/password/", `{"old":"wrong","new":"another one"}`), 403,
		"forbidden")
	want(t, s.ask(here, "POST", "/api/v1/me/password/", `{"old":"password of ann","new":"another one"}`),
		204, "")
	want(t, s.ask(here, "GET", "/api/v1/me/", ""), 200, "*") // a session of its own
	wantProblem(t, s.ask(there, "GET", "/api/v1/me/", ""), 401, "unauthorized")
	wantProblem(t, s.ask(nil, "POST", "/api/v1/login/", `{"name":"ann","password":"password of ann"}`), 401,
		"unauthorized")
	want(t, s.ask(nil, "POST", "/api/v1/login/", `{"name":"ann","password":"another one"}`), 200, "*")
}

func TestDeleteAccount(t *testing.T) {
	s := newSite(t, nil)
	ann := s.register("ann")
	wantProblem(t, s.ask(ann, "DELETE", "/api/v1/me/", ""), 400, "bad_request")
	wantProblem(t, s.ask(ann, "DELETE", "/api/v1/me/", `{"password":"wrong"}`), 403, "forbidden")
	want(t, s.ask(ann, "GET", "/api/v1/me/", ""), 200, "*")
	want(t, s.ask(ann, "DELETE", "/api/v1/me/", `{"password":"password of ann"}`), 204, "")
	if len(ann.cookies) != 0 || len(s.sessions) != 0 {
		t.Errorf("cookies %v, sessions %v left", ann.cookies, s.sessions)
	}
}

func TestCookie(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*Options)
		tls    bool
		want   string
	}{
		"plain": {want: "livechat_session=secrettoken2; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax"},
		"TLS": {tls: true,
			want: "__Host-livechat_session=secrettoken2; Path=/; Max-Age=2592000; HttpOnly; Secure; SameSite=Lax"},
		"TLS before it": {change: func(o *Options) { o.Secure = true },
			want: "__Host-livechat_session=secrettoken2; Path=/; Max-Age=2592000; HttpOnly; Secure; SameSite=Lax"},
		"for another time": {change: func(o *Options) { o.SessionAge = time.Minute },
			want: "livechat_session=secrettoken2; Path=/; Max-Age=60; HttpOnly; SameSite=Lax"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, test.change)
			r := httptest.NewRequest("POST", "/api/v1/accounts/",
				strings.NewReader(`{"name":"ann","password":"password"}`))
			r.Header.Set("Content-Type", "application/json")
			if test.tls {
				r.TLS = &tls.ConnectionState{}
			}
			w := httptest.NewRecorder()
			s.handler.ServeHTTP(w, r)
			if got := w.Header().Get("Set-Cookie"); w.Code != 201 || got != test.want {
				t.Errorf("got %d %s, want %s", w.Code, got, test.want)
			}
		})
	}
}

// Over TLS, a cookie that a plain connection could have set is ignored.
func TestPlainCookieIsIgnoredOverTLS(t *testing.T) {
	s := newSite(t, func(o *Options) { o.Secure = true })
	s.sessions["stolen"] = 1
	wantProblem(t, s.ask(nil, "GET", "/api/v1/me/", "", "Cookie: livechat_session=stolen"), 401,
		"unauthorized")
}

func TestClientAddr(t *testing.T) {
	for want, change := range map[string]func(*Options){
		"192.0.2.1": nil, // the address of httptest
		"203.0.113.7": func(o *Options) {
			o.ClientAddr = func(r *http.Request) string { return r.Header.Get("X-Forwarded-For") }
		},
	} {
		s := newSite(t, change)
		s.ask(nil, "POST", "/api/v1/login/", `{"name":"ann","password":"password"}`,
			"X-Forwarded-For: 203.0.113.7")
		if got := s.asked[0]; got != "login ann "+want+"\n" {
			t.Errorf("got %q, want the address %s", got, want)
		}
	}
	if got := connectionAddr(&http.Request{RemoteAddr: "@"}); got != "@" {
		t.Errorf("on a unix socket: %q", got)
	}
}

// The accounts limit guessing. The API answers when to retry.
func TestRateLimited(t *testing.T) {
	s := newSite(t, nil)
	s.broken = &chat.Error{Code: chat.CodeRateLimited, Message: "too many attempts", Retryable: true,
		RetryAfterMS: 29_001}
	w := s.ask(nil, "POST", "/api/v1/login/", `{"name":"ann","password":"password"}`)
	wantProblem(t, w, 429, "rate_limited")
	if got := w.Header().Get("Retry-After"); got != "30" {
		t.Errorf("Retry-After %q, want 30", got)
	}
	s.broken = chat.Errorf(chat.CodeRateLimited, "too many, without a time")
	w = s.ask(nil, "POST", "/api/v1/login/", `{"name":"ann","password":"password"}`)
	if got := w.Header().Get("Retry-After"); w.Code != 429 || got != "1" {
		t.Errorf("got %d, Retry-After %q, want 429 and 1", w.Code, got)
	}
}
