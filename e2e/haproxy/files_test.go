package haproxy

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"time"
)

// steadily sends a body of so many bytes in so many pieces, over that time.
func steadily(w io.Writer, bytes, pieces int, over time.Duration) error {
	tick := time.NewTicker(over / time.Duration(pieces))
	defer tick.Stop()
	for range pieces {
		if _, err := w.Write(make([]byte, bytes/pieces)); err != nil {
			return err
		}
		<-tick.C
	}
	return nil
}

// send sends the header of an upload through the balancer, and its body by body.
func (b *balancer) send(t *testing.T, bytes int, header string, body func(io.Writer) error,
) (status int, answer string) {
	t.Helper()
	conn, err := net.Dial("tcp", b.room)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(2 * time.Minute)); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(conn, "POST /api/v1/files/ HTTP/1.1\r\nHost: room\r\nContent-Length: %d\r\n%s\r\n", bytes,
		header)
	if err := body(conn); err != nil {
		t.Log("while the body was sent:", err) // an answer may have come all the same
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, read(t, res)
}

// An upload takes as long as it takes, and so does the server that then has a
// picture to decode. Other requests have 12 s.
func TestUploadsTakeLong(t *testing.T) {
	t.Parallel()
	api := newNode(t, "api")
	b := &balancer{}
	b.start(t, 1, "API="+api.addr)
	t.Run("steady", func(t *testing.T) {
		t.Parallel()
		status, body := b.send(t, 150<<10, "", func(w io.Writer) error {
			return steadily(w, 150<<10, 30, 15*time.Second)
		})
		if status != 200 || body != "153600" {
			t.Errorf("%d %s", status, body)
		}
	})
	t.Run("decoding", func(t *testing.T) {
		t.Parallel()
		status, body := b.send(t, 10, "X-Wait: 14s\r\n", func(w io.Writer) error {
			_, err := io.WriteString(w, "0123456789")
			return err
		})
		if status != 200 || body != "10" {
			t.Errorf("%d %s", status, body)
		}
	})
}

// A client that sends everything before it looks for the answer gets the one
// that came early.
func TestRefusedUpload(t *testing.T) {
	t.Parallel()
	api := newNode(t, "api")
	b := &balancer{}
	b.start(t, 1, "API="+api.addr)
	status, body := b.send(t, 100<<10, "X-Refuse: 1\r\n", func(w io.Writer) error {
		_, err := w.Write(make([]byte, 100<<10))
		return err
	})
	if status != http.StatusRequestEntityTooLarge || body != "no\n" {
		t.Errorf("%d %s", status, body)
	}
}
