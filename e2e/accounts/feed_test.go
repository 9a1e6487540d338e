package accounts

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// deliveries is what a feed has delivered.
type deliveries struct {
	mu    sync.Mutex
	times map[string]int // by message id
	last  int
	order bool   // n has always grown by one
	epoch string // of the feed
	seq   uint64 // the newest that came
	ends  []error
}

func (h *deliveries) count() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.times)
}

// ended returns how connections have ended.
func (h *deliveries) ended() []error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.ends)
}

// take notes a frame. The error is one that a client cannot go on from.
func (h *deliveries) take(text []byte) error {
	var e struct {
		Type, Event, Message, Epoch string
		N                           int
		Seq                         uint64
		Recovered                   *bool
	}
	if err := json.Unmarshal(text, &e); err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case e.Type == "gap", e.Type == "welcome" && e.Recovered != nil && !*e.Recovered:
		return fmt.Errorf("the feed has lost events: %s", text)
	case e.Type == "welcome" || e.Type == "reset":
		if h.epoch = e.Epoch; e.Recovered == nil {
			h.seq = e.Seq
		}
	case e.Seq > 0:
		h.seq = e.Seq
	}
	if e.Type == "message" && e.Event == "message" {
		h.times[e.Message]++
		h.order = h.order && e.N == h.last+1
		h.last = e.N
	}
	return nil
}

// openFeed opens a feed, or resumes it.
func openFeed(ctx context.Context, s *user, url string, h *deliveries) (*websocket.Conn, error) {
	status, answer, err := s.Do(ctx, "POST", "/ticket/", struct{}{})
	if err != nil || status >= 300 {
		return nil, fmt.Errorf("get a ticket: %d, %w", status, err)
	}
	h.mu.Lock()
	if h.epoch != "" {
		url += fmt.Sprintf("?after=%s:%d", h.epoch, h.seq)
	}
	h.mu.Unlock()
	ticket, _ := answer["ticket"].(string)
	dialer := websocket.Dialer{Subprotocols: []string{"livechat.user", "livechat.ticket." + ticket}}
	conn, resp, err := dialer.DialContext(ctx, url, nil)
	if err != nil {
		return nil, err
	}
	return conn, resp.Body.Close()
}

// listenToFeed reads a feed until it is told to end. As clients do, it resumes
// the feed if the connection ends: a server may cut off a reader that a busy
// machine does not let read.
func listenToFeed(t *testing.T, s *user, url string, h *deliveries) (end func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	conn, err := openFeed(ctx, s, url, h)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			if conn == nil {
				if conn, err = openFeed(ctx, s, url, h); err != nil {
					<-time.After(5 * time.Millisecond)
					continue
				}
			}
			h.read(ctx, t, conn)
			conn = nil
		}
	}()
	return func() { cancel(); <-done }
}

// read reads a connection until it ends.
func (h *deliveries) read(ctx context.Context, t *testing.T, conn *websocket.Conn) {
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	defer conn.Close()
	for {
		_, text, err := conn.ReadMessage()
		if err == nil {
			if err = h.take(text); err != nil && ctx.Err() == nil {
				t.Error(err)
			}
		}
		if err != nil {
			h.mu.Lock()
			h.ends = append(h.ends, err)
			h.mu.Unlock()
			return
		}
	}
}

// patience is how long nothing may be delivered. A slow server on a busy
// machine still delivers something, and a stopped one does not.
const patience = 40 * time.Second

// waitFor waits until count is as high as wanted. It gives up once it has not
// risen for patience.
func waitFor(want int, count func() int) bool {
	highest, since := -1, time.Now()
	for {
		now := count()
		switch {
		case now >= want:
			return true
		case now > highest:
			highest, since = now, time.Now()
		case time.Since(since) > patience:
			return false
		}
		<-time.After(5 * time.Millisecond)
	}
}
