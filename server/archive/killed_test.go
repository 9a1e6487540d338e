package archive

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"livechat/internal/poll"
)

// mortal is a Source that kills its archiver before or after one of its calls.
type mortal struct {
	Source
	left  atomic.Int64 // calls before the last
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

func (m *mortal) Claim(ctx context.Context, room, consumer string, idle time.Duration, limit int) (
	b Batch, err error) {
	m.ask(func() { b, err = m.Source.Claim(ctx, room, consumer, idle, limit) })
	return b, err
}

// Rooms is called repeatedly even when all is archived.
func (m *mortal) Rooms(ctx context.Context) (rooms []string, err error) {
	m.ask(func() { rooms, err = m.Source.Rooms(ctx) })
	return rooms, err
}

func (m *mortal) Ack(ctx context.Context, batch Batch) (err error) {
	m.ask(func() { err = m.Source.Ack(ctx, batch) })
	return err
}

// The archiver is killed ten times, and each message is in the store once.
func TestArchiverKilledTenTimesStoresEachMessageOnce(t *testing.T) {
	t.Run("redis", func(t *testing.T) { testKilled(t, realWorld(t), &memoryStore{}, 20_000) })
	t.Run("miniredis", func(t *testing.T) { testKilled(t, miniWorld(t), &memoryStore{}, 2000) })
}

func testKilled(t *testing.T, w *world, s *memoryStore, messages int) {
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

// The same with the real store.
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
				if m.Seq != before-int64(len(page)-i) || m.Text != fmt.Sprint(words, " ", m.Seq) ||
					m.Name != "ann" || time.Since(m.At) > time.Hour {
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
