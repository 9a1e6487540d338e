package web

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

// newSite returns a handler with a small page and a room that writes a 101 by
// hand; change may replace parts.
func newSite(t *testing.T, change func(*Deps)) http.Handler {
	t.Helper()
	deps := Deps{
		Room: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			conn, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				t.Errorf("hijack: %v", err)
				return
			}
			defer conn.Close()
			fmt.Fprintf(conn, "HTTP/1.1 101 Switching Protocols\r\n\r\nroom for %s", r.URL.RequestURI())
		}),
		Static: fstest.MapFS{
			"index.html":       {Data: []byte("<h1>hello</h1>")},
			"app/main.js":      {Data: []byte("export {}")},
			"style.css":        {Data: []byte("p {}")},
			"icon.svg":         {Data: []byte("<svg/>")},
			"site.webmanifest": {Data: []byte("{}")},
			"thing.unknown":    {Data: []byte("<html>")},
		},
		Ready:   func(Scope) (int, Readiness) { return http.StatusOK, Readiness{Status: "ready"} },
		Online:  func(string, int) (int, []string, bool) { return 0, nil, true },
		App:     "1000",
		Version: "v1",
		Logger:  slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	if change != nil {
		change(&deps)
	}
	return New(deps)
}

// ask sends one request, with headers as "Name: value", directly to the
// handler.
func ask(site http.Handler, method, target string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, nil)
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		r.Header.Add(name, value)
	}
	w := httptest.NewRecorder()
	site.ServeHTTP(w, r)
	return w
}

// wantProblem checks that w is a problem+json answer with this status and code.
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

func wantBody(t *testing.T, w *httptest.ResponseRecorder, status int, body string) {
	t.Helper()
	if got := strings.TrimSpace(w.Body.String()); w.Code != status || got != body {
		t.Errorf("got %d %s, want %d %s", w.Code, got, status, body)
	}
}

func TestPage(t *testing.T) {
	site := newSite(t, nil)
	for path, want := range map[string]struct{ contentType, body string }{
		"/":                 {"text/html; charset=utf-8", "<h1>hello</h1>"},
		"/?room=go":         {"text/html; charset=utf-8", "<h1>hello</h1>"},
		"/index.html":       {"text/html; charset=utf-8", "<h1>hello</h1>"},
		"/app/main.js":      {"text/javascript; charset=utf-8", "export {}"},
		"/style.css":        {"text/css; charset=utf-8", "p {}"},
		"/icon.svg":         {"image/svg+xml", "<svg/>"},
		"/site.webmanifest": {"application/manifest+json", "{}"},
		"/thing.unknown":    {"application/octet-stream", "<html>"},
	} {
		w := ask(site, "GET", path)
		wantBody(t, w, http.StatusOK, want.body)
		if got := w.Header().Get("Content-Type"); got != want.contentType {
			t.Errorf("%s: content type %s, want %s", path, got, want.contentType)
		}
		if got := w.Header().Get("Cache-Control"); got != "no-cache" {
			t.Errorf("%s: Cache-Control %s", path, got)
		}
		etag := w.Header().Get("ETag")
		if !strings.HasPrefix(etag, `"`) || len(etag) != 34 {
			t.Errorf("%s: ETag %s", path, etag)
		}
		again := ask(site, "GET", path, "If-None-Match: "+etag)
		wantBody(t, again, http.StatusNotModified, "")
		if again.Header().Get("ETag") != etag || again.Header().Get("Content-Security-Policy") == "" {
			t.Errorf("%s: 304 with headers %v", path, again.Header())
		}
		wantBody(t, ask(site, "GET", path, `If-None-Match: "other"`), http.StatusOK, want.body)
		wantBody(t, ask(site, "HEAD", path), http.StatusOK, "")
	}
	for _, path := range []string{"/nothing", "/app", "/app/", "/index.html/", "/app/main.js/x",
		"/%2e%2e/web.go", "/INDEX.HTML", "/rooms/", "/rooms/a/b"} {
		wantProblem(t, ask(site, "GET", path), http.StatusNotFound, "not_found")
	}
}

func TestETagIsOfTheContent(t *testing.T) {
	etag := func(body string) string {
		site := newSite(t, func(d *Deps) {
			d.Static = fstest.MapFS{
				"index.html": {Data: []byte(body), ModTime: time.Now()}}
		})
		return ask(site, "GET", "/").Header().Get("ETag")
	}
	first, same, other := etag("a"), etag("a"), etag("b")
	if first != same || first == other {
		t.Errorf("the ETags of a, a, b are %s, %s, %s", first, same, other)
	}
}

func TestBadPageIsTold(t *testing.T) {
	for _, files := range []fstest.MapFS{{}, {"main.js": {}}, {"index.html/x": {}}} {
		site := newSite(t, func(d *Deps) { d.Static = files })
		if answer := ask(site, "GET", "/"); answer.Code != http.StatusInternalServerError {
			t.Errorf("%v is taken for a page: %d", files, answer.Code)
		}
	}
}

