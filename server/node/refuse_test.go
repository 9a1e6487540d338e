package node

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"livechat/internal/poll"
)

// TestHandshakeRefusals: what is wrong with a handshake is said before the upgrade.
func TestHandshakeRefusals(t *testing.T) {
	n := start(t, "ALLOWED_ORIGINS=https://chat.example.org")
	refused := map[string]struct {
		query  []string
		origin string
		status int
		code   string
	}{
		"empty name":            {[]string{"name="}, "", 400, "bad_name"},
		"blank name":            {[]string{"name=  "}, "", 400, "bad_name"},
		"long name":             {[]string{"name=" + strings.Repeat("ä", 33)}, "", 400, "bad_name"},
		"control character":     {[]string{"name=a\x07b"}, "", 400, "bad_name"},
		"line break":            {[]string{"name=a\nb"}, "", 400, "bad_name"},
		"bidi override":         {[]string{"name=a\u202eb"}, "", 400, "bad_name"},
		"zalgo":                 {[]string{"name=a\u0310\u0311\u0312"}, "", 400, "bad_name"},
		"invalid UTF-8":         {[]string{"name=a\xffb"}, "", 400, "bad_name"},
		"empty room":            {[]string{"room="}, "", 400, "bad_room"},
		"upper-case room":       {[]string{"room=Hall"}, "", 400, "bad_room"},
		"long room":             {[]string{"room=" + strings.Repeat("r", 33)}, "", 400, "bad_room"},
		"room with slash":       {[]string{"room=a/b"}, "", 400, "bad_room"},
		"history word":          {[]string{"history=all"}, "", 400, "bad_history"},
		"history negative":      {[]string{"history=-1"}, "", 400, "bad_history"},
		"history 201":           {[]string{"history=201"}, "", 400, "bad_history"},
		"history empty":         {[]string{"history="}, "", 400, "bad_history"},
		"after word":            {[]string{"after=yesterday"}, "", 400, "bad_after"},
		"after no epoch":        {[]string{"after=12"}, "", 400, "bad_after"},
		"after empty":           {[]string{"after="}, "", 400, "bad_after"},
		"after too large":       {[]string{"after=0123456789abcdef:9007199254740992"}, "", 400, "bad_after"},
		"other site":            {nil, "https://evil.example", 403, "forbidden_origin"},
		"host as a prefix":      {nil, "http://127.0.0.1.evil.example", 403, "forbidden_origin"},
		"null origin":           {nil, "null", 403, "forbidden_origin"},
		"file":                  {nil, "file://127.0.0.1", 403, "forbidden_origin"},
		"allowed, other scheme": {nil, "http://chat.example.org", 403, "forbidden_origin"},
	}
	for what, tt := range refused {
		status, code := refusal(t, n, tt.origin, tt.query...)
		if status != tt.status || code != tt.code {
			t.Errorf("%s: got %d %s, want %d %s", what, status, code, tt.status, tt.code)
		}
	}
	for _, origin := range []string{"", "http://127.0.0.1", "http://127.0.0.1:1007", "https://chat.example.org"} {
		if status, code := refusal(t, n, origin, "name=ann"); status != http.StatusSwitchingProtocols {
			t.Errorf("origin %q is refused: %d %s", origin, status, code)
		}
	}

	// What cannot be read in a query must not be left out of it.
	for _, query := range []string{"name=%zz", "name=a;room=b", "after=%"} {
		conn, resp, err := websocket.DefaultDialer.DialContext(t.Context(), "ws://"+n.Addr()+"/ws?"+query, nil)
		if resp == nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if err == nil {
			_ = conn.Close()
		}
		if resp.StatusCode != http.StatusBadRequest {
			t.Errorf("query %q: %d", query, resp.StatusCode)
		}
	}

	resp, err := http.Get("http://" + n.Addr() + "/ws")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusUpgradeRequired || resp.Header.Get("Upgrade") != "websocket" {
		t.Errorf("GET /ws without an upgrade: %d %v", resp.StatusCode, resp.Header)
	}
}

