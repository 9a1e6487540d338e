package bus

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"livechat/internal/poll"
	"livechat/server/chat"
)

func TestReactions(t *testing.T) {
	onEach(t, func(t *testing.T, r *backend) {
		b, h := start(t, r.url, Options{}, room)
		m := write(t, b, entry("", "hello", chat.Target{}))
		first := reacts(t, b, m, by("@ann", thumb, true))
		if first.Due != 0 || first.Epoch != m.Epoch || time.Since(time.UnixMilli(first.At)).Abs() > time.Minute {
			t.Errorf("the first: %+v", first)
		}
		if again := reacts(t, b, m, by("@ann", thumb, true)); again.At != first.At {
			t.Errorf("set again: %+v, was %+v", again, first)
		}
		reacts(t, b, m, by("s1", thumb, true))
		reacts(t, b, m, by("s1", heart, true))
		reacts(t, b, m, by("s2", heart, false)) // which it never set
		if got := summarizes(t, b, m); got.Quiet || got.Position.Seq != 2 {
			t.Errorf("summary: %+v", got)
		}
		if got := summarizes(t, b, m); !got.Quiet || got.Again != 0 {
			t.Errorf("a summary that tells nothing: %+v", got)
		}
		off := reacts(t, b, m, by("s1", thumb, false))
		if off.Due <= 0 || off.Due > time.Second || off.At < first.At {
			t.Errorf("taken back: %+v", off)
		}
		reacts(t, b, m, by("s1", heart, false))
		if got := summarizes(t, b, m); !got.Quiet || got.Again <= 0 || got.Again > time.Second {
			t.Errorf("a summary within a second: %+v", got)
		}
		nextSecond(t, b, m)
		summarizes(t, b, m)
		reacts(t, b, m, by("@ann", thumb, false))
		nextSecond(t, b, m)
		summarizes(t, b, m)
		want := `{"👍":2,"❤️":1} {"👍":1} {}`
		if got := strings.Join(summaries(t, b), " "); got != want {
			t.Errorf("summaries %s, want %s", got, want)
		}
		poll.Until(t, "all is received", func() bool { return h.count("payload", room) == 4 })
		told := fmt.Sprintf(`"target":{"seq":1,"id":"%s"},"counts":{"👍":2,"❤️":1},"at":`, m.ID)
		if p := h.events("payload", room)[1]; !strings.HasPrefix(p, `{"type":"reactions","seq":2,"id":"`) ||
			!strings.Contains(p, told) {
			t.Errorf("received %s", p)
		}
		records, err := b.Archive().Reactions(t.Context(), room, m.ID)
		var all []string
		for _, r := range records {
			if r.Author == r.Person != (r.Person == "@ann") || r.Name != r.Person+` "x y` || r.At < first.At {
				t.Errorf("record %+v", r)
			}
			all = append(all, fmt.Sprint(r.Person, r.Emoji, r.On))
		}
		slices.Sort(all)
		if want := "[@ann👍false s1❤️false s1👍false s2❤️false]"; err != nil || fmt.Sprint(all) != want {
			t.Errorf("records %v, %v, want %s", all, err, want)
		}
	})
}

func TestReactionKinds(t *testing.T) {
	onEach(t, func(t *testing.T, r *backend) {
		b, _ := start(t, r.url, Options{}, room)
		m := write(t, b, entry("", "hello", chat.Target{}))
		for i := range chat.MaxReactionKinds {
			reacts(t, b, m, by("@ann", fmt.Sprint("e", i), true))
		}
		one, another := by("s1", "e0", true), by("s1", "e20", true)
		reacts(t, b, m, one)
		if _, err := b.Reactions().React(t.Context(), room, &m, another, chat.EarlierAsked); err == nil ||
			chat.AsError(err).Code != chat.CodeTooManyReactions {
			t.Errorf("one kind more: %v", err)
		}
		reacts(t, b, m, by("@ann", "e7", false))
		reacts(t, b, m, another)
	})
}

