package bus

import (
	"errors"
	"testing"

	"livechat/internal/poll"
	"livechat/server/chat"
)

// A publication that has to go into one epoch does not go into another one,
// nor into a log that has to be opened first.
func TestPublishInOneEpochOnly(t *testing.T) {
	onEach(t, func(t *testing.T, r *backend) {
		b, h := start(t, r.url, Options{})
		feed := chat.FeedRoom(7)
		publish := func(id, epoch string) (now string, err error) {
			return b.PublishEvent(t.Context(), feed, chat.Message{ID: id, Text: id}, epoch)
		}
		must := func(id, epoch string) (now string) {
			t.Helper()
			now, err := publish(id, epoch)
			if err != nil {
				t.Fatalf("publish %s in %q: %v", id, epoch, err)
			}
			return now
		}
		const other = "00000000000000ff"
		if _, err := publish("first", other); !errors.Is(err, chat.ErrLogClosed) {
			t.Errorf("a log that is not open: %v", err)
		}
		first := must("first", "")
		if now := must("second", first); now != first {
			t.Errorf("the epoch is %s, and was %s", now, first)
		}
		if _, err := publish("third", other); !errors.Is(err, chat.ErrLogClosed) {
			t.Errorf("another epoch: %v", err)
		}
		if err := r.raw.Del(t.Context(), b.key(feed, "head")).Err(); err != nil {
			t.Fatal(err)
		}
		if _, err := publish("third", first); !errors.Is(err, chat.ErrLogClosed) {
			t.Errorf("a log that lost its head: %v", err)
		}
		poll.Until(t, "the log is in doubt", func() bool { return h.count("in-doubt", feed) > 0 })
		second := must("second", "") // it was there before, in the first epoch
		if second == first {
			t.Errorf("the repaired log is still in epoch %s", second)
		}
		must("third", second)
		if log := seqsOf(t, b, feed); len(log) != 3 {
			t.Errorf("the log has %v, want three messages", log)
		}
	})
}

func seqsOf(t *testing.T, b *Bus, room string) (seqs []uint64) {
	t.Helper()
	payloads, err := b.After(t.Context(), room, 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range payloads {
		seqs = append(seqs, parse(t, string(p)).Seq)
	}
	return seqs
}
