package node

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"
)

// rawHandshake opens a connection and sends a handshake, followed by early at
// once.
func rawHandshake(t *testing.T, n *Node, path, early string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", n.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.SetDeadline(time.Now().Add(pollTime)); err != nil {
		t.Fatal(err)
	}
	_, err = fmt.Fprintf(
		c,
		"GET %s HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"+
			"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n%s",
		path,
		n.Addr(),
		early,
	)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestFirstFramesComeInOrder: the answer to the handshake, welcome, presence
// and history follow each other, whatever the client sends meanwhile.
func TestFirstFramesComeInOrder(t *testing.T) {
	n := start(t)
	talker := dial(t, n)
	for i := range 5 {
		talker.send(fmt.Sprint("message ", i))
		talker.next("message")
	}
	for range 50 {
		c := rawHandshake(t, n, "/?name=hasty", string(rawFrame(0x89, "are you there?")))
		var got strings.Builder
		for !strings.Contains(got.String(), "message 4") {
			b := make([]byte, 64<<10)
			n, err := c.Read(b)
			if err != nil {
				t.Fatalf("%v after %q", err, got.String())
			}
			got.Write(b[:n])
		}
		rest := got.String()
		for i, part := range []string{"HTTP/1.1 101 ", `"type":"welcome"`, `"type":"presence"`, "message 0",
			"message 4"} {
			at := strings.Index(rest, part)
			if i == 0 && at != 0 || at < 0 {
				t.Fatalf("no %s in its place: %q", part, got.String())
			}
			rest = rest[at:]
		}
		_ = c.Close()
	}
}
