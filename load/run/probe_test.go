package run

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// A server that is no livechat server is named as such in bounded time.
func TestOtherServersAreNotWaitedFor(t *testing.T) {
	for name, test := range map[string]struct {
		serve func(*websocket.Conn) // nil: no WebSocket
		want  string
	}{
		"silent": {func(c *websocket.Conn) {
			_, _, _ = c.ReadMessage() // until the client gives up
		}, "sent no welcome within"},
		"cluster": {func(c *websocket.Conn) {
			_ = c.WriteMessage(websocket.TextMessage, []byte(`{"type":"cluster","servers":[]}`))
			_, _, _ = c.ReadMessage()
		}, "livechat's protocol"},
		"page": {nil, "answered 200 OK and opened no WebSocket"},
	} {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if test.serve == nil {
					return
				}
				conn, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
				if err != nil {
					t.Error(err)
					return
				}
				defer conn.Close()
				test.serve(conn)
			}))
			defer s.Close()
			url := "ws" + strings.TrimPrefix(s.URL, "http")
			_, err := greet(t.Context(), url, "", nil, 100*time.Millisecond)
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), url) {
				t.Errorf("%v, want %q", err, test.want)
			}
		})
	}
}
