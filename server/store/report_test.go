package store_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"livechat/server/chat"
	"livechat/server/store"
)

// reports reports m on behalf of somebody; it returns whether that is new.
func (w *world) reports(m store.RoomMessage, by chat.Subject) bool {
	w.t.Helper()
	isNew, err := w.AddReport(w.t.Context(), store.Report{
		Room: m.Room, Message: chat.Message{
			Seq: uint64(m.Seq), ID: m.ID, Author: m.Author, Session: m.Session, Name: m.Name, Text: m.Text,
		},
		Reporter: by, ReporterName: "bob\x00", Reason: "spam", At: w.now(),
	})
	w.must(err)
	return isNew
}

// listed lists reports: room, seq of the message, its text, who reported it.
func (w *world) listed(room string, closed bool, before int64, limit int) (all []string) {
	w.t.Helper()
	list, err := w.Reports(w.t.Context(), room, closed, before, limit)
	w.must(err)
	for _, r := range list {
		all = append(all, fmt.Sprintf("%s %d %s %s", r.Room, r.Message.Seq, r.Message.Text, r.Reporter))
	}
	return all
}

func testReports(t *testing.T, w *world) {
	ctx := t.Context()
	m := w.roomMessages("hall", epochA, 1, 2)
	den := w.roomMessages("den", epochA, 1, 1)
	w.archive(append(m, den...))
	same(t, "first", w.reports(m[0], "a:7"), true)
	same(t, "again", w.reports(m[0], "a:7"), false)
	same(t, "by another", w.reports(m[0], "g:k3y"), true)
	same(t, "another message", w.reports(m[1], "a:7"), true)
	same(t, "another room", w.reports(den[0], "a:7"), true)
	hall := []string{"hall 2 text 2 a:7", "hall 1 text 1 g:k3y", "hall 1 text 1 a:7"}
	same(t, "of a room", w.listed("hall", false, 0, 10), hall)
	same(t, "of all rooms", w.listed("", false, 0, 2), []string{"den 1 text 1 a:7", hall[0]})
	all, err := w.Reports(ctx, "hall", false, 0, 1)
	w.must(err)
	same(t, "a later page", w.listed("hall", false, all[0].ID, 10), hall[1:])
	if r := all[0]; r.ReporterName != "bob\uFFFD" || r.Reason != "spam" || !r.Closed.IsZero() ||
		r.Message.Author != "@zoe" || r.Message.ID != m[1].ID {
		t.Errorf("report %+v", r)
	}
	none := func(store.Report) store.Also { return nil }
	closed, err := w.CloseReport(ctx, "hall", all[0].ID, w.now(), "ann", "muted", none)
	w.must(err)
	if closed.ClosedBy != "ann" || closed.Outcome != "muted" || closed.Closed.IsZero() {
		t.Errorf("closed %+v", closed)
	}
	for _, room := range []string{"hall", "den"} { // closed already; of another room
		if _, err := w.CloseReport(ctx, room, all[0].ID, w.now(), "ann", "muted", none); !errors.Is(err,
			store.ErrNotFound) {
			t.Errorf("close again in %s: %v", room, err)
		}
	}
	same(t, "open", w.listed("hall", false, 0, 10), hall[1:])
	same(t, "closed", w.listed("hall", true, 0, 10), hall[:1])
	same(t, "new after it was closed", w.reports(m[1], "a:7"), true)
	full := errors.New("disk full")
	all, err = w.Reports(ctx, "hall", false, 0, 1)
	w.must(err)
	_, err = w.CloseReport(ctx, "hall", all[0].ID, w.now(), "ann", "x", func(store.Report) store.Also {
		return func(context.Context, *store.Tx) error { return full }
	})
	if !errors.Is(err, full) || len(w.listed("hall", true, 0, 10)) != 1 {
		t.Errorf("without its record: %v", err)
	}
}

// The copy of a text is gone when its message is deleted, whichever comes first.
func testReportsOfDeleted(t *testing.T, w *world) {
	m := w.roomMessages("hall", epochA, 1, 3)
	m[0].Text, m[1].Text, m[2].Text = "the walrus", "another walrus", "an ant"
	m[2].ID = m[0].ID // of another author
	m[2].Author = "other"
	w.archive(m)
	w.reports(m[0], "a:7")
	w.reports(m[2], "a:7")
	w.archive([]store.RoomMessage{w.remove(m[0], 4), w.remove(m[1], 5)})
	w.reports(m[1], "a:7")
	same(t, "texts", w.listed("hall", false, 0, 10), []string{"hall 2  a:7", "hall 3 an ant a:7", "hall 1  a:7"})
}

func testReportsBounded(t *testing.T, w *world) {
	m := w.roomMessages("hall", epochA, 1, 1)[0]
	for i := range store.MaxReports {
		w.reports(m, chat.AccountSubject(int64(i+1)))
	}
	_, err := w.AddReport(t.Context(), store.Report{Room: "hall", Message: chat.Message{Seq: 1, ID: m.ID},
		Reporter: "g:x", At: w.now()})
	if !errors.Is(err, store.ErrTooManyReports) {
		t.Errorf("one too many: %v", err)
	}
	w.reports(w.roomMessages("den", epochA, 1, 1)[0], "g:x")
	deleted, err := w.ExpireReports(t.Context(), w.at.Add(24*time.Hour))
	w.must(err)
	same(t, "expired", deleted, 0)
	deleted, err = w.ExpireReports(t.Context(), w.at.Add(181*24*time.Hour))
	w.must(err)
	same(t, "expired", deleted, store.MaxReports+1)
}

