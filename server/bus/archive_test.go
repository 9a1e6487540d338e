package bus

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"livechat/internal/poll"
	"livechat/server/chat"
)

// taken returns the ids of a batch, oldest first.
func taken(t testing.TB, batch ArchiveBatch, err error) (ids []string) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range batch.Entries {
		ids = append(ids, e.ID)
	}
	return ids
}

func wantTaken(t testing.TB, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func xadd(key string) *redis.XAddArgs {
	return &redis.XAddArgs{Stream: key, Values: []string{"by", "hand"}}
}

func TestArchiveHandsOutOnce(t *testing.T) {
	onEach(t, func(t *testing.T, r *backend) {
		b, _ := start(t, r.url, Options{}, room)
		a := b.Archive()
		ctx := t.Context()
		batch, err := a.Read(ctx, room, "one", 10)
		wantTaken(t, "of a log without messages", taken(t, batch, err))
		for i := range 5 {
			mustSay(t, b, room, fmt.Sprint(i), "hello")
		}
		first, err := a.Read(ctx, room, "one", 3)
		wantTaken(t, "one", taken(t, first, err), "1-0", "2-0", "3-0")
		if p := parse(t, string(first.Entries[1].Payload)); p.ID != "1" || p.Seq != 2 || p.Text != "hello" {
			t.Errorf("payload %+v", p)
		}
		second, err := a.Read(ctx, room, "two", 3)
		wantTaken(t, "two", taken(t, second, err), "4-0", "5-0")
		again, err := a.Claim(ctx, room, "two", time.Hour, 10)
		wantTaken(t, "claimed too early", taken(t, again, err))
		if err := a.Ack(ctx, second); err != nil {
			t.Fatal(err)
		}
		again, err = a.Claim(ctx, room, "two", 0, 2)
		wantTaken(t, "claimed of one", taken(t, again, err), "1-0", "2-0")
		if err := a.Ack(ctx, again); err != nil {
			t.Fatal(err)
		}
		again, err = a.Claim(ctx, room, "two", 0, 10)
		wantTaken(t, "the rest", taken(t, again, err), "3-0")
		if err := a.Ack(ctx, again); err != nil {
			t.Fatal(err)
		}
		again, err = a.Claim(ctx, room, "three", 0, 10)
		wantTaken(t, "when all is acknowledged", taken(t, again, err))
	})
}

func TestArchiveLag(t *testing.T) {
	onEach(t, func(t *testing.T, r *backend) {
		b, _ := start(t, r.url, Options{HistoryLength: 40}, room)
		a := b.Archive()
		want := func(what string, want int64) {
			t.Helper()
			behind, length, err := a.Lag(t.Context(), room)
			if err != nil || behind != want || length != 40 {
				t.Errorf("%s: %d of %d, %v; want %d of 40", what, behind, length, err, want)
			}
		}
		want("no stream", 0)
		for i := range 5 {
			mustSay(t, b, room, fmt.Sprint(i), "hello")
		}
		want("no group", 5)
		batch, err := a.Read(t.Context(), room, "one", 3)
		taken(t, batch, err)
		want("not acknowledged", 5)
		if err := a.Ack(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
		want("acknowledged", 2)
		batch, err = a.Read(t.Context(), room, "one", 3)
		taken(t, batch, err)
		if err := a.Ack(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
		want("all acknowledged", 0)
	})
}

// Redis' clock was set back since the last claim: nothing seems to be idle, and
// all that was handed out before is handed out again, in pages.
func TestArchiveClaimsAfterTheClockWasSetBack(t *testing.T) {
	onEach(t, func(t *testing.T, r *backend) {
		b, _ := start(t, r.url, Options{}, room)
		a := b.Archive()
		for i := range 3 {
			mustSay(t, b, room, fmt.Sprint("m", i), "hello")
		}
		batch, err := a.Read(t.Context(), room, "one", 10)
		wantTaken(t, "one", taken(t, batch, err), "1-0", "2-0", "3-0")
		claim := func(want ...string) ArchiveBatch {
			t.Helper()
			batch, err := a.Claim(t.Context(), room, "two", time.Hour, 2)
			wantTaken(t, "claimed", taken(t, batch, err), want...)
			return batch
		}
		claim()
		ahead := time.Now().Add(5 * time.Minute).UnixMilli()
		if err := r.raw.HSet(t.Context(), b.key(room, "head"), "claimed", ahead).Err(); err != nil {
			t.Fatal(err)
		}
		if err := a.Ack(t.Context(), claim("1-0", "2-0")); err != nil {
			t.Fatal(err)
		}
		claim("3-0")
		claim()
	})
}

// Entries that were trimmed before they were handed out are counted once.
func TestArchiveCountsLostEntries(t *testing.T) {
	onEach(t, func(t *testing.T, r *backend) {
		b, _ := start(t, r.url, Options{}, room)
		a := b.Archive()
		for i := range 10 {
			mustSay(t, b, room, fmt.Sprint(i), "hello")
		}
		batch, err := a.Read(t.Context(), room, "one", 3)
		wantTaken(t, "first", taken(t, batch, err), "1-0", "2-0", "3-0")
		if err := r.raw.XTrimMaxLen(t.Context(), "{livechat}:log", 2).Err(); err != nil {
			t.Fatal(err)
		}
		batch, err = a.Read(t.Context(), room, "one", 1)
		wantTaken(t, "second", taken(t, batch, err), "9-0")
		if batch.Lost != 5 {
			t.Errorf("%d lost, want 5", batch.Lost)
		}
		batch, err = a.Read(t.Context(), room, "one", 1)
		wantTaken(t, "third", taken(t, batch, err), "10-0")
		if batch.Lost != 0 {
			t.Errorf("%d lost, and they were counted before", batch.Lost)
		}
		// Entries that were handed out and are gone cannot be claimed.
		batch, err = a.Claim(t.Context(), room, "two", 0, 10)
		wantTaken(t, "claimed", taken(t, batch, err), "9-0", "10-0")
	})
}

// However the log goes back, its entries are handed out afterwards.
func TestArchiveReadsAgainInANewEpoch(t *testing.T) {
	onEach(t, func(t *testing.T, r *backend) {
		for _, test := range []struct {
			name string
			harm func(t *testing.T)
			want []string // those of the five messages that are in the log afterwards, before another one
		}{
			{
				"flushed", func(t *testing.T) { r.raw.FlushAll(t.Context()) },
				[]string{"1-0", "2-0", "3-0", "4-0", "5-0", "6-0"},
			},
			{
				"stream deleted", func(t *testing.T) { r.raw.Del(t.Context(), "{livechat}:log") },
				[]string{"1-0", "2-0", "3-0", "4-0", "5-0", "6-0"},
			},
			{
				"head deleted", func(t *testing.T) { r.raw.Del(t.Context(), "{livechat}:head") },
				[]string{"1-0", "2-0", "3-0", "4-0", "5-0", "6-0"},
			},
			{"newest deleted and closed", func(t *testing.T) {
				r.raw.XDel(t.Context(), "{livechat}:log", "3-0", "4-0", "5-0")
				r.raw.HSet(t.Context(), "{livechat}:head", "run", "another")
			}, []string{"1-0", "2-0", "3-0", "4-0", "5-0", "6-0"}},
		} {
			t.Run(test.name, func(t *testing.T) {
				r.raw.FlushAll(t.Context())
				b, _, old := pair(t, r)
				a := b[0].Archive()
				before, err := a.Read(t.Context(), room, "one", 10)
				wantTaken(t, "before", taken(t, before, err), "1-0", "2-0", "3-0", "4-0", "5-0")
				test.harm(t)
				if six := mustSay(t, b[0], room, "6", "hello"); six.Position.Seq != 6 ||
					six.Position.Epoch == old {
					t.Fatalf("the next message is %v", six)
				}
				after, err := a.Read(t.Context(), room, "two", 10)
				wantTaken(t, "after", taken(t, after, err), test.want...)
				end := chat.Position{Epoch: old, Seq: 5}
				if after.Lost != 0 || !slices.Contains(after.Epochs, end) || len(before.Epochs) > 0 {
					t.Errorf("%d lost; epochs ended at %v, and before at %v; want %v",
						after.Lost, after.Epochs, before.Epochs, end)
				}
				if err := a.Ack(t.Context(), before); err != nil { // late: another consumer has them
					t.Error(err)
				}
				after, err = a.Claim(t.Context(), room, "three", 0, 10)
				wantTaken(t, "not acknowledged by two", taken(t, after, err), test.want...)
				if !slices.Contains(after.Epochs, end) {
					t.Errorf("claimed with epochs that ended at %v, want %v", after.Epochs, end)
				}
				if groups := r.raw.XInfoGroups(t.Context(), "{livechat}:log").Val(); len(groups) != 1 {
					t.Errorf("groups %+v", groups)
				}
			})
		}
	})
}

// A stream that was set back by hand stays in its epoch.
func TestArchiveSetBackByHand(t *testing.T) {
	t.Parallel()
	r := realRedis(t)
	b, _ := start(t, r.url, Options{}, room)
	a := b.Archive()
	for i := range 5 {
		mustSay(t, b, room, fmt.Sprint(i), "hello")
	}
	batch, err := a.Read(t.Context(), room, "one", 10)
	taken(t, batch, err)
	r.raw.XDel(t.Context(), "{livechat}:log", "4-0", "5-0")
	if err := r.raw.Do(t.Context(), "XSETID", "{livechat}:log", "3-0").Err(); err != nil {
		t.Fatal(err)
	}
	batch, err = a.Read(t.Context(), room, "two", 10)
	wantTaken(t, "after", taken(t, batch, err), "1-0", "2-0", "3-0")
}

// A consumer that dies is deleted, but not before others have its entries.
func TestArchiveForgetsConsumers(t *testing.T) {
	t.Parallel()
	r := realRedis(t)
	b, _ := start(t, r.url, Options{}, room)
	a := b.Archive()
	mustSay(t, b, room, "1", "hello")
	batch, err := a.Read(t.Context(), room, "dead", 10)
	taken(t, batch, err)
	mustSay(t, b, room, "2", "hello")
	batch, err = a.Read(t.Context(), room, "idle", 10)
	wantTaken(t, "by the second", taken(t, batch, err), "2-0")
	if err := a.Ack(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	claim := func(name string, forget time.Duration) []string {
		t.Helper()
		args := []any{"claim", name, 10, time.Hour.Milliseconds(), forget.Milliseconds()}
		if err := archiveScript.Run(t.Context(), r.raw, a.bus.lastingKeys(room), args...).Err(); err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, c := range r.raw.XInfoConsumers(t.Context(), "{livechat}:log",
			"archive:"+opened(t, b, room).Epoch).Val() {
			names = append(names, c.Name)
		}
		slices.Sort(names)
		return names
	}
	if names := claim("alive", time.Hour); !slices.Contains(names, "idle") {
		t.Errorf("at once: %v", names)
	}
	poll.Until(t, "who has nothing is forgotten", func() bool {
		return !slices.Contains(claim("alive", time.Millisecond), "idle")
	})
	if names := claim("alive", time.Millisecond); !slices.Contains(names, "dead") {
		t.Errorf("a consumer with entries was deleted: %v", names)
	}
}

// Entries that publish.lua has not written are handed out without a payload, so
// that they are acknowledged.
func TestArchiveForeignEntries(t *testing.T) {
	onEach(t, func(t *testing.T, r *backend) {
		b, _ := start(t, r.url, Options{}, room)
		mustSay(t, b, room, "1", "hello")
		x := xadd("{livechat}:log")
		x.ID = "2-7"
		r.raw.XAdd(t.Context(), x)
		batch, err := b.Archive().Read(t.Context(), room, "one", 10)
		wantTaken(t, "read", taken(t, batch, err), "1-0", "2-7")
		if len(batch.Entries) == 2 && len(batch.Entries[1].Payload) != 0 {
			t.Errorf("payload %q", batch.Entries[1].Payload)
		}
	})
}
