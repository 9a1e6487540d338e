package node

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"
)

// shake opens a connection with a handshake, and what follows it at once.
func shake(t *testing.T, n *Node, path, early string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", n.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.SetDeadline(time.Now().Add(pollTime)); err != nil {
		t.Fatal(err)
	}
	_, err = fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"+
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n%s", path, n.Addr(), early)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestJoinComesInOrder: the answer to a handshake, the welcome, who is here and what was said come at once, whatever the client sends meanwhile.
func TestJoinComesInOrder(t *testing.T) {
	n := start(t)
	talker := dial(t, n)
	for i := range 5 {
		talker.send(fmt.Sprint("message ", i))
		talker.next("message")
	}
	for range 50 {
		c := shake(t, n, "/?name=hasty", string(rawFrame(0x89, "are you there?")))
		b := make([]byte, 64<<10)
		size, err := c.Read(b)
		if err != nil {
			t.Fatal(err)
		}
		got, at := string(b[:size]), 0
		for _, part := range []string{"HTTP/1.1 101 ", `"type":"welcome"`, `"type":"presence"`, "message 0", "message 4"} {
			i := strings.Index(got[at:], part)
			if at == 0 && i != 0 || i < 0 {
				t.Fatalf("no %s in its place: %q", part, got)
			}
			at += i + 1
		}
		_ = c.Close()
	}
}
