package compose

import (
	"context"
	"livechat/client"
	"testing"
	"time"

	"github.com/google/uuid"
)

// allHear sends text on one connection and waits until all have received it
// with the same seq and the App of its server.
func allHear(t *testing.T, conns map[string]*client.Conn, from, text string) {
	t.Helper()
	seq := say(t, conns[from], text)
	for app, conn := range conns {
		if app == from {
			continue // it has received its own message
		}
		m := await(t, conn, func(m *client.Message) bool { return m.Text == text })
		if m.App != from || m.Seq != seq {
			t.Errorf("on %s the message is %d, published by %s; want %d by %s", app, m.Seq, m.App, seq, from)
		}
	}
}

// say publishes text until the server acks it, waits for the message, and
// returns its seq.
func say(t *testing.T, conn *client.Conn, text string) uint64 {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	id := uuid.NewString()
	if err := conn.Post(id, text); err != nil {
		t.Fatalf("send: %v", err)
	}
	var acked, heard uint64
	for acked == 0 || heard == 0 {
		event, err := conn.Next(ctx)
		if err != nil {
			t.Fatalf("wait for the ack of %q: %v", text, err)
		}
		switch e := event.(type) {
		case *client.Ack:
			acked = e.Seq
		case *client.Message:
			if e.ID == id {
				heard = e.Seq
			}
		case *client.Error: // while Redis is down
			if !e.Retryable {
				t.Fatalf("send %q: %v", text, e)
			}
			<-time.After(e.RetryAfter() + 100*time.Millisecond)
			if err := conn.Post(id, text); err != nil {
				t.Fatalf("resend: %v", err)
			}
		}
	}
	if acked != heard {
		t.Errorf("%q was acked as %d and received as %d", text, acked, heard)
	}
	return heard
}
