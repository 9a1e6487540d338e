package moderation

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"livechat/internal/poll"
	"livechat/server/chat"
	"livechat/server/store"
)

// fakeRedis records what it is told, if it is up.
type fakeRedis struct {
	mu    sync.Mutex
	down  bool                      // guarded by mu
	rules map[string]chat.RoomRules // guarded by mu
}

var errDown = errors.New("redis is down")

func (f *fakeRedis) apply(_ context.Context, room string, r chat.RoomRules) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.down {
		return errDown
	}
	f.rules[room] = r
	return nil
}

func (f *fakeRedis) of(room string) chat.RoomRules {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.rules[room]
}

func (f *fakeRedis) set(down bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.down = down
}

// service returns a Service on a new database, its Redis, and what it audits.
func service(t *testing.T, audit func(Record) error) (*Service, *fakeRedis) {
	t.Helper()
	s, err := store.Open(t.Context(), "sqlite::memory:")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	f := &fakeRedis{rules: make(map[string]chat.RoomRules)}
	return New(Options{
		Store: s, Apply: f.apply, Logger: slog.New(slog.DiscardHandler),
		Audit: func(_ context.Context, _ *store.Tx, r Record) error { return audit(r) },
	}), f
}

// set changes all settings of a room.
func set(r store.RoomSettings) func(*store.RoomSettings) {
	return func(now *store.RoomSettings) { *now = r }
}

func TestServiceAppliesAndAudits(t *testing.T) {
	var records []Record
	s, f := service(t, func(r Record) error { records = append(records, r); return nil })
	ctx, ends := t.Context(), time.Now().Add(time.Hour)
	o := Order{Room: "hall", Subject: "g:x", Name: "gus", By: store.By{Name: "ann", Reason: "spam"}, Ends: ends}
	settings := store.RoomSettings{Slow: time.Minute}
	for _, do := range []func() error{
		func() error { return s.Mute(ctx, o) }, func() error { return s.Ban(ctx, o) },
		func() error { return s.Unmute(ctx, "hall", "g:x", store.By{Name: "ann", Reason: "enough"}) },
		func() error { return s.SetRules(ctx, "hall", set(settings), store.By{Name: "ann"}) },
	} {
		if err := do(); err != nil {
			t.Fatal(err)
		}
	}
	r := f.of("hall")
	if len(r.Muted) != 0 || r.Banned["g:x"] != ends.UnixMilli() || r.Slow != time.Minute {
		t.Errorf("Redis has %+v", r)
	}
	var actions []string
	for _, r := range records {
		actions = append(actions, r.Action)
		if r.Room != "hall" || r.By.Name != "ann" || r.At.IsZero() {
			t.Errorf("record %+v", r)
		}
	}
	if got := strings.Join(actions, " "); got != "room.mute room.ban room.unmute room.rules" ||
		records[3].Rules != settings ||
		records[0].Ends != ends || records[2].By.Reason != "enough" || records[2].Name != "gus" {
		t.Errorf("records %+v", records)
	}
	if bans, err := s.Bans(ctx, "hall"); err != nil || len(bans) != 1 {
		t.Errorf("bans %+v, %v", bans, err)
	}
}

func TestServiceRefuses(t *testing.T) {
	s, f := service(t, func(Record) error { t.Error("it was audited"); return nil })
	ctx, long := t.Context(), store.By{Reason: strings.Repeat("é", 501)}
	for what, c := range map[string]struct {
		err  error
		code chat.Code
	}{
		"no room":         {s.Ban(ctx, Order{Room: "No", Subject: "g:x"}), chat.CodeBadRoom},
		"a feed":          {s.Ban(ctx, Order{Room: "user:1", Subject: "g:x"}), chat.CodeBadRoom},
		"nobody":          {s.Ban(ctx, Order{Room: "hall"}), chat.CodeBadRequest},
		"no account":      {s.Ban(ctx, Order{Room: "hall", Subject: "a:ann"}), chat.CodeBadRequest},
		"a space":         {s.Ban(ctx, Order{Room: "hall", Subject: "g:a b"}), chat.CodeBadRequest},
		"mute an address": {s.Mute(ctx, Order{Room: "hall", Subject: "h:x"}), chat.CodeBadRequest},
		"ended": {s.Ban(ctx, Order{Room: "hall", Subject: "g:x", Ends: time.Now()}),
			chat.CodeBadRequest},
		"a long reason": {s.Ban(ctx, Order{Room: "hall", Subject: "g:x", By: long}),
			chat.CodeTooLong},
		"too slow": {s.SetRules(ctx, "hall", set(store.RoomSettings{Slow: 7 * time.Hour}), store.By{}),
			chat.CodeBadRequest},
		"not seconds": {s.SetRules(ctx, "hall", set(store.RoomSettings{Slow: 1}), store.By{}), chat.CodeBadRequest},
	} {
		if c.err == nil || chat.AsError(c.err).Code != c.code {
			t.Errorf("%s: %v, want %s", what, c.err, c.code)
		}
	}
	if len(f.rules) > 0 {
		t.Errorf("Redis was told %+v", f.rules)
	}
}

// An action that cannot be audited is not done.
func TestServiceWithoutAudit(t *testing.T) {
	full := errors.New("disk full")
	s, f := service(t, func(Record) error { return full })
	if err := s.Ban(t.Context(), Order{Room: "hall", Subject: "g:x"}); !errors.Is(err, full) {
		t.Errorf("Ban: %v", err)
	}
	if bans, err := s.Bans(t.Context(), "hall"); err != nil || len(bans) > 0 || len(f.rules) > 0 {
		t.Errorf("bans %+v, %v; Redis has %+v", bans, err, f.rules)
	}
}

// A change without Redis is kept, told as pending, and applied later.
func TestServiceWithoutRedis(t *testing.T) {
	s, f := service(t, func(Record) error { return nil })
	f.set(true)
	if err := s.Ban(t.Context(), Order{Room: "hall", Subject: "g:x"}); !errors.Is(err, ErrPending) ||
		!errors.Is(err, errDown) {
		t.Errorf("Ban: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var run sync.WaitGroup
	run.Go(func() { s.Run(ctx) })
	defer run.Wait()
	defer cancel()
	f.set(false)
	poll.Until(t, "Redis has it", func() bool { return len(f.of("hall").Banned) == 1 })
}
