package session

import (
	"bufio"
	"bytes"
	"context"
	"net"
	"testing"
	"time"

	"go.uber.org/goleak"

	"livechat/server/fanout"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// idle returns a connection that is about to wait, and its client's end.
func idle(t *testing.T) (*conn, net.Conn) {
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
	fan := fanout.New(fanout.Options{PingInterval: time.Hour})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	fan.Run(ctx)
	sock := &socket{TCPConn: server.(*net.TCPConn)}
	c := &conn{sock: sock, in: bufio.NewReaderSize(sock, readBuffer)}
	if c.out, err = fan.Add(sock.TCPConn); err != nil {
		t.Fatal(err)
	}
	if c.raw, err = sock.SyscallConn(); err != nil {
		t.Fatal(err)
	}
	return c, client
}

// TestWaitTakesPongs: idle clients send nothing but pongs, and those never reach gorilla, whole or in pieces with what follows.
func TestWaitTakesPongs(t *testing.T) {
	c, client := idle(t)
	pong := []byte{0x8A, 0x80, 1, 2, 3, 4}
	long := append([]byte{0x8A, 0x80 | 125, 1, 2, 3, 4}, bytes.Repeat([]byte{'x'}, 125)...)
	hello := []byte{0x81, 0x82, 0, 0, 0, 0, 'h', 'i'}
	if _, err := client.Write(bytes.Join([][]byte{pong, long, pong, hello, pong}, nil)); err != nil {
		t.Fatal(err)
	}
	if err := c.waitReadable(); err != nil {
		t.Fatal(err)
	}
	for c.in.Buffered() < len(hello) {
		if _, err := c.in.Peek(c.in.Buffered() + 1); err != nil {
			t.Fatal(err)
		}
	}
	if b, _ := c.in.Peek(len(hello)); !bytes.Equal(b, hello) {
		t.Errorf("gorilla would read % x, want % x", b, hello)
	}
}

// TestWaitLeavesTheRest: whatever is no whole, well-formed pong is gorilla's.
func TestWaitLeavesTheRest(t *testing.T) {
	for what, b := range map[string][]byte{
		"half a pong":       {0x8A, 0x82, 1, 2, 3, 4, 'x'},
		"header of a pong":  {0x8A},
		"not masked":        {0x8A, 0x00, 0, 0, 0, 0},
		"reserved bit":      {0xCA, 0x80, 0, 0, 0, 0},
		"not final":         {0x0A, 0x80, 0, 0, 0, 0},
		"too long":          {0x8A, 0xFE, 0, 126, 0, 0, 0, 0},
		"ping":              {0x89, 0x80, 0, 0, 0, 0},
		"text":              {0x81, 0x80, 0, 0, 0, 0},
		"close":             {0x88, 0x80, 0, 0, 0, 0},
		"anything, a byte":  {0x00},
		"the longest frame": bytes.Repeat([]byte{0x82}, 600),
	} {
		c, client := idle(t)
		if _, err := client.Write(b); err != nil {
			t.Fatal(err)
		}
		if err := c.waitReadable(); err != nil {
			t.Errorf("%s: %v", what, err)
		}
		if got, _ := c.in.Peek(1); got[0] != b[0] {
			t.Errorf("%s: begins with %x, want %x", what, got, b[0])
		}
	}
	c, client := idle(t)
	_ = client.Close()
	if err := c.waitReadable(); err == nil {
		t.Error("the end of the connection is no error")
	}
}
