package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"livechat/server/chat"
	"livechat/server/store"
)

// bans adds a mute or a ban, and returns the version.
func (w *world) bans(room, kind string, of chat.Subject, ends time.Time) int64 {
	w.t.Helper()
	version, err := w.AddBan(w.t.Context(), store.Ban{
		Room: room, Kind: kind, Subject: of, Name: "zoë", Reason: "spam\x00", By: "ann", At: w.now(),
		Ends: ends,
	}, nil)
	w.must(err)
	return version
}

// set changes all settings of a room.
func set(r store.RoomSettings) func(*store.RoomSettings) error {
	return func(now *store.RoomSettings) error { *now = r; return nil }
}

// moderate adds rules to two rooms.
func (w *world) moderate() {
	w.t.Helper()
	_, err := w.SetRoomSettings(w.t.Context(), "go", set(store.RoomSettings{Slow: time.Minute, Paused: true,
		Words: chat.WordsText([]string{"spam", `\bfööd\b`})}), w.now(), nil)
	w.must(err)
	_, err = w.SetPin(w.t.Context(), "go",
		&chat.Pin{Target: chat.Target{Seq: 1, ID: id()}, Name: "Zoë", By: "ann"}, w.now(), nil)
	w.must(err)
	w.bans("go", store.KindMute, chat.AccountSubject(w.eve.ID), w.at.Add(time.Hour))
	w.bans("Room-é", store.KindBan, "g:k3y", time.Time{})
	w.bans("go", store.KindBan, "h:4ash", time.Time{})
}

// Lines of an export.
const (
	ruled = `{"type":"room_rules","room":"hall","slow_ms":0,"registered":false,"paused":true,"version":1}`
	bannd = `{"type":"ban","room":"hall","kind":"ban","subject_kind":"guest","subject":"x","name":"n",` +
		`"reason":"sesame","by":"ann","at":1,"ends":0}`
)

func (w *world) rules(room string) chat.RoomRules {
	w.t.Helper()
	r, err := w.RoomRules(w.t.Context(), room, w.at)
	w.must(err)
	return r
}

func testRoomRules(t *testing.T, w *world) {
	ctx := t.Context()
	same(t, "a room without rules", w.rules("hall"), chat.RoomRules{})
	settings := store.RoomSettings{Slow: 90 * time.Second, Registered: true}
	first, err := w.SetRoomSettings(ctx, "hall", set(settings), w.now(), nil)
	w.must(err)
	same(t, "the first version", first, w.at.UnixMilli())
	bob, guest := chat.AccountSubject(w.bob.ID), chat.GuestSubject("wJ4-_abc")
	ends := w.at.Add(time.Hour)
	w.bans("hall", store.KindMute, bob, ends)
	w.bans("hall", store.KindBan, guest, time.Time{})
	w.bans("hall", store.KindBan, chat.AddressSubject("h"), w.at.Add(time.Minute))
	newest := w.bans("hall", store.KindBan, bob, ends)
	w.bans("den", store.KindBan, bob, ends)
	r := w.rules("hall")
	same(t, "rules", r, chat.RoomRules{
		Version: newest, Slow: 90 * time.Second, Registered: true,
		Muted: map[chat.Subject]int64{bob: ends.UnixMilli()},
		Banned: map[chat.Subject]int64{
			bob: ends.UnixMilli(), guest: 0,
			chat.AddressSubject("h"): w.at.Add(-3 * time.Second).Add(time.Minute).UnixMilli(),
		},
	})
	all, err := w.Bans(ctx, "hall", w.at)
	w.must(err)
	same(t, "how many", len(all), 4)
	same(t, "the newest", all[0], store.Ban{
		Room: "hall", Kind: store.KindBan, Subject: bob, Name: "zoë", Reason: "spam\uFFFD", By: "ann",
		At: w.at.Add(-time.Second), Ends: ends,
	})
	// The same again replaces it.
	w.bans("hall", store.KindBan, bob, time.Time{})
	same(t, "replaced", w.rules("hall").Banned[bob], int64(0))
	_, err = w.RemoveBan(ctx, "hall", store.KindBan, bob, w.now(), nil)
	w.must(err)
	_, err = w.RemoveBan(ctx, "hall", store.KindBan, bob, w.now(), nil)
	wantErr(t, "RemoveBan again", err, store.ErrNotFound)
	same(t, "after it was removed", len(w.rules("hall").Banned), 2)
	// The account goes, and with it what was about it.
	w.must(w.DeleteUser(ctx, w.bob.ID))
	same(t, "mutes of a deleted account", len(w.rules("hall").Muted), 0)
	same(t, "bans of a deleted account", len(w.rules("den").Banned), 0)
}