// 5,000 people react within a second, on several servers: a few summaries, the
// last of which is exact.
func TestManyReactionsAreFewEntries(t *testing.T) {
	onEach(t, func(t *testing.T, r *backend) {
		const people, servers = 5000, 3
		var all [servers]*Bus
		for i := range all {
			all[i], _ = start(t, r.url, Options{PublishTimeout: patient}, room)
		}
		m := write(t, all[0], entry("", "hello", chat.Target{}))
		reacts(t, all[0], m, by("@ann", thumb, true))
		var next atomic.Int64
		var wg sync.WaitGroup
		began := time.Now()
		for i := range servers * 4 {
			wg.Go(func() {
				for n := next.Add(1); n <= people; n = next.Add(1) {
					got := reacts(t, all[i%servers], m, by(fmt.Sprint("s", n), heart, true))
					if got.Due == 0 {
						summarizes(t, all[i%servers], m)
					}
				}
			})
		}
		wg.Wait()
		took := time.Since(began)
		poll.Until(t, "the last summary is due", func() bool {
			got := summarizes(t, all[0], m)
			return got.Quiet && got.Again == 0
		})
		got := summaries(t, all[0])
		t.Logf("%d people in %v: %d summaries", people, took, len(got))
		if most := int(took/time.Second) + 3; len(got) > most || got[len(got)-1] != `{"👍":1,"❤️":5000}` {
			t.Errorf("%d summaries, want at most %d; the last: %s", len(got), most, got[len(got)-1])
		}
	})
}

// A deleted message loses its reactions, and gets no others. Another message
// with the same id keeps its own.
func TestDeleteForgetsReactions(t *testing.T) {
	onEach(t, func(t *testing.T, r *backend) {
		b, _ := start(t, r.url, Options{}, room)
		m := write(t, b, entry("", "hello", chat.Target{}))
		same := entry("", "mine", chat.Target{})
		same.ID, same.Author = m.ID, "@eve"
		same = write(t, b, same)
		key := b.reactionsKey(room, m.ID)
		reacts(t, b, m, by("@bob", thumb, true))
		reacts(t, b, same, by("@bob", thumb, true))
		d := entry(chat.TypeDelete, "", targetOf(same))
		d.Author = "@eve"
		write(t, b, d)
		if n := r.raw.Exists(t.Context(), key).Val(); n != 1 {
			t.Error("the delete of another message with this id has deleted its reactions")
		}
		write(t, b, entry(chat.TypeDelete, "", targetOf(m)))
		if n := r.raw.Exists(t.Context(), key).Val(); n != 0 {
			t.Errorf("a deleted message has reactions: %v", r.raw.HGetAll(t.Context(), key).Val())
		}
		if got := summarizes(t, b, m); !got.Quiet {
			t.Errorf("a summary of a deleted message: %+v", got)
		}
		for _, late := range []func() (chat.Reacted, error){
			func() (chat.Reacted, error) {
				return b.Reactions().React(t.Context(), room, &m, by("@bob", thumb, true), chat.EarlierUnknown)
			},
			func() (chat.Reacted, error) {
				return b.Reactions().Restore(t.Context(), room, &m, nil, chat.EarlierGiven)
			},
		} {
			if _, err := late(); err == nil || chat.AsError(err).Code != chat.CodeUnknownMessage {
				t.Errorf("a late reaction: %v", err)
			}
		}
	})
}

// The reactions stay in Redis until they are archived, and RoomTTL after that.
func TestReactionsExpire(t *testing.T) {
	onEach(t, func(t *testing.T, r *backend) {
		b, _ := start(t, r.url, Options{RoomTTL: time.Hour}, room)
		m := write(t, b, entry("", "hello", chat.Target{}))
		left := func() time.Duration { return r.raw.PTTL(t.Context(), b.reactionsKey(room, m.ID)).Val() }
		reacts(t, b, m, by("@ann", thumb, true))
		if got := left(); got < archiveTime {
			t.Errorf("not archived: expires in %v", got)
		}
		summarizes(t, b, m)
		archiveAll(t, b, room)
		if got := left(); got <= 0 || got > time.Hour {
			t.Errorf("archived: expires in %v", got)
		}
		nextSecond(t, b, m)
		reacts(t, b, m, by("@ann", thumb, false))
		summarizes(t, b, m)
		if got := left(); got < archiveTime {
			t.Errorf("changed since: expires in %v", got)
		}
		keys := slices.Sorted(maps.Keys(r.raw.HGetAll(t.Context(), b.reactionsKey(room, m.ID)).Val()))
		if got := strings.Join(keys, ","); got != "counts,dirty,loaded,of,r 👍 @ann,told" {
			t.Errorf("fields %s", got)
		}
	})
}
