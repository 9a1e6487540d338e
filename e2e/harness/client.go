package harness

import (
	"context"
	"errors"
	"livechat/client"
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"
)

// Dial opens a connection until the test ends.
func Dial(t *testing.T, o client.Options) *client.Conn {
	t.Helper()
	conn, err := client.Dial(Within(t, time.Minute), o)
	if err != nil {
		t.Fatalf("dial %s: %v", o.URL, err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// Await reads conn up to the next event of type E that accept (nil: any)
// accepts.
func Await[E client.Event](t *testing.T, conn *client.Conn, accept func(E) bool) E {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for {
		event, err := conn.Next(ctx)
		if err != nil {
			t.Fatalf("wait for a %T: %v", *new(E), err)
		}
		if e, ok := event.(E); ok && (accept == nil || accept(e)) {
			return e
		}
	}
}

// Say publishes text on conn, waits for its ack and returns its seq. It drops
// events that come meanwhile.
func Say(t *testing.T, conn *client.Conn, text string) uint64 {
	t.Helper()
	if err := conn.Post(NewID(), text); err != nil {
		t.Fatalf("send: %v", err)
	}
	return Await[*client.Ack](t, conn, nil).Seq
}

// Refusal dials and returns the server's refusal.
func Refusal(t *testing.T, o client.Options) *client.RefusedError {
	t.Helper()
	conn, err := client.Dial(Within(t, time.Minute), o)
	if err == nil {
		conn.Close()
		t.Errorf("%+v was accepted", o)
		return &client.RefusedError{Status: http.StatusSwitchingProtocols}
	}
	return asRefused(t, err)
}

func asRefused(t *testing.T, err error) *client.RefusedError {
	t.Helper()
	var refused *client.RefusedError
	if !errors.As(err, &refused) {
		t.Fatalf("dial: %v, want a refusal", err)
	}
	return refused
}

// UntilClosed reads conn to its end and returns the reason.
func UntilClosed(t *testing.T, conn *client.Conn) error {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for {
		if _, err := conn.Next(ctx); err != nil {
			return err
		}
	}
}

func NewID() string { return uuid.NewString() }
