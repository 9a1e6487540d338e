package bus

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"livechat/internal/poll"
)

// all acknowledges what hand returns, and counts what was lost.
func all(t testing.TB, a *Archive, hand func() (ArchiveBatch, error)) (ids []string, lost int64) {
	t.Helper()
	for {
		batch, err := hand()
		got := taken(t, batch, err)
		ids, lost = append(ids, got...), lost+batch.Lost
		if len(got) == 0 {
			return ids, lost
		}
		if err := a.Ack(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
	}
}

// Entries that an archiver was handed and had not stored when it died, and that
// left the log before another archiver could have them, count as lost.
func TestArchiveCountsWhatLeftTheLogUnacknowledged(t *testing.T) {
	onEach(t, func(t *testing.T, r *backend) {
		b, _ := start(t, r.url, Options{HistoryLength: 100}, room)
		a := b.Archive()
		const first, more = 50, 300
		for i := range first {
			mustSay(t, b, room, fmt.Sprint("a", i), "hello")
		}
		batch, err := a.Read(t.Context(), room, "one", 500)
		if n := len(taken(t, batch, err)); n != first {
			t.Fatalf("one was handed %d", n)
		} // and dies
		for i := range more {
			mustSay(t, b, room, fmt.Sprint("b", i), "hello")
		}
		claimed, lostOfClaimed := all(t, a,
			func() (ArchiveBatch, error) { return a.Claim(t.Context(), room, "two", 0, 7) })
		read, lost := all(t, a, func() (ArchiveBatch, error) { return a.Read(t.Context(), room, "two", 500) })
		if len(claimed) != 0 || lostOfClaimed != first {
			t.Errorf("%d claimed, %d of %d reported lost", len(claimed), lostOfClaimed, first)
		}
		if n := len(claimed) + len(read) + int(lost+lostOfClaimed); n != first+more || lost == 0 {
			t.Errorf("of %d messages %d are accounted for; %d were lost unread", first+more, n, lost)
		}
		if left, err := r.raw.XPending(t.Context(), b.key(room, "log"), batch.Group).Result(); err != nil ||
			left.Count != 0 {
			t.Errorf("pending: %+v, %v", left, err)
		}
	})
}

// The same where the log continues in another epoch, and so in another group.
func TestArchiveCountsWhatLeftTheLogInAnotherEpoch(t *testing.T) {
	onEach(t, func(t *testing.T, r *backend) {
		b, _ := start(t, r.url, Options{}, room)
		a := b.Archive()
		for i := range 10 {
			mustSay(t, b, room, fmt.Sprint("a", i), "hello")
		}
		batch, err := a.Read(t.Context(), room, "one", 6)
		wantTaken(t, "one", taken(t, batch, err), "1-0", "2-0", "3-0", "4-0", "5-0", "6-0")
		pending := func() []redis.XPendingExt {
			list, err := r.raw.XPendingExt(t.Context(), &redis.XPendingExtArgs{
				Stream: b.key(room, "log"), Group: batch.Group, Idle: 1100 * time.Millisecond, Start: "-", End: "+",
				Count: 10,
			}).Result()
			if err != nil {
				t.Fatal(err)
			}
			return list
		}
		poll.Until(t, "one is idle for a while", func() bool { return len(pending()) == 6 })
		r.raw.XTrimMaxLen(t.Context(), b.key(room, "log"), 6)                     // 1 to 4 leave it
		r.raw.HSet(t.Context(), b.key(room, "head"), "epoch", "00000000000000ee") // as after a repair
		ids, lost := all(t, a, func() (ArchiveBatch, error) { return a.Read(t.Context(), room, "two", 10) })
		wantTaken(t, "two", ids, "5-0", "6-0", "7-0", "8-0", "9-0", "10-0")
		if lost != 4 {
			t.Errorf("%d lost, want 4", lost)
		}
	})
}

// Entries that were handed to an archiver that died go to another one before
// the log is too long for them.
func TestArchiveClaimsBeforeItIsTooLate(t *testing.T) {
	onEach(t, func(t *testing.T, r *backend) {
		b, _ := start(t, r.url, Options{HistoryLength: 100}, room)
		a := b.Archive()
		for i := range 5 {
			mustSay(t, b, room, fmt.Sprint("a", i), "hello")
		}
		batch, err := a.Read(t.Context(), room, "one", 5)
		if n := len(taken(t, batch, err)); n != 5 {
			t.Fatal(n)
		} // and dies
		var ids []string
		read := func() {
			got, _ := all(t, a, func() (ArchiveBatch, error) { return a.Read(t.Context(), room, "two", 500) })
			ids = append(ids, got...)
		}
		for i := range 15 {
			mustSay(t, b, room, fmt.Sprint("b", i), "hello")
		}
		read()
		if len(ids) != 15 {
			t.Errorf("two was handed %d while there is time", len(ids))
		}
		for i := range 15 {
			mustSay(t, b, room, fmt.Sprint("c", i), "hello")
		}
		poll.Until(t, "two has all", func() bool { read(); return len(ids) >= 35 })
		slices.Sort(ids)
		if n := len(slices.Compact(ids)); n != 35 {
			t.Errorf("%d different messages, want 35", n)
		}
	})
}

// An archiver that is up and cannot store keeps its entries.
func TestArchiveHoldsEntriesUntilAcknowledged(t *testing.T) {
	onEach(t, func(t *testing.T, r *backend) {
		b, _ := start(t, r.url, Options{}, room)
		a := b.Archive()
		mustSay(t, b, room, "1", "hello")
		batch, err := a.Read(t.Context(), room, "one", 5)
		wantTaken(t, "one", taken(t, batch, err), "1-0")
		idle := func() time.Duration {
			list, err := r.raw.XPendingExt(t.Context(), &redis.XPendingExtArgs{
				Stream: b.key(room, "log"), Group: batch.Group, Start: "-", End: "+", Count: 10,
			}).Result()
			if err != nil || len(list) != 1 || list[0].Consumer != "one" {
				t.Fatal(list, err)
			}
			return list[0].Idle
		}
		poll.Until(t, "it is idle", func() bool { return idle() >= 50*time.Millisecond })
		before := time.Now()
		if err := a.Hold(t.Context(), batch, "one"); err != nil {
			t.Fatal(err)
		}
		if got := idle(); got > time.Since(before)+time.Millisecond {
			t.Errorf("idle for %v", got)
		}
		if err := a.Hold(t.Context(), ArchiveBatch{}, "one"); err != nil {
			t.Error(err)
		}
	})
}
