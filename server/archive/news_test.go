package archive

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"livechat/internal/poll"
)

// asked is a Source that counts calls of Read for a room.
type asked struct {
	Source
	reads atomic.Int64
}

func (s *asked) Read(ctx context.Context, room, consumer string, limit int) (Batch, error) {
	s.reads.Add(1)
	return s.Source.Read(ctx, room, consumer, limit)
}

// Fully archived rooms are not read until there are news of them.
func TestQuietRoomsAreNotRead(t *testing.T) {
	w, s := realWorld(t), &memoryStore{}
	const rooms = 300
	for i := range rooms {
		w.say(t, fmt.Sprint("room", i), first, 1, 2)
	}
	source := &asked{Source: w.source}
	a, err := New(Options{
		Source: source, Store: s, MinPause: time.Millisecond, MaxPause: 5 * time.Millisecond,
		NewsEvery: 5 * time.Millisecond, Grace: -1,
	})
	if err != nil {
		t.Fatal(err)
	}
	run(t, a)
	poll.Until(t, "all is in the store", func() bool { return s.len() == 2*rooms })
	poll.Until(t, "no room is looked at any more", func() bool { return len(a.names()) == 0 })
	before := source.reads.Load()
	const more = 5
	for i := range more {
		w.say(t, "room7", first, 3+i, 3+i)
		if err := w.raw.ZAdd(t.Context(), "{livechat}:news",
			redis.Z{Score: float64(i + 1), Member: "room7"}).Err(); err != nil {
			t.Fatal(err)
		}
		poll.Until(t, "the next one is in the store",
			func() bool { return s.has("room7", first, int64(3+i)) })
	}
	poll.Until(t, "no room is looked at any more", func() bool { return len(a.names()) == 0 })
	if n := source.reads.Load() - before; n > rooms {
		t.Errorf("read %d times for %d messages of one room", n, more)
	}
}

// New messages are found even if their news are lost, only later.
func TestLostNewsAreFoundByScan(t *testing.T) {
	w, s := realWorld(t), &memoryStore{}
	a, err := New(Options{
		Source: w.source, Store: s, MinPause: time.Millisecond, MaxPause: 5 * time.Millisecond,
		NewsEvery: time.Hour, ScanEvery: 50 * time.Millisecond, Grace: -1,
	})
	if err != nil {
		t.Fatal(err)
	}
	run(t, a)
	for i := range 3 {
		w.say(t, room, first, 1+i, 1+i)
		poll.Until(t, "it is in the store", func() bool { return s.len() == i+1 })
	}
}
