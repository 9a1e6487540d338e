package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"livechat/internal/poll"
)

// A lone call is answered at once. Calls that arrive while the lanes are busy
// are answered together, in order. A call that gave up is not passed on.
func TestBatcher(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var sizes []int
		b := &batcher[int, int]{most: 3, lanes: 1, timeout: time.Minute,
			do: func(_ context.Context, batch []*question[int, int], alone bool) (
				left []*question[int, int]) {
				time.Sleep(time.Second)
				sizes = append(sizes, len(batch))
				for _, a := range batch {
					if a.out = 10 * a.in; a.in == 5 {
						a.err = errors.New("five")
					}
					if a.in == 6 && !alone {
						left = append(left, a)
					}
				}
				return left
			}}
		var all sync.WaitGroup
		for i := range 8 {
			all.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
				if i == 4 {
					ctx, cancel = context.WithTimeout(t.Context(), time.Second/2)
				}
				defer cancel()
				out, err := b.ask(ctx, i)
				switch {
				case i == 4 && !errors.Is(err, context.DeadlineExceeded),
					i == 5 && (err == nil || err.Error() != "five"),
					i != 4 && i != 5 && (err != nil || out != 10*i):
					t.Errorf("question %d: answer %d, %v", i, out, err)
				}
			})
			synctest.Wait()
		}
		all.Wait()
		b.wait()
		if got := fmt.Sprint(sizes); got != "[1 3 3 1]" {
			t.Errorf("batches of %s, want of [1 3 3 1]", got)
		}
		if len(b.waiting) != 0 || b.busy != 0 {
			t.Errorf("at the end %d questions wait and %d lanes are busy", len(b.waiting), b.busy)
		}
	})
}

// A message that PostgreSQL refuses, whose author may not write it, or whose id
// is known does not affect the others of its batch.
func TestBadMessagesDoNotFailTheirBatch(t *testing.T) {
	t.Parallel()
	s, chat, ann, bob := openTwo(t)
	message := func(author int64, text string) Message {
		return Message{ID: uuid.NewString(), Chat: chat, Author: author, Text: text, At: time.Now()}
	}
	known, _, err := s.AddMessage(t.Context(), message(ann.ID, "known"))
	if err != nil {
		t.Fatal(err)
	}
	outsider, unknown, unheard := message(ann.ID+bob.ID, "x"), message(ann.ID, "x"), message(ann.ID, "x")
	unknown.Chat, unheard.Chat = uuid.NewString(), uuid.NewString()
	eve := s.newUser(t, "eve")
	if _, _, err := s.CreateChat(t.Context(), unheard.Chat, ann.ID, eve.ID, time.Now()); err != nil {
		t.Fatal(err)
	}
	if err := s.DeleteUser(t.Context(), eve.ID); err != nil {
		t.Fatal(err)
	}
	twice := message(bob.ID, "twice")
	for what, bad := range map[string]Message{
		"not text": message(ann.ID, "a\x00b"), "no": message(ann.ID, "\xff")} {
		batch := []*posted{
			{in: message(ann.ID, "one")}, {in: known}, {in: outsider}, {in: bad}, {in: unknown},
			{in: twice}, {in: message(bob.ID, "two")}, {in: twice}, {in: unheard},
		}
		first := batch[0].in
		for _, p := range batch {
			p.done = make(chan struct{})
		}
		for _, p := range s.posts.answer(batch, false) {
			s.posts.answer([]*posted{p}, true)
		}
		for i, want := range []error{nil, errRepeated, ErrNotFound, nil, ErrNotFound, nil, nil, errRepeated,
			ErrGone} {
			if got := batch[i].err; i == 3 && got == nil || i != 3 && !errors.Is(got, want) {
				t.Errorf("%s: message %d: %v, want %v", what, i, got, want)
			}
		}
		list, err := s.Messages(t.Context(), chat, ann.ID, 0, known.N, 10)
		if err != nil || len(list) < 3 || list[0].ID != first.ID && what == "not text" {
			t.Errorf("%s: the chat has %+v, %v", what, list, err)
		}
		known, twice = batch[6].out, message(bob.ID, "twice")
	}
	c, err := s.Chat(t.Context(), chat, ann.ID)
	if err != nil || c.Unread != 4 || c.Last.N != 7 {
		t.Errorf("ann's chat is %+v, %v", c, err)
	}
	if events, err := s.Outbox(t.Context(), 100); err != nil || len(events) != 18 {
		t.Errorf("%d events, %v", len(events), err)
	}
}

// A chat that stays locked delays only those who write in it.
func TestLockedChatDelaysNoOther(t *testing.T) {
	t.Parallel()
	s, locked, ann, bob := openTwo(t)
	eve := s.newUser(t, "eve")
	free := uuid.NewString()
	if _, _, err := s.CreateChat(t.Context(), free, ann.ID, eve.ID, time.Now()); err != nil {
		t.Fatal(err)
	}
	post := func(chat string) error {
		_, _, err := s.AddMessage(t.Context(),
			Message{ID: uuid.NewString(), Chat: chat, Author: ann.ID, Text: "x", At: time.Now()})
		return err
	}
	var waiting sync.WaitGroup
	err := s.inTx(t.Context(), func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(t.Context(), lockChats, []string{locked}); err != nil {
			return err
		}
		for range 5 {
			waiting.Go(func() {
				if err := post(locked); err != nil {
					t.Error(err)
				}
			})
		}
		poll.Until(t, "they wait one by one", func() bool {
			var n int
			err := s.read.QueryRowContext(t.Context(), `SELECT count(*) FROM pg_stat_activity
				WHERE wait_event_type = 'Lock' AND datname = current_database()`).Scan(&n)
			return err == nil && n >= 4 && post(free) == nil
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	waiting.Wait()
	if c, err := s.Chat(t.Context(), locked, bob.ID); err != nil || c.Unread != 5 {
		t.Errorf("bob's chat is %+v, %v", c, err)
	}
}
