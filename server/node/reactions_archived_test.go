package node

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"livechat/internal/poll"
	"livechat/internal/testredis"
	"livechat/server/chat"
)

// A message in the archive has its counts, over HTTP and for a client that
// resumes before what Redis holds. Servers that only read the archive go on from
// there when Redis has lost all, and a deleted message has none any more.
func TestReactionsAreArchived(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("fills an archive")
	}
	r := testredis.New(t)
	r.Start()
	common := append([]string{"REDIS_URL=" + r.URL, "DATABASE_URL=" + postgres.Database(t)}, shortLogs...)
	api := start(t, append(common, "ROLE=api", "APPID=api")...)
	one := startUnowned(t, slog.DiscardHandler, append(common, "ROLE=ws", "APPID=1000")...)
	two := startUnowned(t, slog.DiscardHandler, append(common, "ROLE=ws", "APPID=2000")...)
	poll.Until(t, "the servers are ready", func() bool { return one.ready.Load() && two.ready.Load() })
	archived := func(what, path string, want ...string) {
		t.Helper()
		poll.Until(t, what, func() bool {
			page := getText(t, api, "/api/v1/"+path)
			for _, part := range want {
				if !strings.Contains(page, part) {
					return false
				}
			}
			return true
		})
	}

	ann := dialAs(t, one, annKey, "name=ann", "history=0")
	ann.send("the walrus")
	m := ann.next("message")
	bob := dial(t, two, "name=bob", "history=0")
	ann.reacted(target(m), "👍", true)
	ann.reacted(target(m), "🎉", true)
	bob.reacted(target(m), "👍", true)
	last := ann.summary("map[🎉:1 👍:2]")
	const counts = `"reactions":{"🎉":1,"👍":2}`
	who := "rooms/livechat/messages/" + m.ID + "/reactions/"
	archived("the page has the counts", "rooms/livechat/messages/", counts)
	archived("a search has the counts", "search/?room=livechat&q=walrus", counts)
	archived("it says who reacted", who, `"emoji":"👍","count":2,"people":[{"name":"bob","at":`,
		`{"name":"ann","author":"`, `"emoji":"🎉","count":1`)

	for n := uint64(0); n < archiveTotal/2; n += archiveBatch { // more than Redis holds
		for range archiveBatch {
			ann.send("hi")
		}
		end := last.Seq + n + archiveBatch
		ann.until(end)
		poll.Until(t, "that is archived", func() bool {
			_, seq, err := api.services.store.LastEntry(t.Context(), chat.DefaultRoom)
			return err == nil && uint64(seq) >= end
		})
	}
	late := dial(t, two, "name=late", fmt.Sprintf("after=%s:%d", ann.welcome.Epoch, m.Seq-1))
	all := late.until(last.Seq)
	if !strings.Contains(all, `"text":"the walrus",`+counts+`,"at":`) ||
		!strings.Contains(all, fmt.Sprintf(`"type":"reactions","seq":%d,`, last.Seq)) {
		t.Errorf("resumed: %s", all)
	}

	for _, p := range []*peer{ann, bob, late} {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}
	stop(t, one)
	stop(t, two)
	r.CLI("FLUSHALL")
	one = start(t, append(common, "ROLE=ws", "APPID=1000")...)
	ann = dialAs(t, one, annKey, "name=ann", "history=0")
	ann.reacted(target(m), "👍", false)
	ann.summary("map[🎉:1 👍:1]")
	archived("the page has the new counts", "search/?room=livechat&q=walrus", `"reactions":{"🎉":1,"👍":1}`)
	archived("it says who is left", who, `"emoji":"👍","count":1,"people":[{"name":"bob","at":`)
	ann.deletes(target(m))
	ann.next("delete")
	archived("nobody reacted to what is deleted", who, `{"reactions":[]}`)
	ann.reacts(target(m), "👍", true)
	ann.refused("a react to what is deleted", "unknown_message")
}
