package archive

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"livechat/internal/poll"
	"livechat/server/store"
)

// While the store is unavailable nothing is acknowledged; then the archiver
// catches up.
func TestStoreUnavailable(t *testing.T) {
	w := realWorld(t)
	var away atomic.Bool
	away.Store(true)
	var attempts atomic.Int64
	s := &memoryStore{before: func(context.Context, []store.RoomMessage) error {
		attempts.Add(1)
		if away.Load() {
			return errors.New("no database")
		}
		return nil
	}}
	a := w.archiver(t, Options{Store: s, Batch: 10})
	run(t, a)
	w.say(t, room, first, 1, 60)
	poll.Until(t, "it has tried several times", func() bool { return attempts.Load() >= siftEvery+siftTries })
	poll.Until(t, "it says how far it is behind", func() bool { return a.Lag().Entries == 60 })
	if lag := a.Lag(); lag.Ratio != 0.6 || lag.Room != room {
		t.Errorf("lag %+v", lag)
	}
	poll.Until(t, "the lag was logged",
		func() bool { return w.log.count("archive: far behind") == 1 })
	if n := s.len(); n != 0 {
		t.Errorf("%d rows", n)
	}
	away.Store(false)
	poll.Until(t, "all is in the store", func() bool { return s.len() == 60 })
	caughtUp(t, a)
	poll.Until(t, "that was logged", func() bool { return w.log.count("archive: catching up") == 1 })
	if c := a.Counts(); c.Stored != 60 || c.Failures == 0 || c.Duplicates != 0 {
		t.Errorf("counts %+v", c)
	}
	if n := w.log.count("archive: waiting for the store"); n != 1 {
		t.Errorf("the outage was logged %d times", n)
	}
}

// An unavailable store is not mistaken for one that refuses the few messages
// that there are: those would then wait for Options.Idle.
func TestUnavailableStoreIsNotTakenForARefusal(t *testing.T) {
	w := miniWorld(t)
	var away atomic.Bool
	var failed atomic.Int64
	s := &memoryStore{before: func(context.Context, []store.RoomMessage) error {
		if away.Load() {
			failed.Add(1)
			return errors.New("no database")
		}
		return nil
	}}
	run(t, w.archiver(t, Options{Store: s}))
	// at first the archiver knows of nothing that the store has, and tries each
	// message
	for round, enough := range []int64{siftEvery + 3, siftEvery + 1} {
		away.Store(true)
		failed.Store(0)
		w.say(t, room, first, round*3+1, round*3+3)
		poll.Until(t, "it has tried several times", func() bool { return failed.Load() >= enough })
		away.Store(false)
		poll.Until(t, "all is in the store", func() bool { return s.len() == round*3+3 })
	}
	if n := w.log.count("refuses"); n > 0 {
		t.Errorf("the store was taken for one that refuses %d times", n)
	}
}

// An attempt to store times out and is repeated.
func TestStoreHangs(t *testing.T) {
	w := miniWorld(t)
	var asked atomic.Int64
	s := &memoryStore{before: func(ctx context.Context, _ []store.RoomMessage) error {
		if asked.Add(1) == 1 {
			<-ctx.Done()
		}
		return nil
	}}
	run(t, w.archiver(t, Options{Store: s, StoreTimeout: 10 * time.Millisecond}))
	w.say(t, room, first, 1, 3)
	poll.Until(t, "all is in the store", func() bool { return s.len() == 3 })
}

// A message that the store never takes delays no other, and is not given up.
func TestRefusedMessageDelaysNoOther(t *testing.T) {
	w := realWorld(t)
	var cured atomic.Bool
	s := &memoryStore{before: func(_ context.Context, list []store.RoomMessage) error {
		for _, m := range list {
			if m.Seq == 7 && !cured.Load() {
				return errors.New("cannot be indexed")
			}
		}
		return nil
	}}
	run(t, w.archiver(t, Options{Store: s, Idle: 50 * time.Millisecond}))
	w.say(t, room, first, 1, 20)
	poll.Until(t, "all others are in the store", func() bool { return s.len() == 19 })
	w.say(t, room, first, 21, 30)
	poll.Until(t, "what came later is in the store", func() bool { return s.len() == 29 })
	cured.Store(true)
	poll.Until(t, "it is in the store", func() bool { return s.has(room, first, 7) })
}

// holder is a Source that counts calls of Hold.
type holder struct {
	Source
	held atomic.Int64
}

func (h *holder) Hold(ctx context.Context, batch Batch, consumer string) error {
	h.held.Add(int64(len(batch.Entries)))
	return h.Source.Hold(ctx, batch, consumer)
}

// An archiver that cannot store for longer than Idle keeps its entries.
func TestHoldsWhileTheStoreIsUnavailable(t *testing.T) {
	w := realWorld(t)
	var away atomic.Bool
	away.Store(true)
	s := &memoryStore{before: func(context.Context, []store.RoomMessage) error {
		if away.Load() {
			return errors.New("no database")
		}
		return nil
	}}
	h := &holder{Source: w.source}
	a := w.archiver(t, Options{Source: h, Store: s, Idle: 30 * time.Millisecond})
	run(t, a)
	w.say(t, room, first, 1, 3)
	poll.Until(t, "it holds what it was handed", func() bool { return h.held.Load() > 0 })
	// it has the entries all the same
	if err := w.raw.XTrimMaxLen(t.Context(), key(room, "log"), 0).Err(); err != nil {
		t.Fatal(err)
	}
	away.Store(false)
	poll.Until(t, "all is in the store", func() bool { return s.len() == 3 })
	caughtUp(t, a)
	if c := a.Counts(); c.Lost != 0 {
		t.Errorf("counts %+v", c)
	}
}
