package api

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"livechat/server/chat"
)

func TestExport(t *testing.T) {
	s := newSite(t, nil)
	ann := s.register("ann")
	w := s.ask(ann, "GET", "/api/v1/me/export/", "")
	name := w.Header().Get("Content-Disposition")
	if w.Code != 200 || w.Body.String() != "PK" || w.Header().Get("Content-Type") != "application/zip" ||
		w.Header().Get("Cache-Control") != "no-store" || !strings.HasPrefix(name,
		"attachment; filename=livechat-ann-") {
		t.Errorf("%d %q %v", w.Code, w.Body, w.Header())
	}
	s.asked = nil
	if w := s.ask(ann, "HEAD", "/api/v1/me/export/", ""); w.Code != 200 || w.Body.Len() > 0 ||
		strings.Contains(strings.Join(s.asked, ""), "export") {
		t.Errorf("HEAD: %d %q, asked %q", w.Code, w.Body, s.asked)
	}
	for _, header := range []string{"Livechat-Guest:", "Livechat-Guest: x"} {
		wantProblem(t, s.ask(nil, "GET", "/api/v1/guests/export/", "", header), 400, "bad_request")
	}
	s.broken = &chat.Error{Code: chat.CodeRateLimited, Message: "later", Retryable: true, RetryAfterMS: 60_000}
	w = s.ask(nil, "GET", "/api/v1/guests/export/", "")
	if w.Code != 429 || w.Header().Get("Retry-After") != "60" {
		t.Errorf("refused: %d %v", w.Code, w.Header())
	}
}

// Nobody takes a part of an export for the whole.
func TestExportCutOff(t *testing.T) {
	s := newSite(t, nil)
	ann := s.register("ann")
	s.cut = errors.New("the database went away")
	defer func() {
		if v := recover(); v != http.ErrAbortHandler {
			t.Errorf("the answer ended with %v", v)
		}
		if !strings.Contains(s.log.String(), "an export was cut off") {
			t.Errorf("log: %s", s.log)
		}
	}()
	s.ask(ann, "GET", "/api/v1/me/export/", "")
}

func TestWhatBecomesOfMessages(t *testing.T) {
	for body, want := range map[string]string{
		`{"password":"password of ann"}`:                       "delete 1 true\n",
		`{"password":"password of ann","messages":"keep"}`:     "delete 1 true\n",
		`{"password":"password of ann","messages":"erase"}`:    "delete 1 false\n",
		`{"password":"password of ann","messages":"whatever"}`: "",
	} {
		s := newSite(t, nil)
		ann := s.register("ann")
		w := s.ask(ann, "DELETE", "/api/v1/me/", body)
		if got := s.asked[len(s.asked)-1]; want != "" && (w.Code != 204 || got != want) {
			t.Errorf("%s: %d, asked %q", body, w.Code, got)
		}
		if want == "" {
			wantProblem(t, w, 400, "bad_request")
		}
	}
	s := newSite(t, nil)
	if got := s.ask(nil, "POST", "/api/v1/guests/erase/", `{"messages":"keep"}`); got.Code != 202 ||
		got.Body.String() != `{"messages":"keep","asked_at":1763770000123,"done":0}`+"\n" {
		t.Errorf("%d %s", got.Code, got.Body)
	}
	wantProblem(t, s.ask(nil, "POST", "/api/v1/guests/erase/", `{}`), 400, "bad_request")
}
