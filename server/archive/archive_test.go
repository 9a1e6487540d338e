package archive

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"

	"livechat/internal/poll"
	"livechat/internal/testredis"
)

// mortal is a Source that kills its archiver before, or after, one of the things that it is asked for.
type mortal struct {
	Source
	left  atomic.Int64 // asks before the last
	after bool
	kill  func()
}

func (m *mortal) ask(what func()) {
	if n := m.left.Add(-1); n != 0 {
		what()
		return
	}
	if m.after {
		what()
	}
	m.kill()
	if !m.after {
		what()
	}
}

func (m *mortal) Read(ctx context.Context, room, consumer string, limit int) (b Batch, err error) {
	m.ask(func() { b, err = m.Source.Read(ctx, room, consumer, limit) })
	return b, err
}

func (m *mortal) Claim(ctx context.Context, room, consumer string, idle time.Duration, limit int) (b Batch, err error) {
	m.ask(func() { b, err = m.Source.Claim(ctx, room, consumer, idle, limit) })
	return b, err
}

// Rooms is asked again and again also when all is archived.
func (m *mortal) Rooms(ctx context.Context) (rooms []string, err error) {
	m.ask(func() { rooms, err = m.Source.Rooms(ctx) })
	return rooms, err
}

func (m *mortal) Ack(ctx context.Context, batch Batch) (err error) {
	m.ask(func() { err = m.Source.Ack(ctx, batch) })
	return err
}

// The archiver dies ten times, and each message is in the store once.
func TestKilledTenTimes(t *testing.T) {
	t.Run("redis", func(t *testing.T) { testKilled(t, realWorld(t), &shelf{}, 20_000) })
	t.Run("miniredis", func(t *testing.T) { testKilled(t, miniWorld(t), &shelf{}, 2000) })
}

func testKilled(t *testing.T, w *world, s *shelf, messages int) {
	const deaths, rooms = 10, 2
	part := messages / rooms / (deaths + 1)
	said := 0
	for death := range deaths {
		for r := range rooms {
			w.say(t, fmt.Sprint("room", r), first, said+1, said+part)
		}
		said += part
		ctx, kill := context.WithCancel(t.Context())
		m := &mortal{Source: w.source, after: death%2 == 0, kill: kill}
		m.left.Store(1 + rand.Int64N(20))
		a := w.archiver(t, Options{Source: m, Store: s, Idle: 20 * time.Millisecond, Batch: 100})
		if err := a.Run(ctx); err != nil {
			t.Fatal(err)
		}
	}
	for r := range rooms {
		w.say(t, fmt.Sprint("room", r), first, said+1, messages/rooms)
	}
	a := w.archiver(t, Options{Store: s, Idle: 20 * time.Millisecond})
	stop := run(t, a)
	poll.Until(t, "all is in the store", func() bool { return s.len() >= messages })
	caughtUp(t, a)
	stop()
	for r := range rooms {
		for seq := range messages / rooms {
			if !s.has(fmt.Sprint("room", r), first, int64(seq+1)) {
				t.Fatalf("message %d of room %d is not in the store", seq+1, r)
			}
		}
	}
	if n := s.len(); n != messages {
		t.Errorf("%d rows, want %d", n, messages)
	}
}

// What was deleted for its age does not come again when a log is handed out anew, since it went on in another epoch or has lost its group.
func TestExpiredStaysAway(t *testing.T) {
	w, s := miniWorld(t), &shelf{}
	const old = 3
	for seq := 1; seq <= old; seq++ {
		payload := fmt.Sprintf(`{"type":"message","seq":%d,"id":"%s","app":"1000","session":"s","name":"ann","text":"old","at":%d,"epoch":"%s"}`,
			seq, uuid.NewString(), time.Now().Add(-2*time.Hour).UnixMilli(), first)
		if err := w.raw.XAdd(t.Context(), xadd(room, seq, payload)).Err(); err != nil {
			t.Fatal(err)
		}
	}
	w.say(t, room, first, old+1, old+4)
	w.say(t, room, next, old+5, old+6) // handed out from the beginning again
	a := w.archiver(t, Options{Store: s, MaxAge: time.Hour})
	stop := run(t, a)
	poll.Until(t, "the young are in the store", func() bool { return s.len() == 6 })
	if err := w.raw.XGroupDestroy(t.Context(), key(room, "log"), "archive:"+next).Err(); err != nil {
		t.Fatal(err)
	}
	poll.Until(t, "all have come again", func() bool { return a.Counts().Again == 6 })
	stop()
	if c := a.Counts(); c.Expired != 2*old || c.Skipped != 0 || s.len() != 6 || s.has(room, first, old) {
		t.Errorf("%+v, and %d in the store", c, s.len())
	}
}

