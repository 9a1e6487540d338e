package archive

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"

	"livechat/internal/poll"
	"livechat/internal/testredis"
)

// Messages deleted for their age are not stored again when a log is delivered
// from its start, because it continued in another epoch or lost its group.
func TestExpiredMessagesAreNotStoredAgain(t *testing.T) {
	w, s := miniWorld(t), &memoryStore{}
	const old = 3
	for seq := 1; seq <= old; seq++ {
		payload := fmt.Sprintf(
			`{"type":"message","seq":%d,"id":"%s","app":"1000","session":"s","name":"ann","text":"old","at":%d,"epoch":"%s"}`,
			seq,
			uuid.NewString(),
			time.Now().Add(-2*time.Hour).UnixMilli(),
			first,
		)
		if err := w.raw.XAdd(t.Context(), xadd(room, seq, payload)).Err(); err != nil {
			t.Fatal(err)
		}
	}
	w.say(t, room, first, old+1, old+4)
	w.say(t, room, next, old+5, old+6) // delivered from the beginning again
	a := w.archiver(t, Options{Store: s, MaxAge: time.Hour})
	stop := run(t, a)
	poll.Until(t, "the young are in the store", func() bool { return s.len() == 6 })
	if err := w.raw.XGroupDestroy(t.Context(), key(room, "log"), "archive:"+next).Err(); err != nil {
		t.Fatal(err)
	}
	poll.Until(t, "all are delivered again", func() bool { return a.Counts().Duplicates == 6 })
	stop()
	if c := a.Counts(); c.Expired != 2*old || c.Skipped != 0 || s.len() != 6 || s.has(room, first, old) {
		t.Errorf("%+v, and %d in the store", c, s.len())
	}
}

func TestTwoArchiversShareTheWork(t *testing.T) {
	w, s := realWorld(t), &memoryStore{}
	one, two := w.archiver(t, Options{Store: s, Batch: 20}), w.archiver(t, Options{Store: s, Batch: 20})
	run(t, one)
	run(t, two)
	said := 0
	poll.Until(t, "both have stored something", func() bool {
		w.say(t, room, first, said+1, said+500)
		said += 500
		return one.Counts().Stored > 0 && two.Counts().Stored > 0
	})
	poll.Until(t, "all is in the store", func() bool { return s.len() == said })
	caughtUp(t, one)
	if a, b := one.Counts(), two.Counts(); a.Stored+b.Stored != int64(said) ||
		a.Duplicates+b.Duplicates != 0 {
		t.Errorf("of %d messages the archivers stored %+v and %+v", said, a, b)
	}
}

// After a log was lost or an old snapshot restored, new messages are archived:
// by place, not by number.
func TestLogsThatLostMessages(t *testing.T) {
	for _, world := range []struct {
		name string
		new  func(testing.TB) *world
	}{{"redis", realWorld}, {"miniredis", miniWorld}} {
		t.Run(world.name, func(t *testing.T) {
			w, s := world.new(t), &memoryStore{}
			run(t, w.archiver(t, Options{Store: s}))
			w.say(t, room, first, 1, 10)
			poll.Until(t, "the first ten are in the store", func() bool { return s.len() == 10 })
			if err := w.raw.FlushAll(t.Context()).Err(); err != nil {
				t.Fatal(err)
			}
			w.say(t, room, next, 1, 10)
			poll.Until(t, "the ten after the flush are in the store", func() bool { return s.len() == 20 })
			// An old snapshot: 6 to 10 are lost, and others get their numbers.
			if err := w.raw.Del(t.Context(), key(room, "log")).Err(); err != nil {
				t.Fatal(err)
			}
			w.say(t, room, next, 1, 5)
			w.say(t, room, "00000000000000cc", 6, 12)
			poll.Until(t, "what came in their place is in the store", func() bool { return s.len() == 27 })
			for seq := int64(6); seq <= 12; seq++ {
				if !s.has(room, "00000000000000cc", seq) {
					t.Errorf("%d is not in the store", seq)
				}
			}
		})
	}
}

