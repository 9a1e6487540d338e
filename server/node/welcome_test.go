package node

import (
	"bytes"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/google/uuid"
)

// TestAckNeverBeforeWelcome: a client sends its first message with the
// handshake, and resumes from an epoch that its server has to look up. The
// welcome is the first frame all the same.
func TestAckNeverBeforeWelcome(t *testing.T) {
	t.Parallel()
	n := start(t)
	dial(t, n, "name=ann") // the room is open
	conn, err := net.Dial("tcp", n.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	text := fmt.Sprintf(`{"type":"message","id":"%s","text":"early"}`, uuid.NewString())
	request := "GET /ws?name=bob&after=ffffffffffffffff:5 HTTP/1.1\r\nHost: " + n.Addr() +
		"\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
	frame := append([]byte{0x81, 0x80 | byte(len(text)), 0, 0, 0, 0}, text...) // masked by zeros
	if _, err := conn.Write(append([]byte(request), frame...)); err != nil {
		t.Fatal(err)
	}
	if err := conn.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	var got []byte
	for !bytes.Contains(got, []byte(`"type":"ack"`)) {
		b := make([]byte, 4096)
		k, err := conn.Read(b)
		if err != nil {
			t.Fatalf("%v, after %q", err, got)
		}
		got = append(got, b[:k]...)
	}
	if welcome, ack := bytes.Index(got, []byte(`"type":"welcome"`)), bytes.Index(got,
		[]byte(`"type":"ack"`)); welcome < 0 ||
		welcome > ack {
		t.Errorf("the ack came before the welcome: %q", got)
	}
}
