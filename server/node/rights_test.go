package node

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/google/uuid"

	"livechat/internal/testredis"
	"livechat/server/bus"
	"livechat/server/config"
)

// restricted runs a Redis that has, besides the default user, one with these
// rules, and returns that user's URL.
func restricted(t *testing.T, acl string) (r *testredis.Server, url string) {
	t.Helper()
	r = testredis.New(t, append([]string{"--user", "livechat", "on", ">secret"}, strings.Fields(acl)...)...)
	r.Start()
	return r, "unix://livechat:secret@" + strings.TrimPrefix(r.URL, "unix://")
}

func TestRefusesToStartWithoutARight(t *testing.T) {
	_, url := restricted(t, bus.SufficientACL+" -info")
	cfg, err := config.Load(map[string]string{
		"ADDR":         "127.0.0.1:0",
		"METRICS_ADDR": "off",
		"DATABASE_URL": "sqlite::memory:",
		"REDIS_URL":    url,
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = Start(cfg, slog.New(slog.DiscardHandler), "test")
	if err == nil || !strings.Contains(err.Error(), "REDIS_URL") || !strings.Contains(err.Error(), "INFO") ||
		strings.Contains(err.Error(), "secret") {
		t.Errorf("Start: %v; want a line that names REDIS_URL and INFO", err)
	}
}

// TestDocumentedRightsSuffice: for rooms, accounts, tickets, feeds and the
// archive, and after a restart of Redis.
func TestDocumentedRightsSuffice(t *testing.T) {
	t.Parallel()
	r, url := restricted(t, bus.SufficientACL)
	n := start(t, "REDIS_URL="+url)
	ann, bob := newAPIUser(t, n, "anna"), newAPIUser(t, n, "bobby")
	ann.register()
	bob.register()
	feed, room := bob.socket(n, "/feed"), ann.socket(n, "/ws")
	chat := ann.do(201, "POST", "/chats/", map[string]string{"with": "bobby"})
	ann.do(201, "POST", "/chats/"+chat["id"].(string)+"/messages/", map[string]string{"text": "hello"})
	for feed.next("message").Text != "hello" {
	}
	room.sendAs(uuid.NewString(), "before")
	r.Kill()
	r.Start()
	room.sendAs(uuid.NewString(), "after")
	if code := dialAny(t, n, "name=anna").closed(); code != 4501 {
		t.Errorf("a guest under an account's name is closed with %d", code)
	}
	feed.deadline(pollTime)
	bob.do(204, "POST", "/logout/", struct{}{})
	if code := feed.closed(); code != 4001 {
		t.Errorf("the feed of the user who logged out is closed with %d", code)
	}
}
