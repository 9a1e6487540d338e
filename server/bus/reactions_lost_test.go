package bus

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"livechat/internal/poll"
	"livechat/server/chat"
)

// TestTakenBackAfterALoss: Redis loses what was set, and the archive does not
// have it yet. It is taken back before the server that took it restores it.
func TestTakenBackAfterALoss(t *testing.T) {
	onEach(t, func(t *testing.T, r *backend) {
		b, _ := start(t, r.url, Options{}, room)
		m := write(t, b, entry("", "hello", chat.Target{}))
		remembered := by("@ann", thumb, true)
		remembered.At = reacts(t, b, m, remembered).At
		for _, lost := range [][]string{
			{b.reactionsKey(room, m.ID)}, {b.reactionsKey(room, m.ID), b.key(room, "head")},
		} {
			if err := b.client.Del(t.Context(), lost...).Err(); err != nil {
				t.Fatal(err)
			}
			off := reacts(t, b, m, by("@ann", thumb, false))
			_, err := b.Reactions().Restore(t.Context(), room, &m, []chat.Reaction{remembered},
				chat.EarlierUnknown)
			if err != nil {
				t.Fatal(err)
			}
			counts, err := b.client.HGet(t.Context(), b.reactionsKey(room, m.ID), "counts").Result()
			if err != nil || counts != "" || off.At < remembered.At {
				t.Errorf("without %v: counts %q, %v; set at %d, taken back at %d", lost, counts, err,
					remembered.At, off.At)
			}
		}
	})
}

// In a new epoch Redis may have gone back: nothing is taken until it was told
// who reacted before, and of each record the last change counts.
func TestReactionsInANewEpoch(t *testing.T) {
	onEach(t, func(t *testing.T, r *backend) {
		b, h := start(t, r.url, Options{}, room)
		m := write(t, b, entry("", "hello", chat.Target{}))
		kept := by("@ann", thumb, true)
		kept.At = reacts(t, b, m, kept).At
		summarizes(t, b, m)
		h.learn(t, b, room)
		// Redis goes back to before the reaction.
		r.raw.HDel(t.Context(), b.reactionsKey(room, m.ID), "r "+thumb+" @ann", "counts")
		r.raw.Del(t.Context(), b.key(room, "head"), b.key(room, "log"))
		poll.Until(t, "the log goes on in another epoch", func() bool {
			l, err := b.OpenLog(t.Context(), room, chat.Position{Epoch: m.Epoch, Seq: 2})
			return err == nil && l.Head.Epoch != m.Epoch && l.Head.Seq == 2
		})
		bob, reactions := by("@bob", thumb, true), b.Reactions()
		got, err := reactions.React(t.Context(), room, &m, bob, chat.EarlierAsked)
		if err != nil || !got.Unknown {
			t.Fatalf("in a new epoch: %+v, %v", got, err)
		}
		list := []chat.Reaction{kept}
		got, err = reactions.Restore(t.Context(), room, &m, list, chat.EarlierAsked)
		if err != nil || !got.Unknown {
			t.Fatalf("restored in a new epoch: %+v, %v", got, err)
		}
		_, err = reactions.React(t.Context(), room, &m, bob, chat.EarlierUnknown) // the archive is away
		if err != nil {
			t.Fatal(err)
		}
		back := by("@bob", thumb, false)
		back.At = time.Now().Add(-time.Hour).UnixMilli() // before that
		old := kept
		old.On, old.At = false, kept.At-1
		list = append(list, back, old)
		for i := range 2 * restorePage {
			list = append(list, chat.Reaction{Person: fmt.Sprint("s", i), Emoji: heart, At: 5, On: true})
		}
		got, err = reactions.Restore(t.Context(), room, &m, list, chat.EarlierGiven)
		if err != nil || got.Unknown || got.Due != 0 {
			t.Fatalf("restored: %+v, %v", got, err)
		}
		reacts(t, b, m, by("s1", heart, false))
		if got := summarizes(t, b, m); got.Quiet {
			t.Error("no summary of what was restored")
		}
		want := fmt.Sprintf(`{"👍":1} {"👍":2,"❤️":%d}`, 2*restorePage-1)
		if got := strings.Join(summaries(t, b), " "); got != want {
			t.Errorf("summaries %s, want %s", got, want)
		}
	})
}

// A summary that the log has lost is published again as what is true then, or
// not at all, and its counts are in it once.
func TestRepublishedSummary(t *testing.T) {
	onEach(t, func(t *testing.T, r *backend) {
		b, _ := start(t, r.url, Options{}, room)
		m := write(t, b, entry("", "hello", chat.Target{}))
		lost := chat.ReactionsTo(targetOf(m), uuid.NewString(), "1000")
		lost.Seq, lost.Epoch, lost.At = 7, "00000000000000aa", 5
		lost.Extra += `,"counts":{"👍":9}`
		payload := chat.MessagePayload(&lost)
		republish := func() {
			b.Republish(room, [][]byte{payload})
			poll.Until(t, "it is republished", func() bool { return len(b.repairs.firstPending(room)) == 0 })
		}
		republish()
		reacts(t, b, m, by("@ann", thumb, true))
		republish()
		if got := strings.Join(summaries(t, b), " "); got != `{"👍":1}` {
			t.Errorf("summaries %s", got)
		}
		if list := b.recent.after(room, chat.Position{}); len(list) != 1 {
			t.Errorf("remembers %d entries, want the message", len(list))
		}
	})
}
