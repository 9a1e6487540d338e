package node

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"livechat/internal/poll"
	"livechat/internal/testredis"
	"livechat/server/web"
)

// TestIsolatedServer: a server that does not receive its own reports through
// Redis says so, takes no new clients, and keeps those that it has.
func TestIsolatedServer(t *testing.T) {
	t.Parallel()
	r := testredis.New(t)
	r.Start()
	n := start(t, "REDIS_URL="+r.URL, "SUBSCRIPTION_TIMEOUT=1100ms", "PRESENCE_INTERVAL=100ms")
	p := dial(t, n)
	poll.Until(t, "it receives its own reports",
		func() bool { _, body := n.readiness(); return body.FeedAge < 1000 && body.Redis == "up" })
	r.Kill()
	poll.Until(t, "it notices", func() bool {
		status, body := n.readiness()
		return status == http.StatusNotFound && body.Status == "deaf" && body.Redis == "down" &&
			body.FeedAge > 1100
	})
	poll.Until(t, "the other servers are told", func() bool { return n.presence.Nodes()[0].Unavailable })
	r.Start()
	poll.Until(t, "it is ready again",
		func() bool { status, body := n.readiness(); return status == http.StatusOK && body.Redis == "up" })
	poll.Until(t, "the other servers are told", func() bool { return !n.presence.Nodes()[0].Unavailable })
	p.send("still here")
	p.next("message")
}

// With scope=self a server that has started stays ready while Redis is away:
// Redis is away for all of them.
func TestReadinessOfItself(t *testing.T) {
	t.Parallel()
	r := testredis.New(t)
	n := startLogging(t, slog.DiscardHandler, "REDIS_URL="+r.URL, "ROLE=ws", "DATABASE_URL=")
	wantReadiness := func(when string, all, self int) {
		t.Helper()
		poll.Until(t, when, func() bool {
			status, _ := n.readyz(web.ScopeAll)
			return status == all
		})
		if status, body := n.readyz(web.ScopeSelf); status != self {
			t.Errorf("%s: with scope=self %d %+v, want %d", when, status, body, self)
		}
	}
	wantReadiness("it starts without Redis", http.StatusServiceUnavailable, http.StatusServiceUnavailable)
	r.Start()
	wantReadiness("Redis is up", http.StatusOK, http.StatusOK)
	r.Kill()
	wantReadiness("Redis is away", http.StatusNotFound, http.StatusOK)
	if _, body := n.readyz(web.ScopeSelf); body.Status != "ready" || body.Redis != "down" {
		t.Errorf("while Redis is away: %+v", body)
	}
	r.Start()
	wantReadiness("Redis is back", http.StatusOK, http.StatusOK)
}

// TestMove: the oldest clients are asked, each once, and none that connected
// after the given time.
func TestMove(t *testing.T) {
	n := start(t)
	var peers []*peer
	for range 3 {
		peers = append(peers, dial(t, n))
	}
	before := time.Now()
	late := dial(t, n)
	if asked := n.sockets.Move(2, before, 10*time.Second); asked != 2 {
		t.Errorf("asked %d, want 2", asked)
	}
	for i, after := range []int64{0, 4500} {
		if e := peers[i].next("reconnect"); e.AfterMS != after {
			t.Errorf("client %d is to move in %d ms, want %d", i, e.AfterMS, after)
		}
	}
	if asked := n.sockets.Move(5, before, time.Second); asked != 1 {
		t.Errorf("asked %d more, want the one that was left", asked)
	}
	peers[2].next("reconnect")
	if asked := n.sockets.Move(5, before, time.Second) + n.sockets.Move(0, time.Now(), time.Second); asked != 0 {
		t.Errorf("asked %d again", asked)
	}
	late.send("undisturbed")
	for {
		_, frame, err := late.ReadMessage()
		if err != nil {
			t.Fatal(err)
		}
		if kind := typeOf(t, frame); kind == "reconnect" {
			t.Fatal("a client that connected later was asked to move")
		} else if kind == "message" {
			break
		}
	}
}

func typeOf(t *testing.T, frame []byte) string {
	t.Helper()
	var e event
	if err := json.Unmarshal(frame, &e); err != nil {
		t.Fatalf("frame %q: %v", frame, err)
	}
	return e.Type
}
