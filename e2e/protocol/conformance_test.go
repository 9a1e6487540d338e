package protocol

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/go-json-experiment/json"

	"livechat/e2e/harness"
	"livechat/internal/localcluster"
	protocol "livechat/server/wire"
)

// rooms numbers the rooms, so that each case has its own.
var rooms atomic.Int64

// fin is the bit in a frame's first byte that marks the last frame of a
// message.
const fin = 0x80

// masked returns a frame as a client sends it.
func masked(first byte, payload string) []byte {
	b := []byte{first}
	switch n := len(payload); {
	case n < 126:
		b = append(b, 0x80|byte(n))
	case n < 1<<16:
		b = binary.BigEndian.AppendUint16(append(b, 0x80|126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, 0x80|127), uint64(n))
	}
	mask := [4]byte{0x9b, 0x01, 0x7f, 0xe4}
	b = append(b, mask[:]...)
	at := len(b)
	b = append(b, payload...)
	protocol.Unmask(b[at:], mask)
	return b
}

// closing returns a client's close frame with that code.
func closing(code int, reason string) []byte {
	return masked(fin|opClose, string(binary.BigEndian.AppendUint16(nil, uint16(code)))+reason)
}

// fragments returns text as one message in pieces of n bytes.
func fragments(text string, n int) []byte {
	var all []byte
	op := byte(opText)
	for piece := range slices.Chunk([]byte(text), n) {
		all = append(all, masked(op, string(piece))...)
		op = opContinuation
	}
	return append(all, masked(fin|op, "")...)
}

// part is bytes that a client sends and the lines that it then expects; see
// nextLine.
type part struct {
	send []byte
	want []string
}

// conformance is a client that sends the parts one after the other on its own
// connection.
type conformance struct {
	name  string
	drip  bool // byte by byte
	parts []part
}

// ends returns a case whose frames end the connection with a close frame of
// that code.
func ends(code int, name string, send ...[]byte) conformance {
	return conformance{
		name:  name,
		parts: []part{{bytes.Join(send, nil), []string{fmt.Sprint("close ", code), "end"}}},
	}
}

// answers returns a case whose frames are answered.
func answers(name string, send []byte, want ...string) conformance {
	return conformance{name: name, parts: []part{{send, want}}}
}

// accepted returns a case whose frames are accepted as messages with these
// texts.
func accepted(name string, send []byte, texts ...string) conformance {
	c := answers(name, send)
	for _, text := range texts {
		c.parts[0].want = append(c.parts[0].want, "message "+text)
	}
	return c
}

// nextLine returns the next frame as a line and skips unsolicited ones:
// `message` and `error` with text or code, `ack`, `pong` and `close` with their
// payload, `end` when the server has closed its side properly.
func (w *raw) nextLine() string {
	for {
		op, payload, err := w.receive()
		switch {
		case err != nil && err.Error() == "EOF":
			return "end"
		case err != nil:
			return err.Error()
		case op == opPong:
			return "pong " + string(payload)
		case op == opClose && len(payload) == 0:
			return "close"
		case op == opClose && len(payload) == 1:
			return "close with one byte"
		case op == opClose:
			return fmt.Sprint("close ", binary.BigEndian.Uint16(payload))
		case op != opText:
			continue
		}
		var f frame
		if err := json.Unmarshal(payload, &f); err != nil {
			return fmt.Sprintf("%q: %v", payload, err)
		}
		switch f.Type {
		case "message":
			return "message " + f.Text
		case "ack":
			return "ack"
		case "error":
			return "error " + f.Code
		}
	}
}

// check plays a case and compares the responses.
func (c conformance) check(t *testing.T, address, way string) {
	t.Helper()
	w := dialRaw(t, fmt.Sprintf("%s?history=0&room=case-%d", address, rooms.Add(1)))
	defer w.conn.Close()
	w.next("welcome")
	for i, p := range c.parts {
		if c.drip {
			for b := range slices.Chunk(p.send, 1) {
				_, _ = w.conn.Write(b)
			}
		} else {
			_, _ = w.conn.Write(p.send)
		}
		for _, want := range p.want {
			if got := w.nextLine(); got != want {
				t.Errorf("%s, %s, part %d: got %.100q, want %.100q", c.name, way, i, got, want)
				return
			}
		}
	}
}

// TestConformance checks RFC 6455 frame by frame. Each case runs directly and
// through HAProxy, which must make no difference.
func TestConformance(t *testing.T) {
	t.Parallel()
	c := harness.Start(t, localcluster.Options{Servers: 1})
	for _, group := range []struct {
		name  string
		cases []conformance
	}{
		{
			"headers", headerCases()}, {"control", controlCases()}, {"close", closeCases()}, {"fragments",
			fragmentCases()}, {"text", textCases()},
	} {
		t.Run(group.name, func(t *testing.T) {
			for _, one := range group.cases {
				one.check(t, c.ServerURL(0), "direct")
				one.check(t, c.RoomURL(), "through HAProxy")
			}
		})
	}
	t.Run("after the close frame", func(t *testing.T) {
		for _, address := range []string{c.ServerURL(0), c.RoomURL()} {
			testDataAfterClose(t, address)
		}
	})
}

// testDataAfterClose: data after a client's close frame is ignored.
func testDataAfterClose(t *testing.T, address string) {
	address += fmt.Sprintf("?history=0&room=case-%d", rooms.Add(1))
	watcher := dialRaw(t, address)
	watcher.next("welcome")
	w := dialRaw(t, address)
	w.next("welcome")
	_, _ = w.conn.Write(append(closing(1000, ""), masked(fin|opText, "too late")...))
	for _, want := range []string{"close 1000", "end"} {
		if got := w.nextLine(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	_, _ = watcher.conn.Write(masked(fin|opText, "end"))
	if got := watcher.nextLine(); got != "message end" {
		t.Errorf("the room received %q", got)
	}
}
