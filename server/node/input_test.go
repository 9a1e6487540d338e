package node

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"livechat/internal/poll"
)

func TestBadRequests(t *testing.T) {
	n := start(t)
	p := dial(t, n)
	const id = "123e4567-e89b-42d3-a456-426614174000"
	bad := []string{
		`{"type":"message"`,
		`{"type":"message","text":"a","text":"b"}`,
		`{"type":"dance"}`,
		`{"type":"message","id":"` + id + `","text":7}`,
	}
	for i, text := range bad {
		p.send(text)
		e := p.nextError()
		if e.Code != "bad_request" || e.Retryable || e.Message == "" || (e.ID == id) != (i == 3) {
			t.Errorf("%s: %+v", text, e)
		}
		p.send("still here")
		p.next("message")
	}
	p.send(`{}`)
	if e := p.nextError(); e.Code != "bad_request" {
		t.Errorf("the fifth: %+v", e)
	}
	if got := p.closed(); got != 4500 {
		t.Errorf("closed with %d", got)
	}
}

func TestBadTextsAreRefused(t *testing.T) {
	n := start(t, "MESSAGE_RATE=0")
	p := dial(t, n)
	for text, code := range map[string]string{
		" \n ": "bad_text", "bell \x07": "bad_text", strings.Repeat("ä", 4001): "too_long",
		`{"type":"message","text":""}`: "bad_text",
	} {
		p.send(text)
		if e := p.nextError(); e.Code != code {
			t.Errorf("%.20q: %+v, want %s", text, e, code)
		}
	}
	for _, text := range []string{strings.Repeat("ä", 4000), "tab\tand\nbreak", "👩‍👩‍👧 שלום مرحبا",
		"<script>alert(1)</script>"} {
		p.send(text)
		if got := p.next("message").Text; got != text {
			t.Errorf("%.20q came back as %.20q", text, got)
		}
	}
}

func TestRateLimit(t *testing.T) {
	n := start(t, "MESSAGE_RATE=0.001", "MESSAGE_BURST=3")
	p := dial(t, n)
	for i := range 3 {
		p.send(
			fmt.Sprintf(`{"type":"message","id":"123e4567-e89b-42d3-a456-42661417400%d","text":"hi"}`, i),
		)
	}
	for i := range 3 {
		if e := p.next("ack"); e.Duplicate || e.Seq != uint64(i+1) {
			t.Errorf("ack %d: %+v", i, e)
		}
	}
	p = dial(t, n)
	for range 3 + 2*3 + 1 {
		p.send("hi")
	}
	refused := 0
	for range 7 {
		if e := p.nextError(); e.Code == "rate_limited" && e.Retryable && e.RetryAfterMS > 1000 {
			refused++
		}
	}
	if refused != 7 {
		t.Errorf("%d were refused, want 7", refused)
	}
	if got := p.closed(); got != 4013 {
		t.Errorf("closed with %d", got)
	}
}

// TestFullServer: of many clients that connect at once, exactly as many as
// there are places get in, and a freed place can be taken again.
func TestFullServer(t *testing.T) {
	const places, come = 5, 40
	n := start(t, fmt.Sprintf("MAX_CONNECTIONS=%d", places))
	type result struct {
		conn *websocket.Conn
		code int
	}
	results := make(chan result)
	for range come {
		go func() {
			conn, resp, err := websocket.DefaultDialer.DialContext(t.Context(), address(n), nil)
			// too many even for a close frame
			if err != nil && resp != nil && resp.StatusCode == http.StatusServiceUnavailable {
				results <- result{code: 1013}
				return
			}
			if err != nil {
				t.Errorf("dial: %v", err)
				results <- result{}
				return
			}
			defer resp.Body.Close()
			_, _, err = conn.ReadMessage()
			if e, ok := errors.AsType[*websocket.CloseError](err); ok {
				_ = conn.Close()
				results <- result{code: e.Code}
				return
			}
			results <- result{conn: conn}
		}()
	}
	var inside []*websocket.Conn
	for range come {
		r := <-results
		switch {
		case r.conn != nil:
			inside = append(inside, r.conn)
			defer r.conn.Close()
		case r.code != 1013:
			t.Errorf("closed with %d", r.code)
		}
	}
	if len(inside) != places {
		t.Fatalf("%d got in, want %d", len(inside), places)
	}
	_ = inside[0].Close()
	poll.Until(t, "the place is free", func() bool { return n.sockets.Count() < places })
	dial(t, n)
}