func testFindRoomMessage(t *testing.T, w *world) {
	m := w.roomMessages("hall", epochA, 1, 4)
	m[3].Author, m[3].Session, m[3].At = "", "s9", m[3].At.Add(time.Hour)
	w.archive(append(m, w.edit(m[0], 5, "edited")))
	for what, test := range map[string]struct {
		id   string
		seq  int64
		want int64 // 0: none
	}{
		"its place": {m[1].ID, 2, 2}, "moved": {m[1].ID, 4000, 2}, "too far": {m[1].ID, 6000, 0},
		"unknown": {id(), 2, 0},
	} {
		found, err := w.FindRoomMessage(t.Context(), "hall", test.id, test.seq)
		if found.Seq != test.want || test.want == 0 && !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%s: %+v, %v", what, found, err)
		}
	}
	by := func(author, session string, since time.Time, limit int) (seqs []int64) {
		all, err := w.RoomMessagesBy(t.Context(), "hall", author, session, since, limit)
		w.must(err)
		for _, m := range all {
			seqs = append(seqs, m.Seq)
		}
		return seqs
	}
	w.archive([]store.RoomMessage{w.remove(m[1], 6)})
	same(t, "of an author", by("@zoe", "", m[0].At, 10), []int64{3, 1})
	same(t, "the newest", by("@zoe", "", m[0].At, 1), []int64{3})
	same(t, "since", by("@zoe", "", m[2].At, 10), []int64{3})
	same(t, "of a session", by("", "s9", m[0].At, 10), []int64{4})
	same(t, "of another session", by("", "s1", m[0].At, 10), nil)
	w.must(w.Record(t.Context(), store.AuditEntry{Action: store.ActionKick, Room: "hall"}))
	log, err := w.Audit(t.Context(), store.AuditEntry{}, 1)
	w.must(err)
	if len(log) != 1 || log[0].Action != store.ActionKick {
		t.Errorf("audit log %+v", log)
	}
}

func testRoomDeletes(t *testing.T, w *world) {
	ctx := t.Context()
	d := store.RoomDelete{
		ID: id(), Room: "hall", Target: chat.Target{Seq: 7, ID: id()}, Author: "k3y", Name: "ann",
	}
	other := store.RoomDelete{ID: id(), Room: "den", Target: d.Target, Session: "s1", Name: "ann"}
	full := errors.New("disk full")
	if err := w.AddRoomDeletes(ctx, []store.RoomDelete{d}, w.now(), func(context.Context, *store.Tx) error {
		return full
	}); !errors.Is(err, full) {
		t.Errorf("without its record: %v", err)
	}
	noted := func(before time.Time) []store.RoomDelete {
		all, err := w.RoomDeletes(ctx, before, 10)
		w.must(err)
		return all
	}
	same(t, "none", len(noted(w.now())), 0)
	w.must(w.AddRoomDeletes(ctx, []store.RoomDelete{d}, w.now(), nil))
	same(t, "at that moment", len(noted(w.at)), 0)
	w.must(w.AddRoomDeletes(ctx, []store.RoomDelete{other}, w.now(), nil))
	same(t, "both", noted(w.now()), []store.RoomDelete{d, other})
	w.must(w.RoomDeleted(ctx, d.ID))
	w.must(w.RoomDeleted(ctx, d.ID))
	same(t, "one", noted(w.now()), []store.RoomDelete{other})
}

// The pin of a message ends with its delete, and a deleted one is not pinned.
func testPins(t *testing.T, w *world) {
	ctx := t.Context()
	m := w.roomMessages("hall", epochA, 1, 3)
	w.archive(m)
	pinOf := func(m store.RoomMessage) *chat.Pin {
		return &chat.Pin{Target: chat.Target{Seq: uint64(m.Seq), ID: m.ID}, Session: m.Session, Author: m.Author,
			Name: m.Name, By: "ann", At: 7}
	}
	pins := func(p *chat.Pin) int64 {
		version, err := w.SetPin(ctx, "hall", p, w.now(), nil)
		w.must(err)
		return version
	}
	first := pins(pinOf(m[0]))
	same(t, "pinned", w.rules("hall").Pinned, pinOf(m[0]))
	var before *chat.Pin
	_, err := w.SetPin(ctx, "hall", pinOf(m[1]), w.now(), func(b *chat.Pin) store.Also {
		before = b
		return nil
	})
	w.must(err)
	same(t, "before", before, pinOf(m[0]))
	if r := w.rules("hall"); r.Version <= first || !r.Any() {
		t.Errorf("rules %+v", r)
	}
	w.archive([]store.RoomMessage{w.remove(m[0], 4)})
	same(t, "another was deleted", w.rules("hall").Pinned, pinOf(m[1]))
	was := w.rules("hall").Version
	w.archive([]store.RoomMessage{w.remove(m[1], 5)})
	if r := w.rules("hall"); r.Pinned != nil || r.Version <= was {
		t.Errorf("after its delete: %+v", r)
	}
	for what, p := range map[string]*chat.Pin{"deleted": pinOf(m[0]), "none": nil} {
		if _, err := w.SetPin(ctx, "hall", p, w.now(), nil); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%s: %v", what, err)
		}
	}
	pins(pinOf(m[2]))
	pins(nil)
	same(t, "unpinned", w.rules("hall").Pinned, nil)
}
