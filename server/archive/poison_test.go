package archive

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"livechat/internal/poll"
	"livechat/internal/testpg"
	"livechat/server/store"
)

// A message that PostgreSQL can never take is skipped once and delays nobody,
// even if it is the first of all.
func TestMessageThatCannotBeStored(t *testing.T) {
	w := realWorld(t)
	s, err := store.Open(t.Context(), testpg.New(t).Database())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	var many strings.Builder // more words than the index has room for
	for i := range 90_000 {
		fmt.Fprintf(&many, "word%d ", i)
	}
	poison := func(seq int) {
		t.Helper()
		payload := fmt.Sprintf(
			`{"type":"message","seq":%d,"id":"%s","app":"1000","session":"s","name":"ann","text":"%s","at":%d,"epoch":"%s"}`,
			seq,
			uuid.NewString(),
			many.String(),
			time.Now().UnixMilli(),
			first,
		)
		if err := w.raw.XAdd(t.Context(), xadd(room, seq, payload)).Err(); err != nil {
			t.Fatal(err)
		}
	}
	stored := func() int {
		list, err := s.RoomMessages(t.Context(), room, first, 0, 0, 100)
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	a := w.archiver(t, Options{Store: s, Idle: time.Minute})
	run(t, a)
	w.say(t, room, first, 1, 0) // only an epoch
	poison(1)
	poll.Until(t, "the first is skipped", func() bool { return a.Counts().Skipped == 1 })
	w.say(t, room, first, 2, 4)
	poison(5)
	w.say(t, room, first, 6, 8)
	poll.Until(t, "all others are in the store", func() bool { return stored() == 6 })
	caughtUp(t, a)
	if c := a.Counts(); c.Skipped != 2 || w.log.count("archive: skipped a message") != 2 ||
		w.log.count("waits for the store") != 0 || w.log.count("word7") != 0 {
		t.Errorf("counts %+v", c)
	}
}

// A message that the store fails to take again and again, without a reason, is
// given up in the end.
func TestMessageThatAlwaysFailsIsSkipped(t *testing.T) {
	w := realWorld(t)
	s := &memoryStore{before: func(_ context.Context, list []store.RoomMessage) error {
		for _, m := range list {
			if m.Seq == 3 {
				return errors.New("no")
			}
		}
		return nil
	}}
	a := w.archiver(t, Options{Store: s, Idle: 10 * time.Millisecond})
	a.aside[place{room, first, 3}] = asideTimes - 2
	run(t, a)
	w.say(t, room, first, 1, 5)
	poll.Until(t, "it is skipped", func() bool { return a.Counts().Skipped == 1 })
	caughtUp(t, a)
	if s.len() != 4 || len(a.names()) > 1 {
		t.Errorf("%d messages in the store", s.len())
	}
}
