package protocol

import (
	"errors"
	"livechat/client"
	"livechat/e2e/harness"
	"livechat/internal/localcluster"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

func TestLimitsPerAddress(t *testing.T) {
	c := harness.Start(t,
		localcluster.Options{Servers: 1, Env: map[string]string{"MAX_PER_IP": "5", "UNLIMITED": ""}})
	from := func(last byte) client.Options {
		return client.Options{
			URL:  c.RoomURL(),
			Load: client.LoadOptions{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, last)}},
		}
	}
	var open []*client.Conn
	for range 5 {
		open = append(open, harness.Dial(t, from(11)))
	}
	got := harness.Refusal(t, from(11))
	if got.Status != http.StatusTooManyRequests || got.Code != "too_many_connections" || got.RetryAfter <= 0 {
		t.Errorf("the sixth connection of one address: %v, retry after %v", got, got.RetryAfter)
	}
	harness.Dial(t, from(12)) // another address has its own limit
	open[0].Close()
	harness.Eventually(t, time.Minute, "a place becomes free", func() error {
		conn, err := client.Dial(t.Context(), from(11))
		if err == nil {
			conn.Close()
		}
		return err
	})
}

// A full server refuses with a close code, which a browser can read, unlike the
// status of a refused handshake.
func TestConnectionLimitOfAServer(t *testing.T) {
	c := harness.Start(t, localcluster.Options{Servers: 1, Env: map[string]string{"MAX_CONNECTIONS": "3"}})
	var open []*client.Conn
	for range 3 {
		open = append(open, harness.Dial(t, client.Options{URL: c.RoomURL()}))
	}
	var end *client.CloseError
	if err := harness.UntilClosed(t, harness.Dial(t, client.Options{URL: c.RoomURL()})); !errors.As(err,
		&end) ||
		end.Code != websocket.CloseTryAgainLater ||
		end.Final() {
		t.Errorf("the fourth: %v, want 1013", err)
	}
	patient := harness.Join(t, client.Options{URL: c.RoomURL(), MaxBackoff: time.Second})
	harness.Eventually(t, time.Minute, "the session is refused",
		func() error { _, lost := patient.Connections(); return harness.ErrIf(lost == 0) })
	open[0].Close()
	harness.Eventually(t, time.Minute, "the session takes the free place",
		func() error { return harness.ErrIf(patient.App() == "") })
}
