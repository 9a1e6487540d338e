package protocol

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
)

// Opcodes of RFC 6455, section 5.2.
const (
	opContinuation = 0x0
	opText         = 0x1
	opBinary       = 0x2
	opClose        = 0x8
	opPing         = 0x9
	opPong         = 0xA
)

// raw is a WebSocket connection without a library, for frames that no library
// sends.
type raw struct {
	t    *testing.T
	conn net.Conn
	r    *bufio.Reader
}

// dialRaw connects and does the handshake.
func dialRaw(t *testing.T, address string) *raw {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", u.Host)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
	fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", u.RequestURI(), u.Host)
	r := bufio.NewReader(conn)
	answer, err := http.ReadResponse(r, nil)
	if err != nil || answer.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("handshake: %v, %v", answer, err)
	}
	defer answer.Body.Close() // a 101 has no body
	return &raw{t, conn, r}
}

// send writes one frame with a zero mask, which is as valid as any. It ignores
// errors: the server may have closed the connection.
func (w *raw) send(fin bool, op byte, payload []byte) {
	head := []byte{op, 0x80}
	if fin {
		head[0] |= 0x80
	}
	switch n := len(payload); {
	case n < 126:
		head[1] |= byte(n)
	case n < 1<<16:
		head[1] |= 126
		head = binary.BigEndian.AppendUint16(head, uint16(n))
	default:
		head[1] |= 127
		head = binary.BigEndian.AppendUint64(head, uint64(n))
	}
	_, _ = w.conn.Write(append(append(head, 0, 0, 0, 0), payload...))
}

// receive returns the next frame. Servers do not fragment short ones.
func (w *raw) receive() (op byte, payload []byte, err error) {
	head := make([]byte, 2)
	if _, err := io.ReadFull(w.r, head); err != nil {
		return 0, nil, err
	}
	n := int(head[1])
	if n == 126 {
		long := make([]byte, 2)
		if _, err := io.ReadFull(w.r, long); err != nil {
			return 0, nil, err
		}
		n = int(binary.BigEndian.Uint16(long))
	}
	payload = make([]byte, n)
	_, err = io.ReadFull(w.r, payload)
	return head[0] & 0xF, payload, err
}

// frame has the fields of a server's frame that the tests check.
type frame struct {
	Type       string `json:"type"`
	ID         string `json:"id"`
	Seq        uint64 `json:"seq"`
	Code       string `json:"code"`
	Text       string `json:"text"`
	Retryable  bool   `json:"retryable"`
	RetryAfter int64  `json:"retry_after_ms"`
}

// next returns the next frame of the given type.
func (w *raw) next(kind string) frame {
	w.t.Helper()
	for {
		op, payload, err := w.receive()
		if err != nil {
			w.t.Fatalf("wait for %s: %v", kind, err)
		}
		if op == opClose {
			w.t.Fatalf("wait for %s: closed with %q", kind, payload)
		}
		var f frame
		if op != opText {
			continue
		}
		if err := json.Unmarshal(payload, &f); err != nil {
			w.t.Fatalf("the server sent %s: %v", payload, err)
		}
		if f.Type == kind {
			return f
		}
	}
}

// closeCode reads to the end and returns the close code, or an error if there
// is none.
func (w *raw) closeCode() (int, error) {
	for {
		op, payload, err := w.receive()
		if err != nil {
			return 0, err
		}
		if op == opClose {
			if len(payload) < 2 {
				return 0, errors.New("a close frame without a code")
			}
			return int(binary.BigEndian.Uint16(payload)), nil
		}
	}
}

// object returns a message with that text, as a client sends it.
func object(text string) []byte {
	return []byte(`{"type":"message","text":"` + strings.ReplaceAll(text, `"`, `\"`) + `"}`)
}