// Run stores what is in the logs before it returns, whoever it was delivered
// to.
func TestRunStoresTheRestBeforeItReturns(t *testing.T) {
	w, s := miniWorld(t), &memoryStore{}
	w.say(t, room, first, 1, 10)
	batch, err := w.source.Read(t.Context(), room, "dead", 4)
	if err != nil || len(batch.Entries) != 4 {
		t.Fatalf("%d entries, %v", len(batch.Entries), err)
	}
	ended, end := context.WithCancel(t.Context())
	end()
	a := w.archiver(t, Options{Store: s, Batch: 3, Grace: time.Minute})
	if err := a.Run(ended); err != nil {
		t.Fatal(err)
	}
	if n := s.len(); n != 10 {
		t.Errorf("%d rows, want 10", n)
	}
	if err := a.Run(ended); err == nil {
		t.Error("Run ran twice")
	}
}

// Entries that are not messages are acknowledged and logged, without their
// text.
func TestInvalidEntriesAreSkipped(t *testing.T) {
	w, s := realWorld(t), &memoryStore{}
	w.say(t, room, first, 1, 2)
	for i, payload := range []string{words, `{"type":"message","text":"` + words + `"}`} {
		if err := w.raw.XAdd(t.Context(), xadd(room, i+3, payload)).Err(); err != nil {
			t.Fatal(err)
		}
	}
	a := w.archiver(t, Options{Store: s})
	run(t, a)
	poll.Until(t, "the messages are in the store", func() bool { return s.len() == 2 })
	caughtUp(t, a)
	if c := a.Counts(); c.Skipped != 2 || w.log.count("level=WARN") != 1 || w.log.count(words) != 0 {
		t.Errorf("counts %+v", c)
	}
}

// Messages that left the log before they were archived are counted and logged.
func TestLostMessagesAreCounted(t *testing.T) {
	w, s := realWorld(t), &memoryStore{}
	w.say(t, room, first, 1, 2)
	a := w.archiver(t, Options{Store: s})
	stop := run(t, a)
	poll.Until(t, "the first are in the store", func() bool { return s.len() == 2 })
	stop()
	w.say(t, room, first, 3, 9)
	if err := w.raw.XTrimMaxLen(t.Context(), key(room, "log"), 3).Err(); err != nil {
		t.Fatal(err)
	}
	a = w.archiver(t, Options{Store: s})
	run(t, a)
	poll.Until(t, "the last are in the store", func() bool { return s.len() == 5 })
	if c := a.Counts(); c.Lost != 4 || w.log.count("level=ERROR") != 1 {
		t.Errorf("counts %+v", c)
	}
}

func TestOptions(t *testing.T) {
	w := miniWorld(t)
	for name, o := range map[string]Options{
		"no source":  {Store: &memoryStore{}},
		"no store":   {Source: w.source},
		"batch":      {Source: w.source, Store: &memoryStore{}, Batch: -1},
		"idle":       {Source: w.source, Store: &memoryStore{}, Idle: -1},
		"store time": {Source: w.source, Store: &memoryStore{}, StoreTimeout: -1},
	} {
		if _, err := New(o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// Without Redis the archiver waits, and continues when Redis is back.
func TestArchiverWaitsForRedis(t *testing.T) {
	r := testredis.New(t)
	r.Start()
	w, s := newWorld(t, r.URL, &redis.Options{Network: "unix",
		Addr: strings.TrimPrefix(r.URL, "unix://")}), &memoryStore{}
	w.say(t, room, first, 1, 5)
	run(t, w.archiver(t, Options{Store: s}))
	poll.Until(t, "the first are in the store", func() bool { return s.len() == 5 })
	r.Kill()
	poll.Until(t, "that was noticed", func() bool {
		return w.log.count("archive: waiting for the rooms' logs") == 1
	})
	r.Start()
	poll.Until(t, "Redis answers the test", func() bool { return w.raw.Ping(t.Context()).Err() == nil })
	w.say(t, room, first, 6, 10)
	poll.Until(t, "all is in the store", func() bool { return s.len() == 10 })
	if n := w.log.count("archive: the rooms' logs available again"); n != 1 {
		t.Errorf("the end of it was logged %d times", n)
	}
}
