package api

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

const guest = "https://app.example.org"

func allowOneOrigin(o *Options) { o.AllowedOrigins = []string{guest, "*"} } // the star is ignored

// header compares headers of an answer; "" means absent.
func header(t *testing.T, w *httptest.ResponseRecorder, want map[string]string) {
	t.Helper()
	for name, value := range want {
		if got := strings.Join(w.Header().Values(name), ", "); got != value {
			t.Errorf("%d has %s %q, want %q", w.Code, name, got, value)
		}
	}
}

// A browser sends a preflight before a page of another origin may send JSON or
// delete.
func TestPreflight(t *testing.T) {
	s := newSite(t, allowOneOrigin)
	ask := func(path, origin string) *httptest.ResponseRecorder {
		return s.ask(nil, http.MethodOptions, path, "", "Origin: "+origin,
			"Access-Control-Request-Method: POST", "Access-Control-Request-Headers: content-type")
	}
	for path, allowed := range map[string]string{
		"/api/v1/login/": "POST", "/api/v1/me": "DELETE, GET, HEAD",
		"/api/v1/chats/x/messages/": "GET, HEAD, POST",
	} {
		w := ask(path, guest)
		want(t, w, http.StatusNoContent, "")
		header(t, w, map[string]string{
			"Access-Control-Allow-Origin": guest, "Access-Control-Allow-Credentials": "true",
			"Access-Control-Allow-Methods": allowed,
			"Access-Control-Allow-Headers": corsHeaders, "Access-Control-Max-Age": "600",
			"Vary": "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
		})
	}
	for _, origin := range []string{"https://evil.test", "null", "*", "http://app.example.org", guest +
		":8443"} {
		w := ask("/api/v1/login/", origin)
		wantProblem(t, w, 403, "forbidden_origin")
		header(t, w, map[string]string{"Access-Control-Allow-Origin": "",
			"Access-Control-Allow-Credentials": "", "Access-Control-Allow-Methods": ""})
	}
	// its preflight asks for no headers
	wantProblem(t, s.ask(nil, http.MethodOptions, "/api/v1/login/", "", "Origin: "+guest), 405,
		"method_not_allowed")
	if len(s.asked) != 0 {
		t.Errorf("the accounts were called: %q", s.asked)
	}
}

// A page of an allowed origin can read every answer, also an error. No other
// page can. Caches learn that the answer depends on the origin.
func TestCORSHeaders(t *testing.T) {
	s := newSite(t, allowOneOrigin)
	login := `{"name":"ann","password":"password"}`
	for origin, allowed := range map[string]string{guest: guest, "https://evil.test": "",
		"http://example.com": ""} {
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
				"Access-Control-Allow-Origin": allowed, "Access-Control-Allow-Credentials": credentials,
				"Vary": "Origin",
			})
		}
	}
	header(t, s.ask(nil, "GET", "/api/v1/me/", "", "Origin:"),
		map[string]string{"Access-Control-Allow-Origin": "", "Vary": "Origin"})
	alone := newSite(t, nil)
	header(t, alone.ask(nil, "GET", "/api/v1/me/", "", "Origin: "+guest),
		map[string]string{"Access-Control-Allow-Origin": "", "Vary": ""})
}

// A browser would not send a Lax cookie from a page of another site. Without
// TLS browsers accept no other kind.
func TestCookieForAllowedOrigin(t *testing.T) {
	for _, test := range []struct {
		secure bool
		origin string
		want   string
	}{
		{true, guest, "SameSite=None"}, {true, "https://example.com", "SameSite=Lax"},
		{false, guest, "SameSite=Lax"},
	} {
		s := newSite(t, func(o *Options) { allowOneOrigin(o); o.Secure = test.secure })
		w := s.ask(nil, "POST", "/api/v1/accounts/", `{"name":"ann","password":"password of ann"}`,
			"Origin: "+test.origin)
		if got := w.Header().Get("Set-Cookie"); w.Code != 201 || !strings.Contains(got, test.want) {
			t.Errorf("%+v: %d with the cookie %q", test, w.Code, got)
		}
	}
}
