package rest

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"livechat/client"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The API is beside the room.
func TestBase(t *testing.T) {
	for address, want := range map[string]string{
		"ws://h:1":             "http://h:1",
		"ws://h:1/":            "http://h:1",
		"wss://h/ws?room=a":    "https://h",
		"wss://h/chat/ws":      "https://h/chat",
		"ws://h:1/?room=bench": "http://h:1",
	} {
		s, err := New(address, nil)
		if err != nil || s.Base() != want {
			t.Errorf("%s: %v, %v, want %s", address, s, err, want)
		}
	}
}

// siteOf returns the API of a server that answers with a status and a body, and
// the last path that it was asked for.
func siteOf(t *testing.T, query string, status int, body string) (*Site, *string) {
	t.Helper()
	var asked string
	transport := &http.Transport{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r.URL.RequestURI()
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(func() { transport.CloseIdleConnections(); server.Close() })
	s, err := New("ws"+strings.TrimPrefix(server.URL, "http")+query, transport)
	if err != nil {
		t.Fatal(err)
	}
	return s, &asked
}

func TestPage(t *testing.T) {
	for _, test := range []struct {
		room, query, body string
		before, first     uint64
		asked             string
		disorder          bool
	}{
		{room: "a b", body: `{"messages":[{"seq":5},{"seq":9}]}`, first: 5, asked: "rooms/a%20b/messages/"},
		{query: "/?room=c", body: `{"messages":[]}`, before: 7, asked: "rooms/c/messages/?before=7"},
		{body: `{"messages":[{"seq":1},{"seq":3}]}`, asked: "rooms/livechat/messages/"},
		{body: `{"messages":[{"seq":3},{"seq":2}]}`, disorder: true},
		{body: `{"messages":[{"seq":3},{"seq":3}]}`, disorder: true},
		{body: `{"messages":[{"seq":9,"epoch":"a"},{"seq":2,"epoch":"b"}]}`, first: 9},
		{body: `{"messages":[{"seq":3},{"seq":7}]}`, before: 7, disorder: true},
	} {
		s, asked := siteOf(t, test.query, http.StatusOK, test.body)
		first, err := s.Page(t.Context(), test.room, test.before)
		if first != test.first || errors.Is(err, ErrDisorder) != test.disorder || err != nil && !test.disorder {
			t.Errorf("%+v: %d, %v", test, first, err)
		}
		if test.asked != "" && *asked != "/api/v1/"+test.asked {
			t.Errorf("%+v: asked for %s", test, *asked)
		}
	}
}

func TestRefusals(t *testing.T) {
	s, _ := siteOf(t, "", http.StatusNotFound, `{"code":"not_found","detail":"nothing here"}`)
	err := s.Probe(t.Context(), "a")
	refusal, ok := errors.AsType[*client.RefusedError](err)
	if !ok || refusal.Code != "not_found" || refusal.Message != "nothing here" ||
		!strings.Contains(err.Error(), "has no HTTP API") {
		t.Errorf("%v", err)
	}
	s, _ = siteOf(t, "", http.StatusTooManyRequests, "")
	if err := s.Probe(t.Context(), "a"); err != nil {
		t.Errorf("an API that is busy: %v", err)
	}
}
