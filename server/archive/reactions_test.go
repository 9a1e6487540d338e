package archive

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"livechat/internal/poll"
	"livechat/server/chat"
	"livechat/server/store"
)

const reactedID = "5f0c2b1e-8a57-4d0f-9b1e-2f3a4b5c6d7e"

// summarize writes the summary of the reactions to a message into a room's log.
func (w *world) summarize(t testing.TB, seq int, counts string) {
	t.Helper()
	payload := fmt.Sprintf(`{"type":"reactions","seq":%d,"id":"%s","app":"1000",`+
		`"target":{"seq":1,"id":"%s"},"counts":%s,"at":%d,"epoch":"%s"}`,
		seq, uuid.NewString(), reactedID, counts, time.Now().UnixMilli(), first)
	if err := w.raw.XAdd(t.Context(), xadd(room, seq, payload)).Err(); err != nil {
		t.Fatal(err)
	}
}

// people is a Source with people who react.
type people struct {
	Source
	mu    sync.Mutex
	who   []chat.Reaction // guarded by mu
	err   error           // guarded by mu
	asked atomic.Int64
}

func (p *people) Reactions(_ context.Context, in, id string) ([]chat.Reaction, error) {
	p.asked.Add(1)
	if in != room || id != reactedID {
		return nil, fmt.Errorf("asked for %s in %s", id, in)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.who, p.err
}

func (p *people) set(err error, who ...chat.Reaction) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.who, p.err = who, err
}

func liked(name string, at int64) chat.Reaction {
	return chat.Reaction{Person: "key of " + name, Author: "key of " + name, Name: name, Emoji: "👍", At: at,
		On: true}
}

// With each summary the archiver stores who reacted, before it acknowledges it.
// Reactions that Redis no longer has stay.
func TestWhoReactedIsArchived(t *testing.T) {
	w, s := realWorld(t), realStore(t)
	who := func() (names string) {
		list, err := s.Reactions(t.Context(), room, reactedID)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range list {
			names += r.Name + " "
		}
		return names
	}
	p := &people{Source: w.source}
	a := w.archiver(t, Options{Source: p, Store: s})
	run(t, a)
	w.say(t, room, first, 1, 1)
	poll.Until(t, "the message is archived", func() bool { return a.Counts().Stored == 1 })
	caughtUp(t, a)
	if n := p.asked.Load(); n > 0 {
		t.Errorf("asked %d times before anybody reacted", n)
	}
	p.set(nil, liked("ann", 1), liked("bob", 2))
	w.summarize(t, 2, `{"👍":2}`)
	poll.Until(t, "who reacted is archived", func() bool { return who() == "ann bob " })
	p.set(nil)
	w.summarize(t, 3, `{}`)
	poll.Until(t, "it has asked again", func() bool { return p.asked.Load() == 2 })
	caughtUp(t, a)
	if got := who(); got != "ann bob " {
		t.Errorf("archived: %s", got)
	}
	p.set(errors.New("no Redis"), liked("eve", 3))
	w.summarize(t, 4, `{"👍":3}`)
	poll.Until(t, "it has asked again and again", func() bool { return p.asked.Load() > 4 })
	now := time.Now()
	poll.Until(t, "the summary is not acknowledged", func() bool {
		lag := a.Lag()
		return lag.At.After(now) && lag.Entries == 1
	})
	p.set(nil, liked("eve", 3))
	poll.Until(t, "all who reacted are archived", func() bool { return who() == "ann bob eve " })
	caughtUp(t, a)
}

// A store that is unavailable gets who reacted later. One call is made for all
// summaries about a message in a batch.
func TestWhoReactedWaitsForTheStore(t *testing.T) {
	w := miniWorld(t)
	var away atomic.Bool
	away.Store(true)
	s := &memoryStore{before: func(_ context.Context, list []store.RoomMessage) error {
		if list == nil && away.Load() {
			return errors.New("no database")
		}
		return nil
	}}
	p := &people{Source: w.source, who: []chat.Reaction{liked("ann", 1)}}
	a := w.archiver(t, Options{Source: p, Store: s})
	w.say(t, room, first, 1, 1)
	for seq := 2; seq < 12; seq++ {
		w.summarize(t, seq, fmt.Sprintf(`{"👍":%d}`, seq))
	}
	run(t, a)
	poll.Until(t, "it has tried twice", func() bool { return a.Counts().Failures > 1 })
	if n := s.len(); n != 11 {
		t.Errorf("%d entries are in the store", n)
	}
	away.Store(false)
	caughtUp(t, a)
	s.mu.Lock()
	defer s.mu.Unlock()
	if got := s.who[reacted{room, reactedID}]; !slices.Equal(got, p.who) {
		t.Errorf("recorded %v", got)
	}
	if failures := a.Counts().Failures; p.asked.Load() != failures+1 {
		t.Errorf("asked %d times in %d attempts", p.asked.Load(), failures+1)
	}
}

// A message that is read back has its counts, as it has the time of its edit.
func TestReaderReturnsCounts(t *testing.T) {
	m := store.RoomMessage{Room: room, Epoch: first, Seq: 1, ID: reactedID, App: "1", Session: "s", Name: "ann",
		Text: "hi", At: time.UnixMilli(5), Reactions: `{"👍":2}`}
	for _, test := range []struct{ extra, want string }{
		{"", `"text":"hi","reactions":{"👍":2},"at":5,`},
		{`"data":{}`, `"text":"hi","data":{},"edited":7,"reactions":{"👍":2},"at":5,`},
	} {
		if m.Extra = test.extra; test.extra != "" {
			m.Edited = time.UnixMilli(7)
		}
		want := `{"type":"message","seq":1,"id":"` + reactedID + `","app":"1","session":"s","name":"ann",` +
			test.want + `"epoch":"` + first + `"}`
		if got := string(payloadOf(m)); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

var rowsReacted = []chat.Reaction{liked("ann", 1)}

func (r *rows) Reactions(ctx context.Context, _, _ string) ([]chat.Reaction, error) {
	r.asked.Add(1)
	if r.ask != nil {
		return nil, r.ask(ctx)
	}
	return rowsReacted, nil
}

// Servers that ask at the same time share an answer, and wait for a store that
// hangs only so long.
func TestReaderSharesWhoReacted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		archived := &rows{ask: func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }}
		r := NewReader(archived)
		var all sync.WaitGroup
		for range 3 {
			all.Go(func() {
				if _, err := r.Reactions(t.Context(), room, reactedID); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("got %v", err)
				}
			})
		}
		all.Wait()
		if n := archived.asked.Load(); n != 1 {
			t.Errorf("the store got %d queries", n)
		}
		archived.ask = nil
		if got, err := r.Reactions(t.Context(), room, reactedID); err != nil || !slices.Equal(got, rowsReacted) {
			t.Errorf("got %v, %v", got, err)
		} else if got[0].Name = "mine"; rowsReacted[0].Name != "ann" {
			t.Error("a caller changes the answer of others")
		}
	})
}
