package moderation

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"livechat/internal/poll"
	"livechat/server/chat"
)

// watched is a Watch and what it works on.
type watched struct {
	*Watch
	fakeRedis

	mu       sync.Mutex
	open     map[string]bool // guarded by mu
	expelled []string        // guarded by mu: rooms
	pins     []string        // guarded by mu
	free     bool            // guarded by mu: rules are not needed
}

func watch(t *testing.T) *watched {
	t.Helper()
	w := &watched{open: map[string]bool{"hall": true}}
	w.rules = make(map[string]chat.RoomRules)
	w.Watch = NewWatch(WatchOptions{
		Read: func(_ context.Context, room string) (chat.RoomRules, error) {
			w.fakeRedis.mu.Lock()
			defer w.fakeRedis.mu.Unlock()
			if w.down {
				return chat.RoomRules{}, errDown
			}
			return w.rules[room], nil
		},
		Open: func(room string) bool {
			w.mu.Lock()
			defer w.mu.Unlock()
			return w.open[room]
		},
		Pinned: func(_ string, pin *chat.Pin) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.pins = append(w.pins, pin.Text())
		},
		Needed: func() bool {
			w.mu.Lock()
			defer w.mu.Unlock()
			return !w.free
		},
		Expel: func(room string) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.expelled = append(w.expelled, room)
		},
		Apply: w.apply, Truth: func(_ context.Context, room string) (chat.RoomRules, error) {
			return chat.RoomRules{Version: 9, Paused: true}, nil
		},
		Logger: slog.New(slog.DiscardHandler),
	})
	ctx, cancel := context.WithCancel(t.Context())
	var run sync.WaitGroup
	run.Go(func() { w.Run(ctx) })
	t.Cleanup(func() {
		cancel()
		run.Wait()
	})
	return w
}

// code returns why g:x may not be in the room; empty: it may.
func (w *watched) code() chat.Code {
	if err := w.Admits("hall", chat.Writer{Person: "g:x"}); err != nil {
		return chat.AsError(err).Code
	}
	return ""
}

func (w *watched) isBanned() bool { return w.code() == chat.CodeBanned }

// expels returns the rooms that were looked through since it was asked last.
func (w *watched) expels() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := w.expelled
	w.expelled = nil
	return all
}

func banned(version int64) chat.RoomRules {
	return chat.RoomRules{Version: version, Banned: map[chat.Subject]int64{"g:x": 0}}
}

func TestWatch(t *testing.T) {
	w := watch(t)
	_ = w.apply(t.Context(), "hall", banned(2))
	w.Await(t.Context(), "hall")
	if !w.isBanned() {
		t.Error("Await does not wait for the rules")
	}
	_ = w.apply(t.Context(), "hall", chat.RoomRules{Version: 3})
	w.Doubt("hall")
	poll.Until(t, "the change is known", func() bool { return !w.isBanned() })
	w.set(true)
	w.Doubt("hall")
	w.Await(t.Context(), "hall") // known already: no wait
	w.set(false)
	_ = w.apply(t.Context(), "hall", banned(4))
	poll.Until(t, "what could not be read is read again", w.isBanned)
	if got := w.expels(); len(got) == 0 || got[0] != "hall" {
		t.Errorf("expelled from %q", got)
	}
}

// When a room is closed, or somebody loses a role in it, its sockets are looked
// through.
func TestWatchExpels(t *testing.T) {
	w := watch(t)
	_ = w.apply(t.Context(), "hall",
		chat.RoomRules{Version: 2, Paused: true, Muted: map[chat.Subject]int64{"g:x": 0}})
	w.Await(t.Context(), "hall")
	if got, code := w.expels(), w.code(); len(got) > 0 || code != "" {
		t.Errorf("expelled from %q, %q, for what they may not write", got, code)
	}
	for version, access := range []chat.Access{chat.AccessInvite, chat.AccessRegistered} {
		_ = w.apply(t.Context(), "hall", chat.RoomRules{Version: int64(3 + version), Access: access})
		w.Doubt("hall")
		poll.Until(t, "the sockets were looked through", func() bool { return len(w.expels()) > 0 })
		if code := w.code(); code != chat.CodeMembersOnly && code != chat.CodeRegisteredOnly {
			t.Errorf("%s: %q", access, code)
		}
	}
}

// Nobody gets into a room of which nothing is known, but what is known holds
// while nobody answers.
func TestWatchWithoutRedis(t *testing.T) {
	w := watch(t)
	w.set(true)
	w.Await(t.Context(), "hall")
	if err := w.Admits("hall", chat.Writer{Person: "a:1"}); err == nil || !chat.AsError(err).Retryable {
		t.Errorf("unknown: %v", err)
	}
	w.set(false)
	_ = w.apply(t.Context(), "hall", chat.RoomRules{Version: 2, Access: chat.AccessInvite})
	poll.Until(t, "it is known", func() bool { return w.code() == chat.CodeMembersOnly })
	w.set(true)
	w.Doubt("hall")
	w.Await(t.Context(), "hall")
	if code := w.code(); code != chat.CodeMembersOnly {
		t.Errorf("a closed room, after Redis is lost: %q", code)
	}
}

