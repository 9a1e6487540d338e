package client

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/gorilla/websocket"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience limits how long a test waits for what should happen at once.
const patience = 10 * time.Second

// peer is the server's end of one connection.
type peer struct {
	t         *testing.T
	ws        *websocket.Conn
	query     url.Values
	protocols []string
}

func (p *peer) send(frames ...string) {
	for _, f := range frames {
		if err := p.ws.WriteMessage(websocket.TextMessage, []byte(f)); err != nil {
			return // the client has left; the test checks what it missed
		}
	}
}

// request is a frame from a client.
type request struct {
	Type string `json:"type"`
	ID   string `json:"id"`
	Text string `json:"text"`
}

// receive returns the client's next frame; ok is false once the connection has
// ended.
func (p *peer) receive() (r request, ok bool) {
	_ = p.ws.SetReadDeadline(time.Now().Add(patience))
	_, frame, err := p.ws.ReadMessage()
	if err != nil {
		return request{}, false
	}
	if err := json.Unmarshal(frame, &r); err != nil {
		p.t.Errorf("the client sent %q: %v", frame, err)
	}
	return r, true
}

// close ends the connection properly.
func (p *peer) close(code int) {
	_ = p.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, ""),
		time.Now().Add(time.Second))
}

// untilGone waits for the client to leave and returns its close code.
func (p *peer) untilGone() int {
	_ = p.ws.SetReadDeadline(time.Now().Add(patience))
	for {
		if _, _, err := p.ws.ReadMessage(); err != nil {
			if c, ok := err.(*websocket.CloseError); ok {
				return c.Code
			}
			return websocket.CloseAbnormalClosure
		}
	}
}

// serve runs one function per connection, in order of arrival, and returns the
// address. The test fails if there are more or fewer connections than
// functions.
func serve(t *testing.T, connections ...func(p *peer)) string {
	return serveBehind(t, func(int) {}, connections...)
}

// serveBehind is serve with a gate that each handshake passes first.
func serveBehind(t *testing.T, gate func(n int), connections ...func(p *peer)) string {
	var mu sync.Mutex
	var running sync.WaitGroup
	next := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		n := next
		next++
		mu.Unlock()
		if n >= len(connections) {
			w.WriteHeader(http.StatusNotFound) // final, so that a session stops here
			return
		}
		gate(n)
		upgrader := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
		ws, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			t.Errorf("upgrade: %v", err)
			return
		}
		running.Add(1)
		defer running.Done()
		defer ws.Close()
		connections[n](&peer{t, ws, r.URL.Query(), websocket.Subprotocols(r)})
	}))
	t.Cleanup(func() {
		server.Close()
		running.Wait()
		mu.Lock()
		defer mu.Unlock()
		if next != len(connections) {
			t.Errorf("%d connections were made, want %d", next, len(connections))
		}
	})
	return server.URL
}

func dial(t *testing.T, o Options) *Conn {
	t.Helper()
	conn, err := Dial(t.Context(), o)
	if err != nil {
		t.Fatalf("dial: %v", err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// pump reads conn in a goroutine. It returns a channel of the events, which is
// closed at the end, and a function that returns why it ended.
func pump(t *testing.T, conn *Conn) (<-chan Event, func() error) {
	events := make(chan Event, 100)
	var end error
	go func() {
		defer close(events)
		for {
			event, err := conn.Next(context.Background())
			if err != nil {
				end = err
				return
			}
			events <- event
		}
	}()
	drain := func() error {
		for range events {
		}
		return end
	}
	t.Cleanup(func() { conn.Close(); _ = drain() })
	return events, drain
}

func within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}
