package node

import (
	"fmt"
	"testing"

	"livechat/internal/poll"
	"livechat/internal/testredis"
	"livechat/server/chat"
)

// A client that resumes after its room and its user's feed have expired in
// Redis gets what it missed of the room from the archive, under the same
// numbers, and is told that the feed could not be recovered.
func TestResumeAfterRoomExpiredInRedis(t *testing.T) {
	t.Parallel()
	r := testredis.New(t)
	r.Start()
	settings := []string{
		"REDIS_URL=" + r.URL,
		"DATABASE_URL=sqlite:" + t.TempDir() + "/x.db",
		"ROOM_LINGER=0s",
		"MESSAGE_RATE=0",
	}
	n := start(t, settings...)
	live, feed := dial(t, n, "room=den", "name=ann", "history=0"), openFeed(t, n, 7)
	for i := range 5 {
		live.send(fmt.Sprint("text ", i))
	}
	live.messages(1, 5)
	publishEvent(t, n, 7, "an event")
	feed.next("message")
	from := chat.Position{Epoch: live.welcome.Epoch, Seq: 2}
	feedAt := chat.Position{Epoch: feed.welcome.Epoch, Seq: 1}
	poll.Until(t, "the room is archived", func() bool {
		list, err := n.services.store.RoomMessages(t.Context(), "den", "", 0, 0, 1)
		return err == nil && len(list) == 1 && list[0].Seq == 5
	})
	_, _ = live.Close(), feed.Close()
	poll.Until(t, "room and feed are closed",
		func() bool { return n.rooms.Get("den") == nil && n.feeds.Get(chat.FeedRoom(7)) == nil })
	// a running server would restore what it has in memory
	if err := n.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.CLI("DEL", "{livechat:room:den}:head", "{livechat:room:den}:log") // as after ROOM_TTL
	r.CLI("DEL", "{livechat:room:"+chat.FeedRoom(7)+"}:head", "{livechat:room:"+chat.FeedRoom(7)+"}:log")

	n = start(t, settings...)
	back := dial(t, n, "room=den", "name=ann", "after="+from.String())
	if w := back.welcome; w.Recovered == nil || !*w.Recovered || w.Seq != 5 || w.Epoch == from.Epoch {
		t.Errorf("welcome %+v", w)
	}
	back.messages(3, 5)
	back.send("again")
	back.messages(6, 6)

	publishEvent(t, n, 7, "another event")
	heard := openFeed(t, n, 7, "after="+feedAt.String())
	if w := heard.welcome; w.Recovered == nil || *w.Recovered || w.Epoch == feedAt.Epoch {
		t.Errorf("welcome of the feed %+v", w)
	}
}
