package store_test

import (
	"fmt"
	"testing"
	"time"

	"livechat/server/store"
)

// auditAt returns an entry of that many seconds after the beginning.
func (w *world) auditAt(second int) store.AuditEntry {
	return store.AuditEntry{At: w.at.Add(time.Duration(second) * time.Second),
		By: store.By{User: w.eve.ID, Name: "eve", Reason: "spam"}, Action: fmt.Sprint("test.", second), Room: "den",
		Target: store.AuditTarget{Kind: "message", ID: "m1", Name: "bob"}, Details: `{"seq":7}`}
}

// logged returns the seconds of all entries, the newest first, read in pages.
func (w *world) logged(limit int) (seconds []string) {
	w.t.Helper()
	for before := (store.AuditEntry{}); ; {
		page, err := w.Audit(w.t.Context(), before, limit)
		w.must(err)
		for _, e := range page {
			seconds = append(seconds, e.Action[len("test."):])
		}
		if len(page) < limit {
			return seconds
		}
		before = page[len(page)-1]
	}
}

func testAudit(t *testing.T, w *world) {
	ctx := t.Context()
	same(t, "at first", w.logged(10), nil)
	// Clocks of servers differ; two entries may be of one millisecond.
	w.must(w.AddAudit(ctx, w.auditAt(1), w.auditAt(3), w.auditAt(2), w.auditAt(3)))
	for _, limit := range []int{1, 2, 4, 10} {
		same(t, fmt.Sprint("in pages of ", limit), w.logged(limit), []string{"3", "3", "2", "1"})
	}
	all, err := w.Audit(ctx, store.AuditEntry{}, 10)
	w.must(err)
	first := all[3]
	if first.ID == 0 {
		t.Error("an entry has no number")
	}
	first.ID = 0
	same(t, "entry", first, w.auditAt(1))
}

func testExpireAudit(t *testing.T, w *world) {
	ctx := t.Context()
	var many []store.AuditEntry
	for i := range 1100 { // more than two batches
		many = append(many, w.auditAt(i))
	}
	w.must(w.AddAudit(ctx, many...))
	for _, c := range []struct {
		before  int
		deleted int64
	}{{0, 0}, {1098, 1098}, {1098, 0}, {1099, 1}} {
		n, err := w.ExpireAudit(ctx, w.at.Add(time.Duration(c.before)*time.Second))
		w.must(err)
		same(t, fmt.Sprint("deleted before ", c.before), n, c.deleted)
	}
	same(t, "left", w.logged(10), []string{"1099"})
}
