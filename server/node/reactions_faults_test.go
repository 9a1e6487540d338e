package node

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"livechat/internal/poll"
	"livechat/internal/testredis"
	"livechat/server/chat"
)

// A server dies between taking a reaction and publishing the summary: another
// one publishes it.
func TestSummaryOfAServerThatDied(t *testing.T) {
	t.Parallel()
	r := testredis.New(t)
	r.Start()
	one, two := start(t, "REDIS_URL="+r.URL), start(t, "REDIS_URL="+r.URL, "APPID=2000")
	p := dial(t, two, "history=0")
	p.send("hello")
	m := p.next("message")
	takes(t, one, m, "s1", "👍")
	p.summary("map[👍:1]")
	// as room.React does, without what follows
	of := &chat.Message{Seq: m.Seq, ID: m.ID, Session: m.Session}
	by := chat.Reaction{Person: "s2", Name: "s2", Emoji: "👍", On: true}
	reactions := one.bus.Reactions()
	if _, err := reactions.React(t.Context(), chat.DefaultRoom, of, by, chat.EarlierAsked); err != nil {
		t.Fatal(err)
	}
	p.summary("map[👍:2]")
}

// Redis loses what it has acknowledged: the servers restore it, and the counts
// are exact in the end.
func TestReactionsSurviveRedis(t *testing.T) {
	t.Parallel()
	r := testredis.New(t, "--appendonly", "no")
	r.Start()
	file := filepath.Join(strings.Fields(r.CLI("CONFIG", "GET", "dir"))[1], "dump.rdb")
	one, two := start(t, "REDIS_URL="+r.URL), start(t, "REDIS_URL="+r.URL, "APPID=2000")
	ann := dialAs(t, one, annKey, "name=ann", "history=0")
	bob := dial(t, two, "name=bob", "history=0")
	ann.send("hello")
	m := ann.next("message")
	ann.send("secret")
	deleted := ann.next("message")
	bob.reacted(target(deleted), "👍", true)
	ann.reacted(target(m), "👍", true)
	bob.reacted(target(m), "❤️", true)
	r.CLI("SAVE")
	dump, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	bob.reacted(target(m), "❤️", false)
	bob.reacted(target(m), "👍", true)
	ann.reacted(target(m), "🎉", true)
	ann.deletes(target(deleted))
	ann.next("delete")
	want := "map[🎉:1 👍:2]"
	bob.summary(want)
	check := func(what string) {
		t.Helper()
		poll.Until(t, what+": all is back", func() bool {
			counts := r.CLI("HGET", "{livechat}:reactions:"+m.ID, "counts")
			return strings.Contains(counts, `"👍":2`) && strings.Contains(counts, `"🎉":1`) &&
				!strings.Contains(counts, "❤️")
		})
		carol := dial(t, two, "name=carol", "history=0")
		carol.reacted(target(m), "😀", true)
		carol.summary("map[🎉:1 👍:2 😀:1]")
		carol.reacted(target(m), "😀", false)
		carol.summary(want)
		carol.reacts(target(deleted), "👍", true)
		carol.refused("a react to a deleted message", "unknown_message")
	}
	r.CLI("FLUSHALL")
	check("flushed")
	r.Kill()
	if err := os.WriteFile(file, dump, 0o600); err != nil {
		t.Fatal(err)
	}
	r.Start()
	check("set back")
	r.CLI("FLUSHALL")
	check("flushed again")
	if got := strings.TrimSpace(r.CLI("EXISTS", "{livechat}:reactions:"+deleted.ID)); got != "0" {
		t.Error("the deleted message has reactions again")
	}
}

// The server that took a reaction is gone when Redis loses its data: another
// one restores it.
func TestReactionsOfADeadServerSurviveRedis(t *testing.T) {
	t.Parallel()
	r := testredis.New(t)
	r.Start()
	one, two := start(t, "REDIS_URL="+r.URL), start(t, "REDIS_URL="+r.URL, "APPID=2000")
	ann, bob := dial(t, two, "name=ann", "history=0"), dial(t, one, "name=bob", "history=0")
	ann.send("hello")
	m := ann.next("message")
	bob.reacted(target(m), "👍", true)
	poll.Until(t, "the other server remembers it", func() bool { return two.rooms.Remembers() == 1 })
	if err := one.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.CLI("FLUSHALL")
	ann.send("is anybody there?")
	ann.next("message")
	poll.Until(t, "it is back", func() bool {
		return strings.Contains(r.CLI("HGET", "{livechat}:reactions:"+m.ID, "counts"), `"👍":1`)
	})
}
