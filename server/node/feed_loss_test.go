package node

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"testing"

	"livechat/internal/poll"
	"livechat/internal/testpg"
	"livechat/internal/testredis"
)

// Redis loses the newest events of a feed that nobody has open, and the process
// that published them is gone. A server that published some earlier ones
// restores those, so the log looks as if nothing else had been in it. The
// database has the events: they come again.
func TestFeedGetsBackWhatOnlyRedisHad(t *testing.T) {
	losses := map[string]func(r *testredis.Server){
		"flushed": func(r *testredis.Server) { r.CLI("FLUSHALL") },
		"restarted with an old snapshot": func(r *testredis.Server) {
			r.Kill()
			r.Start()
		},
	}
	for name, lose := range losses {
		for _, before := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, another process publishes before that: %t", name, before), func(t *testing.T) {
				t.Parallel()
				feedGetsBack(t, lose, before)
			})
		}
	}
}

func feedGetsBack(t *testing.T, lose func(r *testredis.Server), before bool) {
	r := testredis.New(t, "--appendonly", "no", "--save", "")
	r.Start()
	redis, db := "REDIS_URL="+r.URL, "DATABASE_URL="+testpg.New(t).Database()
	relay := startUnowned(t, slog.DiscardHandler, redis, "ROLE=api", "APPID=first", db)
	ann, bob := newAPIUser(t, relay, "ann"), newAPIUser(t, relay, "bob")
	ann.register()
	bob.register()

	early := start(t, redis, "ROLE=ws", "APPID=1000")
	feed := ann.socket(early, "/feed")
	var number int64
	if _, err := fmt.Sscanf(feed.welcome.Room, "user:%d", &number); err != nil {
		t.Fatal(err)
	}
	other := start(t, redis, "ROLE=ws", "APPID=2000")
	publishEvent(t, other, number, "early")
	seen := feed.next("message")
	_ = feed.Close()
	stop(t, early)
	r.CLI("SAVE")

	const messages = 3
	chat := bob.do(http.StatusCreated, "POST", "/chats/", map[string]string{"with": "ann"})["id"].(string)
	for i := range messages {
		bob.do(http.StatusCreated, "POST", "/chats/"+chat+"/messages/",
			map[string]string{"text": fmt.Sprint("message ", i)})
	}
	awaitOutbox(t, relay)
	stop(t, relay)
	takeOver := func() {
		relay = start(t, redis, "ROLE=api", "APPID=second", db)
		poll.Until(t, "the other process leads", func() bool { return relay.services.relay.Leads() })
	}
	if before {
		takeOver()
		awaitOutbox(t, relay)
	}
	lose(r)
	publishEvent(t, other, number, "later")
	if !before {
		takeOver()
	}

	late := start(t, redis, "ROLE=ws", "APPID=3000")
	ann.base = "http://" + relay.Addr()
	feed = ann.socket(late, fmt.Sprintf("/feed?after=%s:%d", feed.welcome.Epoch, seen.Seq))
	if w := feed.welcome; w.Recovered == nil || !*w.Recovered {
		t.Logf("ann is told that something is missing: %+v", w)
		return
	}
	missing := map[string]bool{"later": true}
	for i := range messages {
		missing[fmt.Sprint("message ", i)] = true
	}
	for len(missing) > 0 {
		_, b, err := feed.ReadMessage()
		if err != nil {
			t.Fatalf("without %v: %v", missing, err)
		}
		var e event
		if err := json.Unmarshal(b, &e); err != nil {
			t.Fatal(err)
		}
		delete(missing, e.Text)
	}
}

// awaitOutbox waits until everything in the outbox has been published.
func awaitOutbox(t *testing.T, n *Node) {
	t.Helper()
	poll.Until(t, "the outbox is empty", func() bool {
		waiting, _, err := n.services.store.OutboxLag(t.Context())
		return err == nil && waiting == 0
	})
}
