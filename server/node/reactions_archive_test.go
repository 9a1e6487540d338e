package node

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"livechat/internal/poll"
	"livechat/internal/testredis"
)

// Redis has lost who reacted, and no server remembers it: the archive does, and
// the counts go on from there.
func TestReactionsContinueAfterTheArchive(t *testing.T) {
	t.Parallel()
	db := func(t *testing.T) string { return "DATABASE_URL=sqlite:" + filepath.Join(t.TempDir(), "livechat.db") }
	t.Run("redis", func(t *testing.T) {
		t.Parallel()
		r := testredis.New(t)
		r.Start()
		reactionsAfterArchive(t, []string{"REDIS_URL=" + r.URL, db(t)}, func() { r.CLI("FLUSHALL") })
	})
	t.Run("embedded", func(t *testing.T) {
		t.Parallel()
		reactionsAfterArchive(t, []string{db(t)}, func() {})
	})
}

func reactionsAfterArchive(t *testing.T, settings []string, lose func()) {
	n := start(t, settings...)
	ann := dialAs(t, n, annKey, "name=ann", "history=0")
	ann.send("hello")
	m := ann.next("message")
	bob := dialAs(t, n, otherKey, "name=bob", "history=0")
	bob.reacted(target(m), "👍", true)
	ann.summary("map[👍:1]")
	ann.reacted(target(m), "👍", true)
	ann.reacted(target(m), "🎉", true) // the summary is pending when the server stops
	if err := ann.Close(); err != nil {
		t.Fatal(err)
	}
	if err := bob.Close(); err != nil {
		t.Fatal(err)
	}
	stop(t, n)
	lose()

	n = start(t, settings...)
	var page string
	poll.Until(t, "it is archived", func() bool {
		page = getText(t, n, fmt.Sprintf("/api/v1/rooms/livechat/messages/%s/reactions/", m.ID))
		return strings.Contains(page, `"emoji":"👍","count":2`)
	})
	if !strings.Contains(page, `"emoji":"🎉","count":1`) {
		t.Errorf("who reacted: %s", page)
	}
	bob = dialAs(t, n, otherKey, "name=bob", "history=0")
	bob.reacted(target(m), "👍", false)
	bob.summary("map[🎉:1 👍:1]")
	bob.reacted(target(m), "❤️", true)
	bob.summary("map[❤️:1 🎉:1 👍:1]")
}

// In a Redis Cluster the reactions of a room are where its log is, and follow it
// to the replica that takes over.
func TestReactionsInACluster(t *testing.T) {
	t.Parallel()
	c := testredis.NewCluster(t)
	room, _ := roomOn(c, 1)
	settings := []string{"REDIS_URL=" + c.URL(), "MESSAGE_RATE=0"}
	one, two := start(t, settings...), start(t, append(settings, "APPID=2000")...)
	ann := dialAs(t, one, annKey, "name=ann", "room="+room, "history=0")
	bob := dialAs(t, two, otherKey, "name=bob", "room="+room, "history=0")
	ann.send("hello")
	m := ann.next("message")
	ann.reacted(target(m), "👍", true)
	bob.reacted(target(m), "👍", true)
	ann.summary("map[👍:2]")
	c.Masters[1].Kill()
	c.Promoted(c.Replicas[1])
	poll.Until(t, "a reaction is taken again", func() bool {
		id := bob.reacts(target(m), "🎉", true)
		for {
			switch e := bob.any(); {
			case e.ID != id:
			case e.Type == "ack":
				return true
			case e.Retryable:
				return false
			default:
				t.Fatalf("refused: %+v", e)
			}
		}
	})
	ann.summary("map[🎉:1 👍:2]")
}
