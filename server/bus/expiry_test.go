package bus

import (
	"context"
	"fmt"
	"testing"
	"time"

	"livechat/internal/poll"
	"livechat/server/chat"
)

const den = "den"

// life returns how long the head and the stream of a log stay, which must be
// equal; -2 means that there is none.
func (r *backend) life(t testing.TB, b *Bus, room string) time.Duration {
	t.Helper()
	var left [2]time.Duration
	for i, part := range []string{"head", "log"} {
		d, err := r.raw.PTTL(t.Context(), b.key(room, part)).Result()
		if err != nil {
			t.Fatal(err)
		}
		left[i] = d
	}
	if d := left[0] - left[1]; left[1] != -2 && (d < -time.Second || d > time.Second) {
		t.Errorf("the head of %s stays for %v, its stream for %v", room, left[0], left[1])
	}
	return left[0]
}

func (r *backend) wantLife(t testing.TB, b *Bus, what, room string, want time.Duration) {
	t.Helper()
	if got := r.life(t, b, room); got > want || got < want-20*time.Second {
		t.Errorf("%s stays for %v, want %v", what, got, want)
	}
}

// archiveAll does what an archiver does with all entries of a room's log.
func archiveAll(t testing.TB, b *Bus, room string) {
	t.Helper()
	a := b.Archive()
	all(t, a, func() (ArchiveBatch, error) { return a.Read(t.Context(), room, "archiver", 100) })
}

func TestEveryKeyExpires(t *testing.T) {
	onEach(t, func(t *testing.T, r *backend) {
		const idle, feedIdle = time.Hour, 30 * time.Minute
		b, _ := start(t, r.url, Options{RoomTTL: idle, FeedTTL: feedIdle})
		if _, err := b.OpenLog(t.Context(), den, chat.Position{}); err != nil {
			t.Fatal(err)
		}
		r.wantLife(t, b, "a room without messages", den, quietTTL)
		mustSay(t, b, den, "1", "hello")
		r.wantLife(t, b, "a message that is not archived", den, idle+archiveTime)
		mustSay(t, b, den, "2", "hello")
		archiveAll(t, b, den)
		r.wantLife(t, b, "a room that is archived", den, idle)
		mustSay(t, b, den, "3", "hello")
		r.wantLife(t, b, "a room with a new message", den, idle+archiveTime)
		if _, err := b.OpenLog(t.Context(), den, chat.Position{}); err != nil {
			t.Fatal(err)
		}
		r.wantLife(t, b, "a room that was opened again", den, idle+archiveTime)

		feed := chat.FeedRoom(7)
		mustSay(t, b, feed, "1", "hello")
		r.wantLife(t, b, "a feed", feed, feedIdle)

		// As an earlier version left it.
		r.raw.Persist(t.Context(), b.key(den, "head"))
		r.raw.Persist(t.Context(), b.key(den, "log"))
		archiveAll(t, b, den)
		r.wantLife(t, b, "an old log", den, idle)
	})
}

// A log stays while a server is subscribed, and expires after that.
func TestSubscribedLogDoesNotExpire(t *testing.T) {
	t.Parallel()
	r := realRedis(t)
	const idle = 3 * time.Second
	b, h := start(t, r.url, Options{RoomTTL: idle, FeedTTL: idle}, den, "spoken", chat.FeedRoom(7))
	logs := map[string]chat.Log{}
	for _, room := range []string{den, "spoken", chat.FeedRoom(7)} {
		l, err := b.OpenLog(t.Context(), room, chat.Position{})
		if err != nil {
			t.Fatal(err)
		}
		logs[room] = l
	}
	mustSay(t, b, "spoken", "1", "hello")
	archiveAll(t, b, "spoken")
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for began := time.Now(); time.Since(began) < 2*idle; <-tick.C {
		for room, l := range logs {
			if epoch := r.raw.HGet(t.Context(), b.key(room, "head"), "epoch").Val(); epoch != l.Head.Epoch {
				t.Fatalf("%v after it was opened the log of %s is %q", time.Since(began), room, epoch)
			}
		}
	}
	if n := h.count("subscribed", den); n != 1 {
		t.Errorf("subscribed %d times", n)
	}
	for room := range logs {
		b.Unsubscribe(room)
	}
	poll.Until(t, "all logs are gone", func() bool {
		keys, err := r.raw.Keys(t.Context(), "*}:head").Result()
		streams, err2 := r.raw.Keys(t.Context(), "*}:log").Result()
		return err == nil && err2 == nil && len(keys)+len(streams) == 0
	})
}

// A room that has expired continues after its archive, and knows its earlier
// epochs; a feed begins a new one.
func TestExpiredLogContinuesAfterItsArchive(t *testing.T) {
	onEach(t, func(t *testing.T, r *backend) {
		var archived chat.Log
		b, _ := start(t, r.url, Options{Archived: func(_ context.Context, room string) (chat.Log, error) {
			if chat.IsFeed(room) {
				return chat.Log{}, nil
			}
			return archived, nil
		}})
		feed := chat.FeedRoom(7)
		var before, feedBefore Receipt
		for i := range 3 {
			before, feedBefore = mustSay(t, b, den, fmt.Sprint(i), "hello"), mustSay(t, b, feed, fmt.Sprint(i),
				"hello")
		}
		older := chat.Position{Epoch: newEpoch(), Seq: 1}
		archived = chat.Log{Head: before.Position, Epochs: chat.EpochHistory{older}}
		for _, room := range []string{den, feed} { // as after ROOM_TTL
			r.raw.Del(t.Context(), b.key(room, "head"), b.key(room, "log"))
		}
		if again := mustSay(t, b, den, "2", "hello"); !again.Duplicate || again.Position != before.Position {
			t.Errorf("a resend is %+v, want the first one", again)
		}
		after := mustSay(t, b, den, "new", "hello")
		if after.Position.Seq != 4 || after.Position.Epoch == before.Position.Epoch {
			t.Errorf("the room goes on with %v after %v", after.Position, before.Position)
		}
		l, err := b.OpenLog(t.Context(), den, chat.Position{})
		if err != nil || !l.Has(before.Position) || !l.Has(older) {
			t.Errorf("log %+v, %v, want one that has %v and %v", l, err, before.Position, older)
		}
		feedAfter := mustSay(t, b, feed, "new", "hello")
		if feedAfter.Position.Epoch == feedBefore.Position.Epoch {
			t.Errorf("the feed continues with %v after %v", feedAfter.Position, feedBefore.Position)
		}
	})
}
