package node

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"livechat/internal/poll"
	"livechat/internal/testredis"
)

// TestDeaf: a server that does not hear itself through Redis says so and wants no new clients, and keeps those that it has.
func TestDeaf(t *testing.T) {
	r := testredis.New(t)
	r.Start()
	n := start(t, "REDIS_URL="+r.URL, "FEED_TIMEOUT=1100ms", "PRESENCE_INTERVAL=100ms")
	p := dial(t, n)
	poll.Until(t, "it hears itself", func() bool { _, body := n.readiness(); return body.FeedAge < 1000 && body.Redis == "up" })
	r.Kill()
	poll.Until(t, "it notices", func() bool {
		status, body := n.readiness()
		return status == http.StatusNotFound && body.Status == "deaf" && body.Redis == "down" && body.FeedAge > 1100
	})
	poll.Until(t, "the others would be told", func() bool { return n.presence.Nodes()[0].Away })
	r.Start()
	poll.Until(t, "it is ready again", func() bool { status, body := n.readiness(); return status == http.StatusOK && body.Redis == "up" })
	poll.Until(t, "the others would be told", func() bool { return !n.presence.Nodes()[0].Away })
	p.send("still here")
	p.next("message")
}

// TestMove: the oldest are asked, each once, and nobody who came after the time given.
func TestMove(t *testing.T) {
	n := start(t)
	var peers []*peer
	for range 3 {
		peers = append(peers, dial(t, n))
	}
	before := time.Now()
	late := dial(t, n)
	if asked := n.sessions.Move(2, before, 10*time.Second); asked != 2 {
		t.Errorf("asked %d, want 2", asked)
	}
	for i, after := range []int64{0, 4500} {
		if e := peers[i].next("reconnect"); e.AfterMS != after {
			t.Errorf("client %d is to move in %d ms, want %d", i, e.AfterMS, after)
		}
	}
	if asked := n.sessions.Move(5, before, time.Second); asked != 1 {
		t.Errorf("asked %d more, want the one that was left", asked)
	}
	peers[2].next("reconnect")
	if asked := n.sessions.Move(5, before, time.Second) + n.sessions.Move(0, time.Now(), time.Second); asked != 0 {
		t.Errorf("asked %d again", asked)
	}
	late.send("undisturbed")
	for {
		_, frame, err := late.ReadMessage()
		if err != nil {
			t.Fatal(err)
		}
		if kind := typeOf(t, frame); kind == "reconnect" {
			t.Fatal("who came late was asked to move")
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
