package web

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"livechat/internal/testlog"
)

func newLog(level slog.Level) (*slog.Logger, *testlog.Buffer) {
	var out testlog.Buffer
	return slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: level})), &out
}

func TestPanic(t *testing.T) {
	log, out := newLog(slog.LevelInfo)
	site := newSite(t, func(d *Deps) {
		d.Logger = log
		d.Online = func(string, int) (int, []string, bool) { panic("presence is broken") }
	})
	w := ask(site, "GET", "/rooms/livechat")
	wantProblem(t, w, http.StatusInternalServerError, "internal")
	if strings.Contains(w.Body.String(), "presence") {
		t.Errorf("the answer tells what happened inside: %s", w.Body)
	}
	if w.Header().Get("Access-Control-Allow-Origin") != "" ||
		w.Header().Get("Content-Security-Policy") == "" {
		t.Errorf("headers of the broken answer are left, or those of every answer are not: %v", w.Header())
	}
	for _, part := range []string{"presence is broken", "root_test.go", "/rooms/livechat"} {
		if !strings.Contains(out.String(), part) {
			t.Errorf("no %q in the log: %s", part, out)
		}
	}
}

func TestPanicAfterTheAnswerBegan(t *testing.T) {
	log, out := newLog(slog.LevelInfo)
	server := httptest.NewServer(&root{log: log,
		next: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "half")
			if err := http.NewResponseController(w).Flush(); err != nil {
				t.Errorf("flush: %v", err)
			}
			panic("late")
		})})
	defer server.Close()
	response, err := http.Get(server.URL)
	if err == nil {
		defer response.Body.Close()
		_, err = io.ReadAll(response.Body)
	}
	if err == nil {
		t.Error("half an answer looks like a whole one")
	}
	if !strings.Contains(out.String(), "late") {
		t.Errorf("not logged: %s", out)
	}
}

// A hijacked connection must not get an HTTP answer after what was written to
// it.
func TestPanicAfterUpgrade(t *testing.T) {
	log, out := newLog(slog.LevelInfo)
	site := newSite(t, func(d *Deps) {
		d.Logger = log
		d.Room = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Errorf("hijack: %v", err)
				return
			}
			_, _ = io.WriteString(conn, "frame")
			defer conn.Close()
			panic("session is broken")
		})
	})
	done := make(chan struct{})
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(done)
		site.ServeHTTP(w, r)
	}))
	serverLog, serverOut := newLog(slog.LevelInfo)
	server.Config.ErrorLog = slog.NewLogLogger(serverLog.Handler(), slog.LevelError)
	server.Start()
	defer server.Close()
	got := exchange(t, server, "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
	if got != "frame" {
		t.Errorf("the client got %q", got)
	}
	<-done
	if !strings.Contains(out.String(), "session is broken") {
		t.Errorf("the panic is not in the log: %s", out)
	}
	if serverOut.String() != "" {
		t.Errorf("net/http complains: %s", serverOut)
	}
}

func TestAbortIsNoPanic(t *testing.T) {
	log, out := newLog(slog.LevelDebug)
	handler := &root{log: log, next: http.HandlerFunc(
		func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })}
	defer func() {
		if v := recover(); v != http.ErrAbortHandler {
			t.Errorf("recovered %v", v)
		}
		if strings.Contains(out.String(), "panic") {
			t.Errorf("logged as a fault: %s", out)
		}
	}()
	ask(handler, "GET", "/")
}

func TestRequestLog(t *testing.T) {
	log, out := newLog(slog.LevelDebug)
	site := newSite(t, func(d *Deps) { d.Logger = log })
	ask(site, "GET", "/nothing?name=ann")
	ask(site, "GET", "/")
	for _, part := range []string{"path=/nothing status=404", "path=/ status=200"} {
		if !strings.Contains(out.String(), part) {
			t.Errorf("no %q in %s", part, out)
		}
	}
	if strings.Contains(out.String(), "ann") {
		t.Errorf("a name is in the log: %s", out)
	}

	quiet, none := newLog(slog.LevelInfo)
	ask(newSite(t, func(d *Deps) { d.Logger = quiet }), "GET", "/")
	if none.String() != "" {
		t.Errorf("a request is worth more than debug: %s", none)
	}
}

// The methods that a handler may use of its ResponseWriter work behind root.
func TestAnswerHidesNothing(t *testing.T) {
	log, _ := newLog(slog.LevelInfo)
	server := httptest.NewServer(&root{log: log,
		next: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			control := http.NewResponseController(w)
			w.WriteHeader(http.StatusEarlyHints)
			if err := control.SetWriteDeadline(time.Now().Add(time.Minute)); err != nil {
				t.Errorf("set a deadline: %v", err)
			}
			_, _ = io.WriteString(w, "a")
			if err := control.Flush(); err != nil {
				t.Errorf("flush: %v", err)
			}
			if got := w.(*answer).status; got != http.StatusOK {
				t.Errorf("after early hints and a write the status is %d", got)
			}
		})})
	defer server.Close()
	response, err := http.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Errorf("got %s", response.Status)
	}
}

// The names of files are not for the log.
func TestLoggedPaths(t *testing.T) {
	for path, want := range map[string]string{
		"/api/v1/files/7f0a/cat.png": "/api/v1/files/7f0a/", "/api/v1/files/7f0a/a/b": "/api/v1/files/7f0a/",
		"//api/v1//files/7f0a/cat.png": "//api/v1//files/7f0a/",
		"/api/v1/files/7f0a/":          "/api/v1/files/7f0a/", "/api/v1/files/": "/api/v1/files/",
		"/api/v1/me/": "/api/v1/me/", "/": "/",
	} {
		if got := logged(path); got != want {
			t.Errorf("%s is logged as %s, want %s", path, got, want)
		}
	}
}

// An upload that gets on is not the first connection to be dropped.
func TestProgressCounts(t *testing.T) {
	old := time.Now().Add(-time.Hour)
	c := &conn{server: &Server{}, since: old}
	body := &followedBody{io.NopCloser(strings.NewReader("x")), c}
	if _, err := body.Read(make([]byte, 1)); err != nil || c.step != reading || c.since.Equal(old) {
		t.Errorf("%v, step %v since %v", err, c.step, c.since)
	}
}
