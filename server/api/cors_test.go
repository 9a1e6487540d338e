package api

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

const guest = "https://app.example.org"

func guests(o *Options) { o.AllowedOrigins = []string{guest, "*"} } // the star says nothing here

// header compares some headers of an answer; "" is none.
func header(t *testing.T, w *httptest.ResponseRecorder, want map[string]string) {
	t.Helper()
	for name, value := range want {
		if got := strings.Join(w.Header().Values(name), ", "); got != value {
			t.Errorf("%d has %s %q, want %q", w.Code, name, got, value)
		}
	}
}

// A browser asks before it lets a page of another origin send JSON or delete.
func TestPreflight(t *testing.T) {
	s := newSite(t, guests)
	ask := func(path, origin string) *httptest.ResponseRecorder {
		return s.ask(nil, http.MethodOptions, path, "", "Origin: "+origin,
			"Access-Control-Request-Method: POST", "Access-Control-Request-Headers: content-type")
	}
	for path, allowed := range map[string]string{
		"/api/v1/login/": "POST", "/api/v1/me": "DELETE, GET, HEAD", "/api/v1/chats/x/messages/": "GET, HEAD, POST",
	} {
		w := ask(path, guest)
		want(t, w, http.StatusNoContent, "")
		header(t, w, map[string]string{
			"Access-Control-Allow-Origin": guest, "Access-Control-Allow-Credentials": "true", "Access-Control-Allow-Methods": allowed,
			"Access-Control-Allow-Headers": corsHeaders, "Access-Control-Max-Age": "600",
			"Vary": "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
		})
	}
	for _, origin := range []string{"https://evil.test", "null", "*", "http://app.example.org", guest + ":8443"} {
		w := ask("/api/v1/login/", origin)
		wantProblem(t, w, 403, "forbidden_origin")
		header(t, w, map[string]string{"Access-Control-Allow-Origin": "", "Access-Control-Allow-Credentials": "", "Access-Control-Allow-Methods": ""})
	}
	// it asks for nothing
	wantProblem(t, s.ask(nil, http.MethodOptions, "/api/v1/login/", "", "Origin: "+guest), 405, "method_not_allowed")
	if len(s.asked) != 0 {
		t.Errorf("the accounts were asked: %q", s.asked)
	}
}

// A page of an allowed origin may read every answer, also one that refuses; no
// other page may, and a cache that keeps an answer knows that it depends on that.
func TestAnswersToOtherOrigins(t *testing.T) {
	s := newSite(t, guests)
	login := `{"name":"ann","password":"password"}`
	for origin, allowed := range map[string]string{guest: guest, "https://evil.test": "", "http://example.com": ""} {
		credentials := ""
		if allowed != "" {
			credentials = "true"
		}
		for _, w := range []*httptest.ResponseRecorder{
			s.ask(nil, "POST", "/api/v1/login/", login, "Origin: "+origin),
			s.ask(nil, "GET", "/api/v1/me/", "", "Origin: "+origin),
			s.ask(nil, "GET", "/api/v1/nothing/", "", "Origin: "+origin),
		} {
			header(t, w, map[string]string{
				"Access-Control-Allow-Origin": allowed, "Access-Control-Allow-Credentials": credentials, "Vary": "Origin",
			})
		}
	}
	header(t, s.ask(nil, "GET", "/api/v1/me/", "", "Origin:"), map[string]string{"Access-Control-Allow-Origin": "", "Vary": "Origin"})
	alone := newSite(t, nil)
	header(t, alone.ask(nil, "GET", "/api/v1/me/", "", "Origin: "+guest), map[string]string{"Access-Control-Allow-Origin": "", "Vary": ""})
}

// The cookie of a page of another site would not come back if it were Lax. Where
// there is no TLS browsers take no other.
func TestCookieOfAnotherOrigin(t *testing.T) {
	for _, test := range []struct {
		secure bool
		origin string
		want   string
	}{
		{true, guest, "SameSite=None"}, {true, "https://example.com", "SameSite=Lax"}, {false, guest, "SameSite=Lax"},
	} {
		s := newSite(t, func(o *Options) { guests(o); o.Secure = test.secure })
		w := s.ask(nil, "POST", "/api/v1/accounts/", `{"name":"ann","password":"password of ann"}`, "Origin: "+test.origin)
		if got := w.Header().Get("Set-Cookie"); w.Code != 201 || !strings.Contains(got, test.want) {
			t.Errorf("%+v: %d with the cookie %q", test, w.Code, got)
		}
	}
}
