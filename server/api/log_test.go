package api

import (
	"bytes"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
)

// No line of the log contains messages, names or secrets, whether requests
// succeed or fail.
func TestLogHasNoSecrets(t *testing.T) {
	secrets := []string{"hunter2", "secrettoken", "secretticket", "between us", "searched", "key-of-mine"}
	for _, broken := range []error{nil, errors.New("the database is down")} {
		s := newSite(t, nil)
		ann, _ := s.register("ann"), s.register("bob")
		path := s.chat(ann, "bob")
		s.broken = broken
		for _, request := range [][3]string{
			{"POST", "/api/v1/ticket/", ""},
			{"POST", path + "messages/", `{"text":"between us"}`},
			{"POST", path + "messages/", `{"text":"between us","hunter2":1}`},
			{"POST", path + "messages/", `{"text":"between us`},
			{"GET", path + "messages/", ""},
			{"GET", "/api/v1/search/?q=searched", ""},
			{"GET", "/api/v1/search/?q=searched&q=%zz", ""},
			{"GET", "/api/v1/chats/?before=secrettoken", ""},
			{"POST", "/api/v1/me/password/", `{"old":"hunter2","new":"hunter2 too"}`},
			{"POST", "/api/v1/me/password/", `{"old":"password of ann","new":"hunter2"}`},
			{"POST", "/api/v1/login/", `{"name":"ann","password":"hunter2"}`},
			{"POST", "/api/v1/accounts/", `{"name":"cat","password":"hunter2"}`},
			{"DELETE", "/api/v1/me/", `{"password":"hunter2"}`},
			{"POST", "/api/v1/logout/", ""},
		} {
			w := s.ask(ann, request[0], request[1], request[2], "Idempotency-Key: key-of-mine")
			if broken != nil && w.Code < 400 {
				t.Errorf("%v: %d", request, w.Code)
			}
		}
		if got := s.log.String() == ""; got != (broken == nil) {
			t.Errorf("with %v the log is %q", broken, s.log)
		}
		for _, secret := range secrets {
			if strings.Contains(s.log.String(), secret) {
				t.Errorf("with %v the log has %q: %s", broken, secret, s.log)
			}
		}
	}
}

// The watcher of the database warns once. Requests do not repeat the warning.
func TestUnavailableDatabaseIsNotLoggedPerRequest(t *testing.T) {
	s := newSite(t, nil)
	ann := s.register("ann")
	s.broken = &net.OpError{Op: "dial", Err: errors.New("connection refused")}
	for range 50 {
		if w := s.ask(ann, "GET", "/api/v1/chats/", ""); w.Code != http.StatusServiceUnavailable {
			t.Fatalf("answered with %d", w.Code)
		}
	}
	if n := strings.Count(s.log.String(), "level=WARN"); n != 0 {
		t.Errorf("%d warnings for 50 requests:\n%s", n, s.log)
	}
}

func TestLogHandler(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(LogHandler(LogHandler(slog.NewTextHandler(&out, nil))))
	ctx := withRequestID(t.Context(), "request-17")
	log.With("part", "account").InfoContext(ctx, "one")
	log.WithGroup("g").InfoContext(ctx, "two")
	log.Info("three")
	lines := strings.Split(out.String(), "\n")
	for i, id := range []string{" request_id=request-17", "g.request_id=request-17", ""} {
		if got := strings.Count(lines[i], "request_id"); got > 1 || (got == 1) != (id != "") ||
			!strings.Contains(lines[i], id) {
			t.Errorf("line %q, want %q once", lines[i], id)
		}
	}
}
