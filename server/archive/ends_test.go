package archive

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"livechat/internal/poll"
	"livechat/server/store"
)

// What an epoch had behind its end, and was archived before the log was mended, is in no page and found by no search; each message of the log is once.
// An epoch of which a log that began anew has nothing keeps what is archived of it.
func TestBehindTheEndOfAnEpoch(t *testing.T) {
	w := miniWorld(t)
	s := realStore(t)
	const foreign = "00000000000000cc"
	seqs := func(epoch string) (list []string) {
		page, err := s.RoomMessages(t.Context(), room, epoch, 0, 0, 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range page {
			list = append(list, fmt.Sprint(m.Epoch[14:], m.Seq))
		}
		return list
	}
	late := store.RoomMessage{Room: room, Epoch: first, Seq: 11, ID: uuid.NewString(), Name: "ann", Text: words, At: time.Now()}
	if _, err := s.AddRoomMessages(t.Context(), []store.RoomMessage{{Room: room, Epoch: foreign, Seq: 1, ID: uuid.NewString(), Name: "ann", Text: words, At: time.Now().Add(-time.Minute)}}); err != nil {
		t.Fatal(err)
	}
	run(t, w.archiver(t, Options{Store: s}))
	w.say(t, room, first, 1, 10)
	poll.Until(t, "the first ten are archived", func() bool { return len(seqs(first)) == 10 })

	// Redis brings an older snapshot back, and nobody has what was behind 6.
	pipe := w.raw.TxPipeline()
	pipe.Del(t.Context(), key(room, "log"))
	w.sayIn(t, pipe, room, first, 1, 6)
	pipe.HSet(t.Context(), key(room, "head"), "epoch", next, "past", foreign+":0 "+first+":6")
	w.sayIn(t, pipe, room, next, 7, 8)
	if _, err := pipe.Exec(t.Context()); err != nil {
		t.Fatal(err)
	}
	poll.Until(t, "what came in their place is archived", func() bool { return len(seqs(next)) == 2 })
	if _, err := s.AddRoomMessages(t.Context(), []store.RoomMessage{late}); err != nil { // by one that was held up
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(seqs("")), "[cc1 aa1 aa2 aa3 aa4 aa5 aa6 bb7 bb8]"; got != want {
		t.Errorf("the room has %s, want %s", got, want)
	}
	if got, want := fmt.Sprint(seqs(first)), "[aa1 aa2 aa3 aa4 aa5 aa6]"; got != want {
		t.Errorf("the epoch has %s, want %s", got, want)
	}
	if found, err := s.Search(t.Context(), 1, words, 100); err != nil || len(found) != 9 {
		t.Errorf("a search finds %d, %v; want 9: %+v", len(found), err, found)
	}
}

// The store is told where epochs have ended when that is news, until it has taken it.
func TestEndsAreToldOnce(t *testing.T) {
	w, s := miniWorld(t), &shelf{}
	var away atomic.Bool
	away.Store(true)
	a := w.archiver(t, Options{Store: forgetful{s, &away}})
	run(t, a)
	w.raw.HSet(t.Context(), key(room, "head"), "past", first+":6")
	w.say(t, room, next, 7, 8)
	poll.Until(t, "the store has refused", func() bool { return a.Counts().Failures > 1 })
	if n := s.len(); n > 0 {
		t.Errorf("%d messages were stored before the end of the epoch behind which they are", n)
	}
	away.Store(false)
	poll.Until(t, "they are in the store", func() bool { return s.len() == 2 })
	w.say(t, room, next, 9, 9)
	poll.Until(t, "another one is in the store", func() bool { return s.len() == 3 })
	s.mu.Lock()
	defer s.mu.Unlock()
	if want := [][]store.EpochEnd{{{Room: room, Epoch: first, Seq: 6}}}; !reflect.DeepEqual(s.ends, want) {
		t.Errorf("told of %v, want %v", s.ends, want)
	}
}

// forgetful is a shelf that takes no ends while it is away.
type forgetful struct {
	*shelf
	away *atomic.Bool
}

func (f forgetful) EndEpochs(ctx context.Context, ends []store.EpochEnd) error {
	if f.away.Load() {
		return errors.New("away")
	}
	return f.shelf.EndEpochs(ctx, ends)
}
