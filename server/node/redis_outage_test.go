package node

import (
	"net/http"
	"testing"

	"livechat/internal/poll"
	"livechat/internal/testredis"
)

// TestRedisDownAtStart: the server reports that it is starting, and becomes
// ready once Redis is up.
func TestRedisDownAtStart(t *testing.T) {
	r := testredis.New(t)
	n := startOnly(t, "REDIS_URL="+r.URL)
	status, body := n.readiness()
	if status != http.StatusServiceUnavailable || body.Status != "starting" || body.Redis != "down" {
		t.Errorf("readiness: %d %+v", status, body)
	}
	r.Start()
	poll.Until(t, "the node is ready",
		func() bool { status, body := n.readiness(); return status == http.StatusOK && body.Redis == "up" })
	p := dial(t, n)
	p.send("hello")
	p.next("message")
}

// TestRedisRestart: no client is disconnected, and messages from before and
// after the crash form one log.
func TestRedisRestart(t *testing.T) {
	r := testredis.New(t)
	r.Start()
	n := start(t, "REDIS_URL="+r.URL)
	p := dial(t, n)
	p.send("before")
	p.next("message")
	r.Kill()
	poll.Until(t, "the node notices", func() bool { _, body := n.readiness(); return body.Redis == "down" })
	if status, _ := n.readiness(); status != http.StatusOK {
		t.Errorf("a Redis outage makes the server unready: %d", status)
	}
	p.send(`{"type":"message","id":"123e4567-e89b-42d3-a456-426614174000","text":"meanwhile"}`)
	if e := p.nextError(); e.Code != "unavailable" || !e.Retryable || e.ID == "" {
		t.Errorf("a message during the outage: %+v", e)
	}
	r.Start()
	poll.Until(t, "the node notices", func() bool { _, body := n.readiness(); return body.Redis == "up" })
	p.send(`{"type":"message","id":"123e4567-e89b-42d3-a456-426614174000","text":"meanwhile"}`)
	if m := p.next("message"); m.Seq != 2 || m.Text != "meanwhile" {
		t.Errorf("after the restart: %+v", m)
	}
}
