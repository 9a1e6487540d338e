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

// Messages past the end of an epoch that were archived before the log was
// repaired are in no page and no search result; each message of the log appears
// once. An epoch of which a newly created log has nothing keeps its archived
// messages.
func TestMessagesPastTheEndOfAnEpochAreHidden(t *testing.T) {
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
	late := store.RoomMessage{Room: room, Epoch: first, Seq: 11, ID: uuid.NewString(), Name: "ann",
		Text: words, At: time.Now()}
	if _, err := s.AddRoomMessages(t.Context(),
		[]store.RoomMessage{{Room: room, Epoch: foreign, Seq: 1, ID: uuid.NewString(), Name: "ann",
			Text: words, At: time.Now().Add(-time.Minute)}}); err != nil {
		t.Fatal(err)
	}
	run(t, w.archiver(t, Options{Store: s}))
	w.say(t, room, first, 1, 10)
	poll.Until(t, "the first ten are archived", func() bool { return len(seqs(first)) == 10 })

	// Redis restores an older snapshot, and no server has the messages after 6.
	pipe := w.raw.TxPipeline()
	pipe.Del(t.Context(), key(room, "log"))
	w.sayIn(t, pipe, room, first, 1, 6)
	pipe.HSet(t.Context(), key(room, "head"), "epoch", next, "past", foreign+":0 "+first+":6")
	w.sayIn(t, pipe, room, next, 7, 8)
	if _, err := pipe.Exec(t.Context()); err != nil {
		t.Fatal(err)
	}
	poll.Until(t, "what came in their place is archived", func() bool { return len(seqs(next)) == 2 })
	// by a delayed archiver
	if _, err := s.AddRoomMessages(t.Context(), []store.RoomMessage{late}); err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(seqs("")), "[cc1 aa1 aa2 aa3 aa4 aa5 aa6 bb7 bb8]"; got != want {
		t.Errorf("the room has %s, want %s", got, want)
	}
	if got, want := fmt.Sprint(seqs(first)), "[aa1 aa2 aa3 aa4 aa5 aa6]"; got != want {
		t.Errorf("the epoch has %s, want %s", got, want)
	}
	found, _, err := s.Search(t.Context(), store.SearchQuery{User: 1, Words: words, Limit: 100})
	if err != nil || len(found) != 9 {
		t.Errorf("a search finds %d, %v; want 9: %+v", len(found), err, found)
	}
}

// Ends of epochs are recorded when they are new, until the store has taken
// them.
func TestEndsAreRecordedOnce(t *testing.T) {
	w, s := miniWorld(t), &memoryStore{}
	var away atomic.Bool
	away.Store(true)
	a := w.archiver(t, Options{Store: forgetful{s, &away}})
	run(t, a)
	w.raw.HSet(t.Context(), key(room, "head"), "past", first+":6")
	w.say(t, room, next, 7, 8)
	poll.Until(t, "the store has refused", func() bool { return a.Counts().Failures > 1 })
	if n := s.len(); n > 0 {
		t.Errorf("%d messages were stored before the end of the epoch that they are past", n)
	}
	away.Store(false)
	poll.Until(t, "they are in the store", func() bool { return s.len() == 2 })
	w.say(t, room, next, 9, 9)
	poll.Until(t, "another one is in the store", func() bool { return s.len() == 3 })
	s.mu.Lock()
	defer s.mu.Unlock()
	if want := [][]store.EpochEnd{{{Room: room, Epoch: first, Seq: 6}}}; !reflect.DeepEqual(s.ends, want) {
		t.Errorf("recorded %v, want %v", s.ends, want)
	}
}

// forgetful is a store that takes no ends while it is unavailable.
type forgetful struct {
	*memoryStore
	away *atomic.Bool
}

func (f forgetful) EndEpochs(ctx context.Context, ends []store.EpochEnd) error {
	if f.away.Load() {
		return errors.New("away")
	}
	return f.memoryStore.EndEpochs(ctx, ends)
}
