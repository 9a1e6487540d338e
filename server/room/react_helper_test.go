package room

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"livechat/server/chat"
	"livechat/server/metrics"
)

// fakeReactions is a ReactionStore that records its calls.
type fakeReactions struct {
	mu      sync.Mutex
	calls   []string
	reacted chat.Reacted // guarded by mu: what React and Restore return
	unknown bool         // guarded by mu: it does not know who reacted earlier
	err     error        // guarded by mu: of all calls
	again   time.Duration
	told    []chat.Message // guarded by mu: summaries
	notes   []string       // guarded by mu: what was told on the gossip channel
}

func (f *fakeReactions) gossip(_ context.Context, payload []byte) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err == nil {
		f.notes = append(f.notes, string(payload))
	}
	return f.err
}

func (f *fakeReactions) React(_ context.Context, room string, m *chat.Message, r chat.Reaction,
	e chat.Earlier) (chat.Reacted, error) {
	return f.note(fmt.Sprintf("react %s %s %s %v %v", room, m.ID[35:], r.Person, r.On, e), e)
}

func (f *fakeReactions) Restore(_ context.Context, _ string, m *chat.Message, list []chat.Reaction,
	e chat.Earlier) (chat.Reacted, error) {
	var all []string
	for _, r := range list {
		all = append(all, fmt.Sprint(r.Person, ":", r.At))
	}
	return f.note(fmt.Sprintf("restore %s %s %v", m.ID[35:], strings.Join(all, ","), e), e)
}

func (f *fakeReactions) note(call string, e chat.Earlier) (chat.Reacted, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, call)
	r := f.reacted
	r.Unknown = f.unknown && e == chat.EarlierAsked
	f.unknown = f.unknown && e != chat.EarlierGiven
	return r, f.err
}

func (f *fakeReactions) Summarize(_ context.Context, _ string, m chat.Message,
	done func(time.Duration, error)) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.told = append(f.told, m)
	go done(f.again, f.err)
	return nil
}

// change changes what it answers, and forgets its calls.
func (f *fakeReactions) change(do func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	do()
	f.calls, f.told = nil, nil
}

// had returns the calls and the targets of the summaries since the last change.
func (f *fakeReactions) had() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := append([]string(nil), f.calls...)
	for _, m := range f.told {
		all = append(all, fmt.Sprint("summary of ", m.Target().Seq))
	}
	return strings.Join(all, "; ")
}

// peopleArchive has who reacted.
type peopleArchive struct {
	pageArchive
	people []chat.Reaction
}

func (a *peopleArchive) Reactions(context.Context, string, string) ([]chat.Reaction, error) {
	return a.people, a.err
}

// reacting returns a running registry, and its room with a few messages. It must
// be stopped.
func reacting(t *testing.T, l *fakeLog, a Archive) (f *fakeReactions, r *Room, stop func()) {
	t.Helper()
	f = &fakeReactions{reacted: chat.Reacted{Epoch: epochA, At: 7, Due: -1}}
	g := NewRegistry(Options{
		RingSize: 64, MaxRooms: 10, Linger: time.Hour, Log: l, Archive: a, Reactions: f, App: "1000", Node: "one",
		Gossip:        f.gossip,
		Subscriptions: unconfirmed{}, Wake: func(*Room) {}, Logger: slog.New(slog.DiscardHandler),
		Metrics: metrics.NewSet(),
	})
	r = newRoom("livechat", g.opts)
	r.registry = g
	resync(t, r)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		g.Run(ctx)
		close(done)
	}()
	synctest.Wait()
	return f, r, func() {
		cancel()
		<-done
	}
}

func target(seq uint64) *chat.Message {
	return &chat.Message{Seq: seq, ID: idOf(seq), Author: "@bob", Text: "hi"}
}

func heart(person string) chat.Reaction {
	return chat.Reaction{Person: person, Emoji: "❤️", On: true}
}

func reactTo(t *testing.T, r *Room, seq uint64, person string) {
	t.Helper()
	if err := r.React(t.Context(), target(seq), heart(person)); err != nil {
		t.Fatal(err)
	}
}
