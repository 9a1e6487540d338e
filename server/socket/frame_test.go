package socket

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"testing"
	"time"

	"go.uber.org/goleak"

	"livechat/server/fanout"
	"livechat/server/metrics"
	"livechat/server/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// idle returns a connection that is about to wait for input, and the client's
// end of it.
func idle(t testing.TB) (*conn, net.Conn) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	client, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	server, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close(); _ = server.Close(); _ = ln.Close() })
	fan := fanout.New(fanout.Options{PingInterval: time.Hour, Metrics: metrics.NewSet()})
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	fan.Run(ctx)
	sock := &socket{TCPConn: server.(*net.TCPConn)}
	c := &conn{sock: sock, in: bufio.NewReaderSize(sock, readBuffer)} // for tests that call readFrame
	c.server = &Server{
		opts: Options{
			MaxFrame: 16384, MaxText: 4000, Metrics: metrics.NewSet(), Logger: slog.New(slog.DiscardHandler),
		},
	}
	if c.out, err = fan.Add(sock.TCPConn); err != nil {
		t.Fatal(err)
	}
	if c.raw, err = sock.SyscallConn(); err != nil {
		t.Fatal(err)
	}
	return c, client
}

// frame returns a masked frame, as a client sends it, with that first byte.
func frame(first byte, payload string) []byte {
	mask := [4]byte{0x12, 0x34, 0x56, 0x78}
	b := []byte{first}
	switch n := len(payload); {
	case n < 126:
		b = append(b, 0x80|byte(n))
	default:
		b = append(b, 0x80|126, byte(n>>8), byte(n))
	}
	b = append(b, mask[:]...)
	at := len(b)
	b = append(b, payload...)
	wire.Unmask(b[at:], mask)
	return b
}

// readAll lets a connection read what a client sent before it hung up, and
// returns the code that the connection is closed with.
func readAll(t testing.TB, input ...[]byte) wire.CloseCode {
	t.Helper()
	c, client := idle(t)
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		_, _ = client.Write(bytes.Join(input, nil))
		_ = client.(*net.TCPConn).CloseWrite()
	}()
	if readToEnd(c) == nil {
		t.Error("reading ended without an error")
	}
	_ = c.sock.Close()
	<-sent
	if c.message != nil {
		t.Error("the message was not released")
	}
	return c.out.Closed()
}

// repeat returns the frame n times.
func repeat(n int, frame []byte) []byte { return bytes.Repeat(frame, n) }

const (
	fin  = 0x80
	cont = wire.OpContinuation
)

// TestReaderLimits: input within a limit is read, one more closes the
// connection.
func TestReaderLimits(t *testing.T) {
	unknown := frame(fin|wire.OpText, `{"type":"dance"}`)
	for what, tt := range map[string]struct {
		fine []byte // the client then hangs up
		more []byte
		code wire.CloseCode
	}{
		"pings": {
			repeat(maxSmall, frame(fin|wire.OpPing, "")), frame(fin|wire.OpPing, ""), wire.CloseTooFast,
		},
		"pongs": {
			repeat(maxSmall, frame(fin|wire.OpPong, "unasked")), frame(fin|wire.OpPong, ""), wire.CloseTooFast,
		},
		"fragments": {
			append(frame(wire.OpText, ""), repeat(maxFragments-1, frame(cont, ""))...), frame(cont, ""),
			wire.CloseTooBig,
		},
		"bad": {repeat(maxBadRequests, unknown), unknown, wire.CloseBadRequests},
		"bytes": {
			append(frame(wire.OpText, string(make([]byte, 16384))), frame(cont, "")...), frame(cont, "x"),
			wire.CloseTooBig,
		},
		"frame bytes": {nil, frame(wire.OpText, string(make([]byte, 16385))), wire.CloseTooBig},
	} {
		if code := readAll(t, tt.fine); code != 0 {
			t.Errorf("%s: within the limit, and closed with %d", what, code)
		}
		if code := readAll(t, tt.fine, tt.more); code != tt.code {
			t.Errorf("%s: one above the limit closed with %d, want %d", what, code, tt.code)
		}
	}
}