// Before a server has seen one with the API it lets everybody in. What it has
// assumed by then does not count afterwards.
func TestWatchAssumes(t *testing.T) {
	w := watch(t)
	w.mu.Lock()
	w.free = true
	w.mu.Unlock()
	if code := w.code(); code != "" {
		t.Errorf("rules are not needed: %q", code)
	}
	w.Await(t.Context(), "hall")
	if _, ok := w.Remembered("hall"); ok || w.code() != "" {
		t.Errorf("what was assumed is remembered, or %q", w.code())
	}
	w.set(true)
	w.mu.Lock()
	w.free = false
	w.mu.Unlock()
	if code := w.code(); code != chat.CodeUnavailable {
		t.Errorf("what was assumed counts: %q", code)
	}
	w.set(false)
	_ = w.apply(t.Context(), "hall", chat.RoomRules{Version: 2, Access: chat.AccessInvite})
	poll.Until(t, "the sockets are looked through", func() bool { return len(w.expels()) > 0 })
	if code := w.code(); code != chat.CodeMembersOnly {
		t.Errorf("once it is found out: %q", code)
	}
}

// A server that knows more than the copy puts it back.
func TestWatchPutsBackWhatIsNewer(t *testing.T) {
	w := watch(t)
	_ = w.apply(t.Context(), "hall", banned(5))
	w.Await(t.Context(), "hall")
	_ = w.apply(t.Context(), "hall", chat.RoomRules{Version: 4})
	w.Doubt("hall")
	poll.Until(t, "the newer rules are back", func() bool { return w.of("hall").Version == 5 })
}

// Rules that were put back from memory are compared with the database.
func TestWatchVerifies(t *testing.T) {
	w := watch(t)
	_ = w.apply(t.Context(), "hall", banned(5))
	w.Await(t.Context(), "hall")
	if r, ok := w.Remembered("hall"); !ok || r.Version != 5 {
		t.Fatalf("remembered %+v, %v", r, ok)
	}
	if _, ok := w.Remembered("den"); ok {
		t.Error("a room that was never read is remembered")
	}
	poll.Until(t, "the database was asked", func() bool { return w.of("hall").Paused })
}

// A room that was closed is not remembered once its rules have changed.
func TestWatchForgets(t *testing.T) {
	w := watch(t)
	_ = w.apply(t.Context(), "hall", banned(2))
	w.Await(t.Context(), "hall")
	w.mu.Lock()
	w.open["hall"] = false
	w.mu.Unlock()
	w.Doubt("hall")
	if code := w.code(); code != chat.CodeUnavailable {
		t.Errorf("a room that is not open is remembered: %q", code)
	}
}

func TestBansEnd(t *testing.T) {
	now := time.Now()
	r := chat.RoomRules{Banned: map[chat.Subject]int64{
		"g:x": now.UnixMilli(), "h:y": now.Add(time.Hour).UnixMilli(),
	}}
	if _, banned := r.Bans(chat.Writer{Person: "g:x"}, now); banned {
		t.Error("a ban that has ended counts")
	}
	until, banned := r.Bans(chat.Writer{Person: "g:x", Address: "h:y"}, now)
	if !banned || until != now.Add(time.Hour).UnixMilli() {
		t.Errorf("by address: %v, %v", until, banned)
	}
	if _, banned := r.Bans(chat.Writer{}, now); banned {
		t.Error("nobody is banned")
	}
}

// Those in a room are told once of each change of what is pinned.
func TestWatchTellsPins(t *testing.T) {
	w := watch(t)
	w.Await(t.Context(), "hall")
	pin := &chat.Pin{Target: chat.Target{Seq: 1, ID: "x"}, Name: "gus"}
	told := func() string {
		w.mu.Lock()
		defer w.mu.Unlock()
		return strings.Join(w.pins, " ")
	}
	for version, p := range []*chat.Pin{nil, pin, pin, nil} {
		_ = w.apply(t.Context(), "hall",
			chat.RoomRules{Version: int64(version) + 1, Paused: version == 2, Pinned: p})
		w.Doubt("hall")
		poll.Until(t, "the change is known", func() bool {
			r, _ := w.Remembered("hall")
			return r.Version == int64(version)+1
		})
		if w.Pinned("hall") != p {
			t.Errorf("pinned %+v", w.Pinned("hall"))
		}
	}
	poll.Until(t, "two changes are told", func() bool { return told() == pin.Text()+" " })
}

// The cost of blocked words for each message, in a room that has none.
func BenchmarkVerdictWithoutWords(b *testing.B) {
	w := NewWatch(WatchOptions{Needed: func() bool { return true }})
	said := []string{"hello"}
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			w.Verdict("hall", said)
		}
	})
}