// The same with the store that is used for real.
func TestKilledWithTheRealStore(t *testing.T) {
	w := realWorld(t)
	s := realStore(t)
	const messages, deaths = 2200, 10
	var failures int64
	for death := range deaths {
		w.say(t, room, first, death*200+1, death*200+200)
		ctx, kill := context.WithCancel(t.Context())
		m := &mortal{Source: w.source, after: death%2 == 0, kill: kill}
		m.left.Store(1 + rand.Int64N(10))
		a := w.archiver(t, Options{Source: m, Store: s, Idle: 20 * time.Millisecond, Batch: 50})
		if err := a.Run(ctx); err != nil {
			t.Fatal(err)
		}
		failures += a.Counts().Failures
	}
	w.say(t, room, first, deaths*200+1, messages)
	a := w.archiver(t, Options{Store: s, Idle: 20 * time.Millisecond})
	stop := run(t, a)
	rows := func() (n int) {
		for before := int64(messages + 1); ; {
			page, err := s.RoomMessages(t.Context(), room, first, before, 0, 100)
			if err != nil {
				t.Fatal(err)
			}
			if len(page) == 0 {
				return n
			}
			for i, m := range page {
				if m.Seq != before-int64(len(page)-i) || m.Text != fmt.Sprint(words, " ", m.Seq) || m.Name != "ann" || time.Since(m.At) > time.Hour {
					t.Fatalf("before %d comes %+v", before, m)
				}
			}
			n += len(page)
			before = page[0].Seq
		}
	}
	caughtUp(t, a)
	stop()
	if n := rows(); n != messages {
		t.Errorf("%d rows, want %d", n, messages)
	}
	if failures > 0 {
		t.Errorf("%d attempts to store failed", failures)
	}
}

func TestTwoAtOnce(t *testing.T) {
	w, s := realWorld(t), &shelf{}
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
	if a, b := one.Counts(), two.Counts(); a.Stored+b.Stored != int64(said) || a.Again+b.Again != 0 {
		t.Errorf("of %d messages they stored %+v and %+v", said, a, b)
	}
}

// What comes again after the log has been lost, or has gone back, is archived: by place, not by number.
func TestLogsThatGoBack(t *testing.T) {
	for _, world := range []struct {
		name string
		new  func(testing.TB) *world
	}{{"redis", realWorld}, {"miniredis", miniWorld}} {
		t.Run(world.name, func(t *testing.T) {
			w, s := world.new(t), &shelf{}
			run(t, w.archiver(t, Options{Store: s}))
			w.say(t, room, first, 1, 10)
			poll.Until(t, "the first ten are in the store", func() bool { return s.len() == 10 })
			if err := w.raw.FlushAll(t.Context()).Err(); err != nil {
				t.Fatal(err)
			}
			w.say(t, room, next, 1, 10)
			poll.Until(t, "the ten after the flush are in the store", func() bool { return s.len() == 20 })
			// An old snapshot: 6 to 10 are gone, and others get their numbers.
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

// At the end, what is in the logs is stored, whoever was handed it.
func TestRunEndsByStoringWhatIsThere(t *testing.T) {
	w, s := miniWorld(t), &shelf{}
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
		t.Error("it ran twice")
	}
}

// What is no message is acknowledged and said, but for its text.
func TestSkipped(t *testing.T) {
	w, s := realWorld(t), &shelf{}
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

// Messages that the log pushed out before they were archived are counted and said.
func TestLost(t *testing.T) {
	w, s := realWorld(t), &shelf{}
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
		"no source":  {Store: &shelf{}},
		"no store":   {Source: w.source},
		"batch":      {Source: w.source, Store: &shelf{}, Batch: -1},
		"idle":       {Source: w.source, Store: &shelf{}, Idle: -1},
		"store time": {Source: w.source, Store: &shelf{}, StoreTimeout: -1},
	} {
		if _, err := New(o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// Without Redis it waits, and goes on when Redis is there again.
func TestRedisAway(t *testing.T) {
	r := testredis.New(t)
	r.Start()
	w, s := newWorld(t, r.URL, &redis.Options{Network: "unix", Addr: strings.TrimPrefix(r.URL, "unix://")}), &shelf{}
	w.say(t, room, first, 1, 5)
	run(t, w.archiver(t, Options{Store: s}))
	poll.Until(t, "the first are in the store", func() bool { return s.len() == 5 })
	r.Kill()
	poll.Until(t, "that was noticed", func() bool { return w.log.count("the archive waits for the rooms' logs") == 1 })
	r.Start()
	poll.Until(t, "Redis answers the test", func() bool { return w.raw.Ping(t.Context()).Err() == nil })
	w.say(t, room, first, 6, 10)
	poll.Until(t, "all is in the store", func() bool { return s.len() == 10 })
	if n := w.log.count("the archive has the rooms' logs again"); n != 1 {
		t.Errorf("the end of it was logged %d times", n)
	}
}