// TestSlowMessageEndsConnection: a message that takes too long ends the
// connection when its next piece arrives, whatever that is.
func TestSlowMessageEndsConnection(t *testing.T) {
	for what, piece := range map[string][]byte{
		"fragment": frame(cont, "x"), "ping": frame(fin|wire.OpPing, ""),
		"piece of a frame": frame(fin|cont, "the rest is missing")[:10],
	} {
		c, client := idle(t)
		for _, b := range [][]byte{frame(wire.OpText, "begin"), frame(cont, "in time")} {
			if _, err := client.Write(b); err != nil {
				t.Fatal(err)
			}
			if err := c.readFrame(); err != nil {
				t.Fatalf("%s: in time: %v", what, err)
			}
		}
		c.message.began = time.Now().Add(-messageTime - time.Second)
		if _, err := client.Write(piece); err != nil {
			t.Fatal(err)
		}
		if err := c.readFrame(); err == nil || c.out.Closed() != wire.CloseTooSlow {
			t.Errorf("%s: too late: %v, closed with %d", what, err, c.out.Closed())
		}
	}
}

// TestAnnouncedLengthTakesNoMemory: a header that announces a long frame takes
// no memory before its payload arrives.
func TestAnnouncedLengthTakesNoMemory(t *testing.T) {
	c, client := idle(t)
	c.message = new(message)
	announced := frame(cont, string(make([]byte, 16384)))
	if _, err := client.Write(announced[:8+10]); err != nil {
		t.Fatal(err)
	}
	_ = client.(*net.TCPConn).CloseWrite()
	m := c.message
	if err := c.readFrame(); !errors.Is(err, io.EOF) {
		t.Errorf("the end in the middle of a frame: %v", err)
	}
	if len(m.text) != 10 || cap(m.text) > 1024 {
		t.Errorf("10 bytes came; the message has %d and room for %d", len(m.text), cap(m.text))
	}
}

// FuzzRead feeds arbitrary bytes to the reader: it must come to an end, release
// its buffers, and close with known codes only.
func FuzzRead(f *testing.F) {
	f.Add(frame(fin|wire.OpText, `{"type":"dance"}`))
	f.Add(frame(fin|wire.OpText, ``))
	f.Add(bytes.Join([][]byte{
		frame(wire.OpText, `{"type":`), frame(fin|wire.OpPing, "ping"), frame(fin|cont, `"dance"}`),
	}, nil))
	f.Add(frame(fin|wire.OpClose, "\x03\xe8bye"))
	f.Add(frame(fin|wire.OpClose, "\x03"))
	f.Add(frame(fin|wire.OpBinary, "\xff"))
	f.Add([]byte{0x81, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF})
	shared, client := idle(f)
	_ = client.Close() // the input ends after the fuzzed bytes
	shared.server.opts.MessageRate = 1e-9
	f.Fuzz(func(t *testing.T, b []byte) {
		// it is not run, so what is sent stays queued
		fan := fanout.New(fanout.Options{PingInterval: time.Hour, Metrics: metrics.NewSet()})
		sock := &socket{TCPConn: shared.sock.TCPConn, early: b}
		c := &conn{server: shared.server, sock: sock, raw: shared.raw}
		var err error
		if c.out, err = fan.Add(sock.TCPConn); err != nil {
			t.Fatal(err)
		}
		if readToEnd(c) == nil {
			t.Error("reading ended without an error")
		}
		if c.message != nil {
			t.Error("the message was not released")
		}
		if code := c.out.Closed(); code != 0 && code < 1000 || code > 4999 {
			t.Errorf("closed with %d", code)
		}
	})
}

// readToEnd does what a connection's goroutine does, until it ends.
func readToEnd(c *conn) error {
	defer c.dropMessage()
	for {
		if len(c.sock.early) == 0 {
			if err := c.raw.Read(readable); err != nil {
				return err
			}
		}
		if err := c.readSome(); err != nil {
			return err
		}
	}
}
