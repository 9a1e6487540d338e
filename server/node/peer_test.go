package node

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"livechat/server/chat"
	"livechat/server/wire"
)

// peer is a client that sees every frame.
type peer struct {
	*websocket.Conn
	t       testing.TB
	welcome event
}

// event holds any frame of the server.
type event struct {
	Type, ID, Code, Text, Name, App, Session, Author, Room, Epoch, Message, Chat, By string

	Seq          uint64
	From, To     uint64
	Online       int
	Names        []string
	Recovered    *bool
	Duplicate    bool
	Retryable    bool
	RetryAfterMS int64 `json:"retry_after_ms"`
	AfterMS      int64 `json:"after_ms"`
	At, Edited   int64
	Limits       struct {
		Edit  *int64 `json:"edit_s"`
		Files *wire.FileLimits
	}
	Files  []chat.File
	Target struct {
		Seq uint64
		ID  string
	}
	Pinned   *chat.Pin
	Reply    repliedTo
	Counts   map[string]int
	Mentions []string
	Data     json.RawMessage
}

// repliedTo is what a reply says of the message that it answers.
type repliedTo struct {
	Seq            uint64
	ID, Name, Text string
}

// address returns a node's WebSocket address with a query: name=ann and so on.
func address(n *Node, query ...string) string {
	v := url.Values{}
	for _, q := range query {
		key, value, _ := strings.Cut(q, "=")
		v.Set(key, value)
	}
	return "ws://" + n.Addr() + "/ws?" + v.Encode()
}

func dial(t testing.TB, n *Node, query ...string) *peer {
	t.Helper()
	return dialWith(t, n, nil, query...)
}

// dialAs dials as the guest with this key.
func dialAs(t testing.TB, n *Node, key string, query ...string) *peer {
	t.Helper()
	return dialWith(t, n, []string{"livechat.user", "livechat.guest." + key}, query...)
}

func dialWith(t testing.TB, n *Node, subprotocols []string, query ...string) *peer {
	t.Helper()
	p := connect(t, n, subprotocols, query...)
	p.welcome = p.next("welcome")
	return p
}

// dialAny dials and does not wait for a welcome.
func dialAny(t testing.TB, n *Node, query ...string) *peer {
	t.Helper()
	return connect(t, n, nil, query...)
}

func connect(t testing.TB, n *Node, subprotocols []string, query ...string) *peer {
	t.Helper()
	return connectFrom(t, n, nil, subprotocols, query...)
}

// connectFrom connects with headers.
func connectFrom(t testing.TB, n *Node, header http.Header, subprotocols []string, query ...string) *peer {
	t.Helper()
	dialer := websocket.Dialer{Subprotocols: subprotocols}
	conn, resp, err := dialer.DialContext(t.Context(), address(n, query...), header)
	if resp != nil {
		defer resp.Body.Close()
	}
	if err != nil {
		t.Fatalf("dial %v: %v", query, err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	p := &peer{Conn: conn, t: t}
	p.deadline(time.Minute)
	return p
}

func (p *peer) deadline(d time.Duration) {
	if err := p.SetReadDeadline(time.Now().Add(d)); err != nil {
		p.t.Fatal(err)
	}
}

// next returns the next frame of a type, which must come within pollTime, and
// skips others.
func (p *peer) next(kind string) event {
	p.t.Helper()
	p.deadline(pollTime)
	for {
		_, b, err := p.ReadMessage()
		if err != nil {
			p.t.Fatalf("waiting for a %s: %v", kind, err)
		}
		var e event
		if err := json.Unmarshal(b, &e); err != nil {
			p.t.Fatalf("frame %q: %v", b, err)
		}
		if e.Type == kind {
			return e
		}
		if e.Type == "error" {
			p.t.Fatalf("waiting for a %s: %s", kind, b)
		}
	}
}

// any returns the next frame.
func (p *peer) any() (e event) {
	p.t.Helper()
	p.deadline(pollTime)
	_, b, err := p.ReadMessage()
	if err == nil {
		err = json.Unmarshal(b, &e)
	}
	if err != nil {
		p.t.Fatalf("waiting for a frame: %q, %v", b, err)
	}
	return e
}

func (p *peer) send(text string) {
	p.t.Helper()
	if err := p.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
		p.t.Fatal(err)
	}
}

// closed reads until the server closes, and returns its code.
func (p *peer) closed() int {
	p.t.Helper()
	p.deadline(pollTime)
	for {
		if _, _, err := p.ReadMessage(); err != nil {
			if e, ok := errors.AsType[*websocket.CloseError](err); ok {
				return e.Code
			}
			p.t.Fatalf("waiting for a close frame: %v", err)
		}
	}
}

// pollTime bounds how long a socket may take to deliver what a test waits for.
const pollTime = time.Minute

// nextError returns the next error frame.
func (p *peer) nextError() (e event) {
	p.t.Helper()
	p.deadline(pollTime)
	for {
		_, b, err := p.ReadMessage()
		if err != nil {
			p.t.Fatalf("waiting for an error: %v", err)
		}
		if err := json.Unmarshal(b, &e); err != nil {
			p.t.Fatal(err)
		}
		if e.Type == "error" {
			return e
		}
	}
}

// wantClosed waits until the server closes a socket with a code.
func wantClosed(t testing.TB, p *peer, want wire.CloseCode) {
	t.Helper()
	if got := p.closed(); got != int(want) {
		t.Errorf("closed with %d, want %d", got, want)
	}
}