func TestStates(t *testing.T) {
	site := newSite(t, nil)
	wantBody(t, ask(site, "GET", "/healthz"), http.StatusOK, `{"status":"ok"}`)
	wantBody(t, ask(site, "GET", "/config.json"), http.StatusOK, `{}`)
	wantBody(t, ask(site, "GET", "/version"), http.StatusOK,
		`{"app":"1000","go":"`+runtime.Version()+`","version":"v1"}`)

	for status, word := range map[int]string{200: "ready", 404: "draining", 503: "starting"} {
		site := newSite(t, func(d *Deps) {
			d.Ready = func(Scope) (int, Readiness) {
				return status, Readiness{Status: word, App: "1000", Redis: "down", FeedAge: 7, Connections: 3}
			}
		})
		w := ask(site, "GET", "/readyz")
		wantBody(t, w, status, `{"status":"`+word+
			`","app":"1000","redis":"down","feed_age_ms":7,"connections":3}`)
		if got := w.Header().Get("Content-Type") + " " + w.Header().Get(
			"Cache-Control"); got != "application/json no-store" {
			t.Errorf("readyz: %s", got)
		}
	}
}

func TestScopeOfReadiness(t *testing.T) {
	site := newSite(t, func(d *Deps) {
		d.Ready = func(scope Scope) (int, Readiness) {
			if scope == ScopeSelf {
				return http.StatusOK, Readiness{Status: "ready"}
			}
			return http.StatusNotFound, Readiness{Status: "deaf"}
		}
	})
	for path, want := range map[string]int{
		"/readyz": http.StatusNotFound, "/readyz?scope=": http.StatusNotFound,
		"/readyz?scope=self": http.StatusOK,
	} {
		if got := ask(site, "GET", path).Code; got != want {
			t.Errorf("%s: %d, want %d", path, got, want)
		}
	}
	wantProblem(t, ask(site, "GET", "/readyz?scope=Self"), http.StatusBadRequest, "bad_request")
}

func TestRooms(t *testing.T) {
	site := newSite(t, func(d *Deps) {
		d.Online = func(room string, most int) (int, []string, bool) {
			return len(room), []string{"ann", "bob", "eve", "zoe"}[:min(most, len(room)-4)], room != "early"
		}
	})
	w := ask(site, "GET", "/rooms/livechat")
	wantBody(t, w, http.StatusOK, `{"room":"livechat","online":8,"names":["ann","bob","eve","zoe"]}`)
	wantBody(t, ask(site, "GET", "/rooms/quie"), http.StatusOK, `{"room":"quie","online":4}`)
	keeping := newSite(t, func(d *Deps) { d.Kept = Kept{Seconds: 3600, Count: 50} })
	wantBody(t, ask(keeping, "GET", "/rooms/go"), http.StatusOK,
		`{"room":"go","online":0,"kept_s":3600,"kept_count":50}`)
	if w.Header().Get("Access-Control-Allow-Origin") != "*" {
		t.Error("the page behind Nginx may not read it")
	}
	wantProblem(t, ask(site, "GET", "/rooms/Not%20A%20Room"), http.StatusBadRequest, "bad_room")
	wantProblem(t, ask(site, "GET", "/rooms/a%2fb"), http.StatusBadRequest, "bad_room")
	wantProblem(t, ask(site, "GET", "/rooms/user:7"), http.StatusBadRequest, "bad_room") // a feed
	early := ask(site, "GET", "/rooms/early")
	wantProblem(t, early, http.StatusServiceUnavailable, "unavailable")
	if early.Header().Get("Access-Control-Allow-Origin") != "*" {
		t.Error("the page behind Nginx may not read the error")
	}
}

func TestMethods(t *testing.T) {
	site := newSite(t, nil)
	for _, path := range []string{"/", "/ws", "/healthz", "/readyz", "/version", "/config.json",
		"/rooms/livechat", "/style.css", "/nothing"} {
		for _, method := range []string{"POST", "PUT", "DELETE", "PATCH", "OPTIONS", "BREW"} {
			w := ask(site, method, path, "Connection: Upgrade", "Upgrade: websocket")
			wantProblem(t, w, http.StatusMethodNotAllowed, "method_not_allowed")
			if w.Header().Get("Allow") != "GET, HEAD" {
				t.Errorf("%s %s: Allow %q", method, path, w.Header().Get("Allow"))
			}
		}
	}
}

func TestSecurityHeaders(t *testing.T) {
	site := newSite(t, nil)
	policy := func(connect string) string {
		return "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; " +
			"media-src 'self' blob:; connect-src " +
			connect +
			"; manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	}
	for _, path := range []string{"/", "/nothing", "/ws", "/readyz", "/rooms/?", "/rooms//x"} {
		h := ask(site, "GET", path).Header()
		if h.Get("Content-Security-Policy") != policy("'self' ws://example.com wss://example.com") ||
			h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("%s: %v", path, h)
		}
	}
	for host, connect := range map[string]string{
		"localhost:8080":    "'self' ws://localhost:8080 wss://localhost:8080",
		"127.0.0.1":         "'self' ws://127.0.0.1 wss://127.0.0.1",
		"[::1]:8080":        "'self'",
		"":                  "'self'",
		"a; script-src *":   "'self'",
		"a;script-src":      "'self'",
		"a b":               "'self'",
		"a,b":               "'self'",
		"'unsafe-inline'":   "'self'",
		"*":                 "'self'",
		"a:8080/x":          "'self'",
		"a\r\nSet-Cookie:x": "'self'",
	} {
		h := http.Header{}
		secure(h, host)
		if got := h.Get("Content-Security-Policy"); got != policy(connect) {
			t.Errorf("Host %q gives %s", host, got)
		}
	}
}