// refusal tries a handshake and returns what came of it.
func refusal(t *testing.T, n *Node, origin string, query ...string) (status int, code string) {
	t.Helper()
	h := http.Header{}
	if origin != "" {
		h.Set("Origin", origin)
	}
	return refused(t, n, h, nil, query...)
}

// refused dials with a header and subprotocols and returns the answer.
func refused(t *testing.T, n *Node, h http.Header, subprotocols []string, query ...string) (status int, code string) {
	t.Helper()
	dialer := websocket.Dialer{Subprotocols: subprotocols}
	conn, resp, err := dialer.DialContext(t.Context(), address(n, query...), h)
	if resp == nil {
		t.Fatalf("dial: %v", err)
	}
	defer resp.Body.Close()
	if err == nil {
		_ = conn.Close()
		return resp.StatusCode, ""
	}
	body, _ := io.ReadAll(resp.Body)
	var p struct {
		Code   string
		Status int
	}
	if err := json.Unmarshal(body, &p); err != nil || p.Status != resp.StatusCode || resp.Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("%v: body %q (%s) is no problem+json: %v", query, body, resp.Header.Get("Content-Type"), err)
	}
	return resp.StatusCode, p.Code
}

// TestFramesThatEndTheConnection: each gets its own close code, and nobody else notices.
func TestFramesThatEndTheConnection(t *testing.T) {
	n := start(t)
	watcher := dial(t, n, "name=watcher")
	big := strings.Repeat("x", 16<<10+1)
	text, binary, cont := byte(0x1), byte(0x2), byte(0x0)
	const fin = 0x80
	tests := map[string]struct {
		code int
		send [][]byte
	}{
		"binary":                       {1003, [][]byte{rawFrame(fin|binary, "hi")}},
		"invalid UTF-8":                {1007, [][]byte{rawFrame(fin|text, "a\xff\xfe")}},
		"invalid UTF-8 in an object":   {1007, [][]byte{rawFrame(fin|text, `{"type":"message","text":"`+"\xc0\xaf"+`"}`)}},
		"invalid UTF-8 over fragments": {1007, [][]byte{rawFrame(text, "a\xe2"), rawFrame(cont, "\x28"), rawFrame(fin|cont, "\xa1")}},
		"16 KiB + 1":                   {1009, [][]byte{rawFrame(fin|text, big)}},
		"16 KiB + 1 in fragments":      {1009, [][]byte{rawFrame(text, big[:9000]), rawFrame(fin|cont, big[9000:])}},
		"length with its top bit set":  {1002, [][]byte{{fin | text, 0xFF, 0xFF, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 'a'}}},
		"not masked":                   {1002, [][]byte{{0x81, 2, 'h', 'i'}}},
		"reserved bit":                 {1002, [][]byte{rawFrame(fin|0x40|text, "hi")}},
		"its own close":                {1000, [][]byte{rawFrame(fin|0x8, "\x03\xe8bye")}},
	}
	for what, tt := range tests {
		p := dial(t, n)
		nc := p.NetConn()
		for _, b := range tt.send {
			if _, err := nc.Write(b); err != nil {
				t.Fatalf("%s: %v", what, err)
			}
		}
		if got := p.closed(); got != tt.code {
			t.Errorf("%s: closed with %d, want %d", what, got, tt.code)
		}
	}
	// UTF-8 that is split over fragments, with a ping in between, and 16 KiB are fine.
	p := dial(t, n)
	for _, b := range [][]byte{rawFrame(text, "a\xe2"), rawFrame(fin|0x9, "ping"), rawFrame(cont, "\x82"), rawFrame(fin|cont, "\xac")} {
		if _, err := p.NetConn().Write(b); err != nil {
			t.Fatal(err)
		}
	}
	if got := watcher.next("message").Text; got != "a€" {
		t.Errorf("got %q", got)
	}
	whole := `{"type":"message","text":"` + strings.Repeat("x", 3000) + `"` + strings.Repeat(" ", 16<<10-3028) + `}`
	p.send(whole[:16<<10-1] + "}")
	if got := watcher.next("message").Text; len(got) != 3000 {
		t.Errorf("a frame of 16 KiB came out with %d characters", len(got))
	}
}

