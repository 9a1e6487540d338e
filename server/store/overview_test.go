package store_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"livechat/server/store"
)

func testFindUsers(t *testing.T, w *world) {
	ctx := t.Context()
	w.user("a_b")
	w.user("axb")
	w.must(w.DeleteUser(ctx, w.user("bobby").ID))
	_, err := w.SetRole(ctx, operator, w.bob.ID, store.RoleAdmin)
	w.must(err)
	w.session("a1", w.ann, w.at.Add(time.Hour))
	for _, c := range []struct {
		q     store.UserQuery
		limit int
		want  string
	}{
		{store.UserQuery{}, 10, "[a_b ann axb bob eve]"},
		{store.UserQuery{After: "ann"}, 2, "[axb bob]"},
		{store.UserQuery{Text: "b"}, 10, "[a_b axb bob]"},
		{store.UserQuery{Text: "_"}, 10, "[a_b]"},
		{store.UserQuery{Text: "%"}, 10, "[]"},
		{store.UserQuery{Text: "!"}, 10, "[]"},
		{store.UserQuery{Role: store.RoleAdmin}, 10, "[bob]"},
		{store.UserQuery{Text: "e", Role: store.RoleAdmin}, 10, "[]"},
	} {
		all, err := w.FindUsers(ctx, c.q, w.at, c.limit)
		w.must(err)
		names := []string{}
		for _, u := range all {
			names = append(names, u.Name)
		}
		same(t, fmt.Sprintf("%+v", c.q), fmt.Sprint(names), c.want)
	}
	all, err := w.FindUsers(ctx, store.UserQuery{Text: "nn"}, w.at, 1)
	w.must(err)
	same(t, "ann", all, []store.UserFigures{{User: w.ann, Sessions: 1}})
}

func testAllBans(t *testing.T, w *world) {
	ctx := t.Context()
	at := w.now()
	var want []string
	for _, b := range []store.Ban{ // in the order in which they are listed
		{Room: "den", Kind: store.KindBan, Subject: "a:7", At: at.Add(time.Second)},
		{Room: "den", Kind: store.KindBan, Subject: "g:k", At: at},
		{Room: "den", Kind: store.KindMute, Subject: "g:k", At: at},
		{Room: "go", Kind: store.KindBan, Subject: "a:7", At: at, Ends: at.Add(time.Hour)},
	} {
		want = append(want, fmt.Sprint(b.Room, b.Kind, b.Subject))
		_, err := w.AddBan(ctx, b, nil)
		w.must(err)
	}
	_, err := w.AddBan(ctx, store.Ban{Room: "go", Kind: store.KindBan, Subject: "g:over", At: at,
		Ends: at.Add(time.Minute)}, nil)
	w.must(err)
	for limit := 1; limit <= 5; limit++ {
		var got []string
		for before := (store.Ban{}); ; {
			page, err := w.AllBans(ctx, before, at.Add(2*time.Minute), limit)
			w.must(err)
			for _, b := range page {
				before = b
				got = append(got, fmt.Sprint(b.Room, b.Kind, b.Subject))
			}
			if len(page) < limit {
				break
			}
		}
		same(t, fmt.Sprint("in pages of ", limit), got, want)
	}
}

func testKnownRooms(t *testing.T, w *world) {
	known := func(limit int) []string {
		rooms, err := w.KnownRooms(t.Context(), limit)
		w.must(err)
		slices.Sort(rooms)
		return rooms
	}
	same(t, "at first", len(known(10)), 0)
	for _, room := range []string{"hall", "den", "x-1"} {
		w.archive(w.roomMessages(room, "00000000000000aa", 1, 3))
	}
	w.bans("den", store.KindBan, "g:k", time.Time{})
	w.bans("quiet", store.KindMute, "g:k", time.Time{})
	same(t, "rooms", known(10), []string{"den", "hall", "quiet", "x-1"})
	w.must(w.Exec(t.Context(), `INSERT INTO rooms (name, title, topic, access, listed, retention, creator, created,
		deleted) VALUES ('made', '', '', 'open', TRUE, 0, 0, 1, 0), ('gone', '', '', 'open', TRUE, 0, 0, 1, 2)`))
	same(t, "with those that were made", known(10), []string{"den", "hall", "made", "quiet", "x-1"})
	if n := len(known(1)); n < 1 || n > 3 {
		t.Errorf("%d rooms, want one of each kind", n)
	}
}

func testFileTypes(t *testing.T, w *world) {
	w.upload(w.ann, 10)
	w.upload(w.bob, 20)
	types, err := w.FileTypes(t.Context())
	w.must(err)
	files, bytes := int64(0), int64(0)
	for _, one := range types {
		files, bytes = files+one.Files, bytes+one.Bytes
	}
	u, err := w.FileUsage(t.Context())
	w.must(err)
	if len(types) != 1 || types[0].Type == "" || files != 2 || bytes != u.Bytes {
		t.Errorf("types %+v, want the 2 files and %d bytes of the totals", types, u.Bytes)
	}
}

func testFindAudit(t *testing.T, w *world) {
	ctx := t.Context()
	for i, e := range []store.AuditEntry{
		{By: operator, Action: store.ActionRole,
			Target: store.AuditTarget{Kind: store.TargetUser, ID: "7", Name: "bob"}},
		{By: store.By{User: 7, Name: "bob"}, Action: store.ActionBan, Room: "den",
			Target: store.AuditTarget{Kind: store.TargetGuest, ID: "k1", Name: "gus"}},
		{By: operator, Action: store.ActionRules, Room: "hall"},
	} {
		e.At = w.at.Add(time.Duration(i) * time.Second)
		w.must(w.Record(ctx, e))
	}
	for _, c := range []struct {
		of   store.AuditFilter
		want string
	}{
		{store.AuditFilter{}, "[room.rules room.ban user.role]"},
		{store.AuditFilter{Action: "room"}, "[room.rules room.ban]"},
		{store.AuditFilter{Action: "room.ban"}, "[room.ban]"},
		{store.AuditFilter{Action: "roo"}, "[]"},
		{store.AuditFilter{Target: "bob"}, "[user.role]"},
		{store.AuditFilter{Target: "k1"}, "[room.ban]"},
		{store.AuditFilter{Actor: "bob"}, "[room.ban]"},
		{store.AuditFilter{Actor: store.Operator, Room: "hall"}, "[room.rules]"},
		{store.AuditFilter{Actor: store.Operator, Room: "den"}, "[]"},
	} {
		all, err := w.FindAudit(ctx, c.of, store.AuditEntry{}, 10)
		w.must(err)
		actions := []string{}
		for _, e := range all {
			actions = append(actions, e.Action)
		}
		same(t, fmt.Sprintf("%+v", c.of), fmt.Sprint(actions), c.want)
	}
	all, err := w.FindAudit(ctx, store.AuditFilter{Action: "room"}, store.AuditEntry{}, 1)
	w.must(err)
	next, err := w.FindAudit(ctx, store.AuditFilter{Action: "room"}, all[0], 1)
	w.must(err)
	same(t, "the page after", next[0].Action, store.ActionBan)
}
