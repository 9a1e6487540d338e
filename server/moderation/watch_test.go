package moderation

import (
	"context"
	"log/slog"
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
		Expel: func(room string, banned func(chat.Writer) bool) {
			w.mu.Lock()
			defer w.mu.Unlock()
			if banned(chat.Writer{Person: "g:x"}) {
				w.expelled = append(w.expelled, room)
			}
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

func (w *watched) isBanned() bool {
	_, banned := w.Bans("hall", chat.Writer{Person: "g:x"})
	return banned
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
	w.mu.Lock()
	if len(w.expelled) == 0 || w.expelled[0] != "hall" {
		t.Errorf("expelled %q", w.expelled)
	}
	w.mu.Unlock()
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

// What was put back from memory is compared with the database.
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
	if w.isBanned() {
		t.Error("a room that is not open is remembered")
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
