package node

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"livechat/internal/poll"
	"livechat/internal/testredis"
	"livechat/server/config"
	"livechat/server/web"
)

func TestDrain(t *testing.T) {
	r := testredis.New(t)
	r.Start()
	cfg, err := config.Load(map[string]string{
		"ADDR":         "127.0.0.1:0",
		"REDIS_URL":    r.URL,
		"ROLE":         "ws",
		"DRAIN_DELAY":  "300ms",
		"DRAIN_PERIOD": "300ms",
	})
	if err != nil {
		t.Fatal(err)
	}
	n, err := Start(cfg, slog.New(slog.DiscardHandler), "test")
	if err != nil {
		t.Fatal(err)
	}
	poll.Until(t, "the node is ready",
		func() bool { status, _ := n.readiness(); return status == http.StatusOK })
	peers := []*peer{dial(t, n), dial(t, n), dial(t, n)}
	done := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		done <- n.Shutdown(ctx)
	}()
	poll.Until(t, "readyz says 404", func() bool {
		resp, err := http.Get("http://" + n.Addr() + "/readyz")
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		var body struct{ Status string }
		return json.NewDecoder(resp.Body).Decode(&body) == nil && resp.StatusCode == http.StatusNotFound &&
			body.Status == "draining"
	})
	if status, _ := n.readyz(web.ScopeSelf); status != http.StatusNotFound {
		t.Errorf("with scope=self, readyz of a draining server says %d", status)
	}
	peers[0].send("one may still talk")
	peers[1].next("message")
	moments := map[int64]bool{}
	for _, p := range peers { // asked to move, each at its own moment of the period
		e := p.next("reconnect")
		moments[e.AfterMS] = true
		if e.AfterMS < 0 || e.AfterMS >= 300 {
			t.Errorf("asked to move after %d ms, the period has 300", e.AfterMS)
		}
	}
	if len(moments) != len(peers) {
		t.Errorf("asked to move at the same moment: %v", moments)
	}
	for i, p := range peers { // and closed when they do not
		if got := p.closed(); got != 1012 {
			t.Errorf("client %d: closed with %d", i, got)
		}
	}
	if err := <-done; err != nil {
		t.Errorf("Shutdown: %v", err)
	}
	http.DefaultClient.CloseIdleConnections()
}

// TestDrainCutsOffClientsThatStay: a client that ignores the close frame cannot
// keep the server from stopping.
func TestDrainCutsOffClientsThatStay(t *testing.T) {
	n := start(t)
	dial(t, n) // never reads, never answers
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	n.sockets.Drain(ctx, 0)
	if n.sockets.Count() != 0 {
		t.Errorf("%d connections are left", n.sockets.Count())
	}
}
