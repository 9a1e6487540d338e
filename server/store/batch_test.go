package store

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
)

// Who is alone is answered at once; those who come while the lanes are busy are answered together, in order; who gives up is not asked for.
func TestBatcher(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var sizes []int
		b := &batcher[int, int]{most: 3, lanes: 1, timeout: time.Minute, do: func(ctx context.Context, batch []*question[int, int]) {
			time.Sleep(time.Second)
			sizes = append(sizes, len(batch))
			for _, a := range batch {
				if a.out = 10 * a.in; a.in == 5 {
					a.err = errors.New("five")
				}
			}
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
				case i == 4 && !errors.Is(err, context.DeadlineExceeded), i == 5 && (err == nil || err.Error() != "five"), i < 4 && (err != nil || out != 10*i):
					t.Errorf("%d is answered with %d, %v", i, out, err)
				}
			})
			synctest.Wait()
		}
		all.Wait()
		b.wait()
		if got := fmt.Sprint(sizes); got != "[1 3 3]" {
			t.Errorf("batches of %s, want of [1 3 3]", got)
		}
		if len(b.waiting) != 0 || b.busy != 0 {
			t.Errorf("%d wait and %d lanes are busy at the end", len(b.waiting), b.busy)
		}
	})
}

// One message that PostgreSQL does not take, or that is nobody's to write, or that is known, leaves those beside it alone.
func TestPostsBesideBadOnes(t *testing.T) {
	s, chat, ann, bob := openTwo(t)
	message := func(author int64, text string) Message {
		return Message{ID: uuid.NewString(), Chat: chat, Author: author, Text: text, At: time.Now()}
	}
	known, _, err := s.AddMessage(t.Context(), message(ann.ID, "known"))
	if err != nil {
		t.Fatal(err)
	}
	stranger, unknown := message(ann.ID+bob.ID, "x"), message(ann.ID, "x")
	unknown.Chat = uuid.NewString()
	twice := message(bob.ID, "twice")
	for what, bad := range map[string]Message{"not text": message(ann.ID, "a\x00b"), "no": message(ann.ID, "\xff")} {
		batch := []*posted{
			{in: message(ann.ID, "one")}, {in: known}, {in: stranger}, {in: bad}, {in: unknown}, {in: twice}, {in: message(bob.ID, "two")}, {in: twice},
		}
		first := batch[0].in
		s.postAll(t.Context(), batch)
		for i, want := range []error{nil, errRepeated, ErrNotFound, nil, ErrNotFound, nil, nil, errRepeated} {
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
	if events, err := s.Outbox(t.Context(), 100); err != nil || len(events) != 16 {
		t.Errorf("%d events, %v", len(events), err)
	}
}
