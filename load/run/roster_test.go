package run

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// The roster follows the servers that take clients, over as many connections as
// it takes.
func TestRosterHasTheReadyServers(t *testing.T) {
	frames := make(chan string)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/chat/cluster" || r.URL.Query().Has("room") {
			t.Errorf("asked for %s", r.URL)
		}
		conn, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		if frame, ok := <-frames; ok { // one each
			_ = conn.WriteMessage(websocket.TextMessage, []byte(frame))
		}
	}))
	defer s.Close()
	defer close(frames)
	r, err := newRoster(t.Context(), "ws"+strings.TrimPrefix(s.URL, "http")+"/chat/?room=tea", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.close()
	if _, err := r.servers(); err == nil || !strings.Contains(err.Error(), "/chat/cluster does not say") {
		t.Errorf("before the first frame: %v", err)
	}
	for _, test := range []struct {
		frame string
		want  []string
	}{
		{`{"type":"cluster","servers":[{"app":"2","state":"ready"},{"app":"1","state":"read-only"},` +
			`{"app":"0","state":"deaf"},{"app":"3","state":"draining"},{"app":"4","state":"gone"},` +
			`{"app":"5","state":"starting"}]}`, []string{"0", "1", "2"}},
		{`{"type":"cluster","servers":[{"app":"1","state":"ready"}]}`, []string{"1"}},
	} {
		frames <- test.frame
		if err := poll(t.Context(), func() (bool, error) {
			got, err := r.servers()
			return err == nil && slices.Equal(got, test.want), nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	frames <- `{"type":"cluster","servers":[{"app":"1","state":"ready"},{"app":"2","state":"unknown"}]}`
	frames <- `{"type":"welcome"}`
	if err := poll(t.Context(), func() (bool, error) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.received = time.Time{} // as if the last frame were long ago
		return strings.Contains(r.problem.Error(), "not the /cluster"), nil
	}); err != nil {
		t.Fatal(err)
	}
	if r.ready[0] != "1" {
		t.Errorf("servers of an outdated frame are %q", r.ready)
	}
	if _, err := r.servers(); err == nil || !strings.Contains(err.Error(), "not the /cluster") {
		t.Errorf("from another server: %v", err)
	}
}
