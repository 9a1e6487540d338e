package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"livechat/server/chat"
	"livechat/server/store"
)

func TestTrailingSlashIsOptional(t *testing.T) {
	for _, with := range []bool{true, false} {
		each(t, func(t *testing.T, s *site, ann *browser, method, path, body string, status int, _ bool) {
			path, query, _ := strings.Cut(path, "?")
			if path = strings.TrimSuffix(path, "/"); with {
				path += "/"
			}
			want(t, s.ask(ann, method, path+"?"+query, body), status, "*")
		})
	}
}

func TestRoutesRequireASession(t *testing.T) {
	each(t, func(t *testing.T, s *site, ann *browser, method, path, body string, status int, guest bool) {
		if guest {
			want(t, s.ask(nil, method, path, body), status, "*")
			return
		}
		s.asked = nil
		wantProblem(t, s.ask(nil, method, path, body), 401, "unauthorized")
		wantProblem(t, s.ask(nil, method, path, body, "Cookie: livechat_session=forged"), 401, "unauthorized")
		wantProblem(t, s.ask(nil, method, path, body, "Cookie: livechat_session="), 401, "unauthorized")
		if got := strings.Join(s.asked, ""); got != "who\n" { // the forged one only
			t.Errorf("a service was called: %q", got)
		}
	})
}

// Internal errors are logged and not shown to users.
func TestInternalErrorsAreLoggedAndHidden(t *testing.T) {
	each(t, func(t *testing.T, s *site, ann *browser, method, path, body string, status int, _ bool) {
		// openapi.json, asyncapi.json and the page call no service, nor do some
		// examples.
		if strings.HasSuffix(path, "api.json") || strings.HasSuffix(path, "docs/") || method == "OPTIONS" ||
			status >= 400 {
			return
		}
		s.broken = errors.New("connect to 10.0.0.7: refused")
		s.files.broken = s.broken
		w := s.ask(ann, method, path, body, "X-Request-Id: request-17")
		wantProblem(t, w, 500, "internal")
		if strings.Contains(w.Body.String(), "10.0.0.7") {
			t.Errorf("the answer reveals the internal error: %s", w.Body)
		}
		for _, part := range []string{"10.0.0.7", "request_id=request-17", "method=" + method} {
			if !strings.Contains(s.log.String(), part) {
				t.Errorf("no %q in the log: %s", part, s.log)
			}
		}
	})
}

func TestErrors(t *testing.T) {
	s := newSite(t, nil)
	ann := s.register("ann")
	for _, test := range []struct {
		err    error
		status int
		code   string
		retry  string
		logged bool
	}{
		{chat.Errorf(chat.CodeBadRequest, ""), 400, "bad_request", "", false},
		{chat.Errorf(chat.CodeBadName, ""), 400, "bad_name", "", false},
		{chat.Errorf(chat.CodeBadText, ""), 400, "bad_text", "", false},
		{chat.Errorf(chat.CodeUnauthorized, ""), 401, "unauthorized", "", false},
		{chat.Errorf(chat.CodeForbidden, ""), 403, "forbidden", "", false},
		{chat.Errorf(chat.CodeNotFound, ""), 404, "not_found", "", false},
		{chat.Errorf(chat.CodeUnknownUser, ""), 404, "unknown_user", "", false},
		{chat.Errorf(chat.CodeNameTaken, ""), 409, "name_taken", "", false},
		{chat.Errorf(chat.CodeIDConflict, ""), 409, "id_conflict", "", false},
		{chat.Errorf(chat.CodeTooLong, ""), 413, "too_long", "", false},
		{chat.Errorf(chat.CodeBadPassword, ""), 422, "bad_password", "", false},
		{chat.Errorf(chat.CodeBadChat, ""), 422, "bad_chat", "", false},
		{&chat.Error{Code: chat.CodeRateLimited, Retryable: true, RetryAfterMS: 2000}, 429, "rate_limited",
			"2", false},
		{&chat.Error{Code: chat.CodeUnavailable, Retryable: true}, 503, "unavailable", "1", false},
		{fmt.Errorf("read the chat: %w", chat.Errorf(chat.CodeNotFound, "")), 404, "not_found", "", false},
		{fmt.Errorf("read the chat: %w", store.ErrNotFound), 404, "not_found", "", false},
		// PostgreSQL is gone, see store.Unavailable.
		{fmt.Errorf("read the chat: %w", io.ErrUnexpectedEOF), 503, "unavailable", "2", true},
		{chat.Errorf(chat.CodeInternal, ""), 500, "internal", "", true},
		{errors.New("anything else"), 500, "internal", "1", true},
		{context.Canceled, 500, "internal", "1", true}, // canceled, but not with this request
	} {
		before := s.log.String()
		s.broken = test.err
		w := s.ask(ann, "GET", "/api/v1/me/", "")
		wantProblem(t, w, test.status, test.code)
		if got := w.Header().Get("Retry-After"); got != test.retry {
			t.Errorf("%v: Retry-After %q, want %q", test.err, got, test.retry)
		}
		if got := s.log.String() != before; got != test.logged {
			t.Errorf("%v: logged %v, want %v", test.err, got, test.logged)
		}
	}
}

