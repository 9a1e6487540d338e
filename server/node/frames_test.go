package node

import (
	"fmt"
	"net"
	"strings"
	"testing"
)

// TestFramesThatEndTheConnection: each gets its own close code, and no other
// client is affected.
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
		"binary":        {1003, [][]byte{rawFrame(fin|binary, "hi")}},
		"invalid UTF-8": {1007, [][]byte{rawFrame(fin|text, "a\xff\xfe")}},
		"invalid UTF-8 in an object": {
			1007,
			[][]byte{rawFrame(fin|text, `{"type":"message","text":"`+"\xc0\xaf"+`"}`)},
		},
		"invalid UTF-8 over fragments": {
			1007,
			[][]byte{rawFrame(text, "a\xe2"), rawFrame(cont, "\x28"), rawFrame(fin|cont, "\xa1")},
		},
		"16 KiB + 1": {1009, [][]byte{rawFrame(fin|text, big)}},
		"16 KiB + 1 in fragments": {
			1009,
			[][]byte{rawFrame(text, big[:9000]), rawFrame(fin|cont, big[9000:])},
		},
		"length with its top bit set": {
			1002,
			[][]byte{{fin | text, 0xFF, 0xFF, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 'a'}},
		},
		"not masked":    {1002, [][]byte{{0x81, 2, 'h', 'i'}}},
		"reserved bit":  {1002, [][]byte{rawFrame(fin|0x40|text, "hi")}},
		"its own close": {1000, [][]byte{rawFrame(fin|0x8, "\x03\xe8bye")}},
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
	// UTF-8 split over fragments, with a ping in between, and 16 KiB are fine.
	p := dial(t, n)
	for _, b := range [][]byte{rawFrame(text, "a\xe2"), rawFrame(fin|0x9, "ping"), rawFrame(cont, "\x82"),
		rawFrame(fin|cont, "\xac")} {
		if _, err := p.NetConn().Write(b); err != nil {
			t.Fatal(err)
		}
	}
	if got := watcher.next("message").Text; got != "a€" {
		t.Errorf("got %q", got)
	}
	whole := `{"type":"message","text":"` + strings.Repeat("x", 3000) + `"` + strings.Repeat(" ",
		16<<10-3028) + `}`
	p.send(whole[:16<<10-1] + "}")
	if got := watcher.next("message").Text; len(got) != 3000 {
		t.Errorf("a frame of 16 KiB came out with %d characters", len(got))
	}
}

// rawFrame returns a client's frame, masked with a key of zeros (RFC 6455
// section 5.3).
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

// TestFramesWithTheHandshake: a client that does not wait for the answer to its
// handshake loses nothing.
func TestFramesWithTheHandshake(t *testing.T) {
	n := start(t)
	watcher := dial(t, n)
	c, err := net.Dial("tcp", n.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, err = fmt.Fprintf(
		c,
		"GET /?name=hasty HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: "+
			"websocket\r\nSec-WebSocket-Version: 13\r\n"+
			"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n%s%s",
		n.Addr(),
		rawFrame(0x81, "first words"),
		rawFrame(0x81, strings.Repeat("long ", 200)),
	)
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

// TestClientWithoutPongIsClosed: a client that never answers a ping is closed.
func TestClientWithoutPongIsClosed(t *testing.T) {
	n := start(t, "PING_INTERVAL=100ms", "PONG_TIMEOUT=100ms")
	p := dial(t, n)
	p.SetPingHandler(func(string) error { return nil })
	if got := p.closed(); got != 4009 {
		t.Errorf("closed with %d", got)
	}
}
