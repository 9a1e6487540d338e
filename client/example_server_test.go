package client_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/gorilla/websocket"
)

// exampleServer starts a server for one client. In its room ann asks for an
// echo. The server prints the answer and sends the client away for good.
func exampleServer() (url string, stop func()) {
	upgrader := websocket.Upgrader{Subprotocols: []string{"livechat.user"}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer conn.Close()
		for _, frame := range []string{
			`{"type":"welcome","session":"s","name":"echo","room":"livechat","epoch":"e","seq":1}`,
			`{"type":"message","seq":1,"id":"a","name":"ann","text":"!echo an old one"}`,
			`{"type":"message","seq":2,"id":"b","name":"ann","text":"!echo hello"}`,
		} {
			if err := conn.WriteMessage(websocket.TextMessage, []byte(frame)); err != nil {
				return
			}
		}
		var answer struct{ ID, Text string }
		if _, frame, err := conn.ReadMessage(); err != nil || json.Unmarshal(frame, &answer) != nil {
			return
		}
		fmt.Printf("the server received %q\n", answer.Text)
		bye := websocket.FormatCloseMessage(4500, "bad requests")
		_ = conn.WriteControl(websocket.CloseMessage, bye, time.Now().Add(time.Second))
		_, _, _ = conn.ReadMessage() // until the client has gone
	}))
	return "ws" + strings.TrimPrefix(server.URL, "http"), server.Close
}