// rawFrame is a client's frame, masked with a key of zeros (RFC 6455 section 5.3).
func rawFrame(first byte, payload string) []byte {
	b := []byte{first}
	switch n := len(payload); {
	case n < 126:
		b = append(b, 0x80|byte(n))
	default:
		b = append(b, 0x80|126, byte(n>>8), byte(n))
	}
	return append(append(b, 0, 0, 0, 0), payload...)
}

// TestFramesWithTheHandshake: a client that does not wait for the answer to its handshake loses nothing.
func TestFramesWithTheHandshake(t *testing.T) {
	n := start(t)
	watcher := dial(t, n)
	c, err := net.Dial("tcp", n.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, err = fmt.Fprintf(c, "GET /?name=hasty HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"+
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n%s%s", n.Addr(), rawFrame(0x81, "first words"), rawFrame(0x81, strings.Repeat("long ", 200)))
	if err != nil {
		t.Fatal(err)
	}
	if m := watcher.next("message"); m.Text != "first words" || m.Name != "hasty" {
		t.Errorf("got %+v", m)
	}
	if m := watcher.next("message"); len(m.Text) != 1000 {
		t.Errorf("the second has %d characters", len(m.Text))
	}
}

// TestSlowHandshake: who does not finish the request is cut off.
func TestSlowHandshake(t *testing.T) {
	n := start(t, "HEADER_TIMEOUT=100ms")
	c, err := net.Dial("tcp", n.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n"); err != nil {
		t.Fatal(err)
	}
	if err := c.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if rest, err := io.ReadAll(bufio.NewReader(c)); err != nil {
		t.Errorf("read %q, %v; want the end", rest, err)
	}
}

// TestMuteClient: who never answers a ping is closed.
func TestMuteClient(t *testing.T) {
	n := start(t, "PING_INTERVAL=100ms", "PONG_TIMEOUT=100ms")
	p := dial(t, n)
	p.SetPingHandler(func(string) error { return nil })
	if got := p.closed(); got != 4009 {
		t.Errorf("closed with %d", got)
	}
}

func TestBadRequests(t *testing.T) {
	n := start(t)
	p := dial(t, n)
	const id = "123e4567-e89b-42d3-a456-426614174000"
	bad := []string{`{"type":"message"`, `{"type":"message","text":"a","text":"b"}`, `{"type":"dance"}`, `{"type":"message","id":"` + id + `","text":7}`}
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

// nextError returns the next frame, which is an error.
func (p *peer) nextError() (e event) {
	p.t.Helper()
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

func TestTextsThatAreRefused(t *testing.T) {
	n := start(t, "MESSAGE_RATE=0")
	p := dial(t, n)
	for text, code := range map[string]string{
		" \n ": "bad_text", "bell \x07": "bad_text", strings.Repeat("ä", 4001): "too_long", `{"type":"message","text":""}`: "bad_text",
	} {
		p.send(text)
		if e := p.nextError(); e.Code != code {
			t.Errorf("%.20q: %+v, want %s", text, e, code)
		}
	}
	for _, text := range []string{strings.Repeat("ä", 4000), "tab\tand\nbreak", "👩‍👩‍👧 שלום مرحبا", "<script>alert(1)</script>"} {
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
		p.send(fmt.Sprintf(`{"type":"message","id":"123e4567-e89b-42d3-a456-42661417400%d","text":"hi"}`, i))
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

// TestFullServer: of many that come at once, exactly so many get in; and a place that is given up can be taken again.
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
			// too many to be told by a close frame
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
	poll.Until(t, "the place is free", func() bool { return n.sessions.Count() < places })
	dial(t, n)
}