func TestSlowRequestIsUnavailable(t *testing.T) {
	s := newSite(t, func(o *Options) { o.Timeout = time.Millisecond })
	s.block = true
	w := s.ask(nil, "GET", "/api/v1/me/", "", "Cookie: livechat_session=t")
	wantProblem(t, w, 503, "unavailable")
	if w.Header().Get("Retry-After") != "1" ||
		!strings.Contains(s.log.String(), "api: request not finished") {
		t.Errorf("Retry-After %q, log %s", w.Header().Get("Retry-After"), s.log)
	}
}

// Clients that disconnect early cannot fill the log.
func TestCanceledRequestIsNotLogged(t *testing.T) {
	s := newSite(t, nil)
	s.block = true
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := httptest.NewRequestWithContext(ctx, "GET", "/api/v1/me/", nil)
	r.Header.Set("Cookie", cookieName+"=t")
	s.handler.ServeHTTP(httptest.NewRecorder(), r)
	if got := s.log.String(); strings.Contains(got, "WARN") || strings.Contains(got, "ERROR") {
		t.Errorf("the log is %q", got)
	}
}

func TestUnknownPathIsNotFound(t *testing.T) {
	s := newSite(t, nil)
	ann := s.register("ann")
	for _, path := range []string{"/api/v1/", "/api/v1", "/api/v1/nothing", "/api/v1/me/nothing/",
		"/api/v1/chats/" + anID + "/nothing/", "/api/v2/me/", "/api/v1/ME/"} {
		for _, method := range []string{"GET", "POST", "PUT", "OPTIONS"} {
			w := s.ask(ann, method, path, "")
			wantProblem(t, w, 404, "not_found")
			if w.Header().Get("X-Request-Id") == "" {
				t.Errorf("%s %s has no id", method, path)
			}
		}
	}
}

func TestWrongMethodIsNotAllowed(t *testing.T) {
	s := newSite(t, nil)
	ann := s.register("ann")
	for path, allowed := range map[string]string{
		"/api/v1/accounts/":               "POST",
		"/api/v1/me/":                     "DELETE, GET, HEAD",
		"/api/v1/chats":                   "GET, HEAD, POST",
		"/api/v1/chats/" + anID + "/read": "POST",
		"/api/v1/openapi.json":            "GET, HEAD",
	} {
		for _, method := range []string{"PUT", "PATCH", "OPTIONS", "TRACE", "get", "LINK"} {
			w := s.ask(ann, method, path, "")
			wantProblem(t, w, 405, "method_not_allowed")
			if got := w.Header().Get("Allow"); got != allowed {
				t.Errorf("%s %s: Allow %q, want %q", method, path, got, allowed)
			}
		}
	}
	wantProblem(t, s.ask(ann, "HEAD", "/api/v1/login/", ""), 405, "method_not_allowed")
}

func TestRequestID(t *testing.T) {
	s := newSite(t, nil)
	seen := map[string]bool{}
	for given, taken := range map[string]bool{
		"request-17": true, "0f8fad5b-d9cb-469f-a165-70867728950e": true, strings.Repeat("a", 64): true,
		"": false, "short": false, strings.Repeat("a", 65): false, "with space": false,
		"line\\nbreak": false, "<script>": false, "ümlaut-ümlaut": false,
	} {
		w := s.ask(nil, "GET", "/api/v1/docs/", "", "X-Request-Id: "+given)
		got := w.Header().Get("X-Request-Id")
		if (got == given) != taken || got == "" || seen[got] {
			t.Errorf("given %q: got %q", given, got)
		}
		seen[got] = true
	}
	if RequestID(t.Context()) != "" {
		t.Error("a context without a request has an id")
	}
	r := http.Header{"X-Request-Id": {"request-17", "request-18"}}
	if got := requestID(&http.Request{Header: r}); len(got) != 36 {
		t.Errorf("one of two ids was accepted: %s", got)
	}
}

// Each request is observed once, by its route in openapi.json, whatever the
// path contains.
func TestObserve(t *testing.T) {
	var seen []string
	s := newSite(t, func(o *Options) {
		o.Observe = func(method, route string, status int, took time.Duration) {
			if took < 0 {
				t.Errorf("it took %v", took)
			}
			seen = append(seen, fmt.Sprint(method, " ", route, " ", status))
		}
	})
	ann, _ := s.register("ann"), s.register("bob")
	path := s.chat(ann, "bob")
	seen = nil
	s.ask(ann, "GET", path, "")
	s.ask(ann, "HEAD", strings.TrimSuffix(path, "/"), "")
	s.ask(ann, "POST", path+"messages/", `{"text":"hi"}`)
	s.ask(ann, "BREW", path+"messages/", "")
	s.ask(nil, "GET", "/api/v1/rooms/livechat/messages/", "")
	s.ask(nil, "GET", "/api/v1/me/", "")
	s.ask(nil, "GET", "/api/v1/pot/of/tea", "")
	s.broken = errors.New("anything")
	s.ask(ann, "GET", path, "")
	want := []string{"GET /chats/{id}/ 200", "GET /chats/{id}/ 200", "POST /chats/{id}/messages/ 201",
		"  405", "GET /rooms/{room}/messages/ 200", "GET /me/ 401", "  404", "GET /chats/{id}/ 500"}
	if !slices.Equal(seen, want) {
		t.Errorf("saw %q\nwant %q", seen, want)
	}
}
