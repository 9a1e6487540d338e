package haproxy

import (
	"net/http"
	"strings"
	"testing"
)

// refused dials and returns the body of the response, which has to be a problem
// with the given status.
func (b *balancer) refused(t *testing.T, status int) string {
	t.Helper()
	conn, a, err := b.dial(t)
	if err == nil {
		conn.Close()
		t.Fatal("the socket was accepted")
	}
	if a.status != status || a.header.Get("Content-Type") != "application/problem+json" ||
		a.header.Get("Retry-After") == "" {
		t.Errorf("refused with %+v (%v), want %d, a problem, and Retry-After", a, err, status)
	}
	return a.body
}

func TestLimitOfOpenSockets(t *testing.T) {
	t.Parallel()
	b := start(t, 2, "MAX_PER_IP=3", "UNLIMITED=")
	first, _ := b.open(t)
	b.open(t)
	b.open(t)
	if body := b.refused(t, http.StatusTooManyRequests); !strings.Contains(body,
		`"code":"too_many_connections"`) {
		t.Errorf("the fourth socket: %s", body)
	}
	if status, _ := b.get(t, b.room, "/"); status != http.StatusOK {
		t.Errorf("pages are refused with %d, too", status)
	}
	first.Close()
	eventually(t, "a place becomes free", func() error {
		conn, _, err := b.dial(t)
		if err == nil {
			conn.Close()
		}
		return err
	})
}

func TestLimitOfHandshakes(t *testing.T) {
	t.Parallel()
	b := start(t, 2, "RATE_PER_IP=3", "UNLIMITED=")
	for range 3 {
		b.visit(t)
	}
	if body := b.refused(t, http.StatusTooManyRequests); !strings.Contains(body, `"code":"rate_limited"`) {
		t.Errorf("the fourth handshake: %s", body)
	}
}
