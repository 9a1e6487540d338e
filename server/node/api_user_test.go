package node

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"github.com/gorilla/websocket"

	"livechat/internal/testapi"
)

// apiUser is a user of the API.
type apiUser struct {
	*testapi.Person
	t    *testing.T
	name string
	base string
}

func newAPIUser(t *testing.T, n *Node, name string) *apiUser {
	t.Helper()
	p := &apiUser{t: t, name: name, base: "http://" + n.Addr()}
	p.Person = testapi.New(t, func() string { return p.base })
	return p
}

// do sends a request, expects a status and returns the decoded answer.
func (p *apiUser) do(want int, method, path string, body any) map[string]any {
	p.t.Helper()
	status, answer, err := p.Do(p.t.Context(), method, path, body)
	if err != nil || status != want {
		p.t.Fatalf("%s: %s %s: %d %v, %v; want %d", p.name, method, path, status, answer, err, want)
	}
	return answer
}

func (p *apiUser) register() {
	p.t.Helper()
	p.do(http.StatusCreated, "POST", "/accounts/",
		map[string]string{"name": p.name, "password": testapi.Password})
}

func (p *apiUser) login() {
	p.t.Helper()
	p.do(http.StatusOK, "POST", "/login/", map[string]string{"name": p.name, "password": testapi.Password})
}

// socket opens a socket with a ticket: /feed, or /ws for the default room.
func (p *apiUser) socket(n *Node, path string) *peer {
	p.t.Helper()
	ticket := p.do(http.StatusCreated, "POST", "/ticket/", struct{}{})["ticket"].(string)
	dialer := websocket.Dialer{Subprotocols: []string{"livechat.user", "livechat.ticket." + ticket}}
	conn, resp, err := dialer.DialContext(p.t.Context(), "ws://"+n.Addr()+path, nil)
	if err != nil {
		p.t.Fatalf("%s opens %s: %v", p.name, path, err)
	}
	_ = resp.Body.Close()
	p.t.Cleanup(func() { _ = conn.Close() })
	s := &peer{Conn: conn, t: p.t}
	s.deadline(pollTime)
	s.welcome = s.next("welcome")
	return s
}

// wantEvent expects the next event of a feed to be want. Messages up to number
// known, which came by HTTP, are skipped.
func (p *peer) wantEvent(known int, want string) {
	p.t.Helper()
	for {
		_, b, err := p.ReadMessage()
		if err != nil {
			p.t.Fatalf("waiting for %s: %v", want, err)
		}
		var e struct {
			Type, Event, Name, Text string
			N                       int
			Counts                  json.RawMessage
		}
		if err := json.Unmarshal(b, &e); err != nil {
			p.t.Fatal(err)
		}
		if e.Type == "message" && e.Event != "chat" && e.N > known {
			if got := fmt.Sprintf("%s %d %s: %s%s", e.Event, e.N, e.Name, e.Text, e.Counts); got != want {
				p.t.Errorf("received %q, want %q", got, want)
			}
			return
		}
	}
}