// Versions rise whatever the clock does, and Redis is told each.
func testRuleVersions(t *testing.T, w *world) {
	ctx := t.Context()
	last := int64(0)
	for i, at := range []time.Time{w.at, w.at.Add(-time.Hour), w.at, w.at.Add(time.Hour), w.at} {
		version, err := w.SetRoomSettings(ctx, "hall", set(store.RoomSettings{Paused: i%2 == 0}), at, nil)
		w.must(err)
		if version <= last {
			t.Errorf("version %d after %d", version, last)
		}
		last = version
	}
	pending := func() []string {
		rooms, err := w.UnappliedRules(ctx, 10)
		w.must(err)
		return rooms
	}
	w.bans("den", store.KindBan, "g:x", time.Time{})
	same(t, "pending", pending(), []string{"den", "hall"})
	w.must(w.RulesApplied(ctx, "hall", last-1))
	same(t, "an older one was applied", pending(), []string{"den", "hall"})
	w.must(w.RulesApplied(ctx, "hall", last))
	w.must(w.RulesApplied(ctx, "hall", last-1))
	same(t, "applied", pending(), []string{"den"})
}

// The extra write of a change is committed with it or not at all.
func testRulesAlso(t *testing.T, w *world) {
	broken := errors.New("disk full")
	calls := 0
	also := func(err error) store.Also {
		return func(context.Context, *store.Tx) error { calls++; return err }
	}
	_, err := w.SetRoomSettings(t.Context(), "hall", set(store.RoomSettings{Paused: true}), w.now(),
		func(store.RoomSettings) store.Also { return also(broken) })
	wantErr(t, "SetRoomSettings", err, broken)
	same(t, "nothing changed", w.rules("hall"), chat.RoomRules{})
	_, err = w.AddBan(t.Context(), store.Ban{Room: "hall", Kind: store.KindBan, Subject: "g:x", At: w.now()},
		also(nil))
	w.must(err)
	_, err = w.RemoveBan(t.Context(), "hall", store.KindBan, "g:y", w.now(),
		func(string) store.Also { return also(nil) })
	wantErr(t, "RemoveBan", err, store.ErrNotFound)
	same(t, "calls", calls, 2)
}

func testBansExpire(t *testing.T, w *world) {
	const ended = 1203 // more than two batches
	w.must(w.Exec(t.Context(), `INSERT INTO rooms_rules (room, slow_ms, registered, paused, version,
		applied) VALUES ('hall', 0, FALSE, FALSE, 1, 1)`))
	w.must(w.Exec(t.Context(), fmt.Sprintf(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n
		WHERE i < %d)
		INSERT INTO bans SELECT 'hall', 'ban', 'guest', 'g' || i, '', '', '', 1, i FROM n`, ended)))
	w.bans("hall", store.KindBan, "g:forever", time.Time{})
	w.bans("hall", store.KindBan, "g:later", w.at.Add(time.Hour))
	same(t, "in force", len(w.rules("hall").Banned), 2)
	deleted, err := w.ExpireBans(t.Context(), w.at)
	w.must(err)
	same(t, "deleted", deleted, ended)
	all, err := w.Bans(t.Context(), "hall", time.UnixMilli(0))
	w.must(err)
	same(t, "left", len(all), 2)
}

func testTooManyBans(t *testing.T, w *world) {
	w.bans("hall", store.KindBan, "g:first", time.Time{})
	w.must(w.Exec(t.Context(), `WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n
		WHERE i < 2000)
		INSERT INTO bans SELECT 'hall', 'ban', 'guest', 'g' || i, '', '', '', 1, 0 FROM n`))
	w.bans("hall", store.KindBan, "g:first", w.at.Add(time.Hour)) // again is fine
	_, err := w.AddBan(t.Context(),
		store.Ban{Room: "hall", Kind: store.KindBan, Subject: "g:x", At: w.now()}, nil)
	wantErr(t, "AddBan", err, store.ErrTooManyBans)
	w.bans("den", store.KindBan, "g:x", time.Time{})
}

// Changes of one room at the same time get different versions, and the newest
// has all of them.
func testBansAtOnce(t *testing.T, w *world) {
	const n = 20
	versions := make(chan int64, n)
	for i := range n {
		go func() {
			version, err := w.AddBan(t.Context(), store.Ban{
				Room: "hall", Kind: store.KindBan, Subject: chat.GuestSubject(fmt.Sprint("g", i)), At: w.at,
			}, nil)
			if err != nil {
				t.Error(err)
			}
			versions <- version
		}()
	}
	var all []int64
	for range n {
		all = append(all, <-versions)
	}
	slices.Sort(all)
	same(t, "distinct versions", len(slices.Compact(slices.Clone(all))), n)
	r := w.rules("hall")
	same(t, "the newest", r.Version, all[n-1])
	same(t, "bans", len(r.Banned), n)
}

// Changes of one room's settings come one after the other: none undoes another.
func testSettingsAtOnce(t *testing.T, w *world) {
	var all errgroup.Group
	now := w.now()
	for range 10 {
		all.Go(func() error {
			_, err := w.SetRoomSettings(t.Context(), "hall", func(r *store.RoomSettings) error {
				r.Slow += time.Second
				return nil
			}, now, nil)
			return err
		})
	}
	w.must(all.Wait())
	same(t, "slow mode", w.rules("hall").Slow, 10*time.Second)
}
