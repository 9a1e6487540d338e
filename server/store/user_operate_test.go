package store_test

import (
	"strconv"
	"testing"
	"time"

	"livechat/server/store"
)

var operator = store.By{Name: store.Operator}

func testUsers(t *testing.T, w *world) {
	ctx := t.Context()
	later := w.at.Add(time.Hour)
	w.session("a1", w.ann, later)
	w.session("a2", w.ann, later.Add(time.Hour))
	w.session("a3", w.ann, later)
	w.session("a0", w.ann, w.at) // expires now, so it has expired
	gone := w.user("dan")
	w.must(w.DeleteUser(ctx, gone.ID))
	_, err := w.SetRole(ctx, operator, w.bob.ID, store.RoleAdmin)
	w.must(err)

	var all []store.UserFigures
	for after := ""; ; after = all[len(all)-1].Name {
		page, err := w.Users(ctx, after, w.at, 2)
		w.must(err)
		all = append(all, page...)
		if len(page) < 2 {
			break
		}
	}
	bob := w.bob
	bob.Role = store.RoleAdmin
	same(t, "accounts", all, []store.UserFigures{{User: w.ann, Sessions: 3}, {User: bob}, {User: w.eve}})

	got, err := w.UserFigures(ctx, "ann", w.at)
	w.must(err)
	same(t, "ann", got, store.UserFigures{User: w.ann, Sessions: 3, Chats: 1})
	w.must(w.Exec(ctx, "INSERT INTO file_totals (name, bytes, files) VALUES ('user:"+
		strconv.FormatInt(w.bob.ID, 10)+"', 70, 2)"))
	got, err = w.UserFigures(ctx, "bob", w.at)
	w.must(err)
	same(t, "bob", got, store.UserFigures{User: bob, Chats: 1, Files: 2, FileBytes: 70})
	_, err = w.UserFigures(ctx, "dan", w.at)
	wantErr(t, "a deleted account", err, store.ErrNotFound)

	var ends []time.Time
	for after := (store.UserSession{}); ; {
		page, err := w.UserSessions(ctx, w.ann.ID, w.at, after, 1)
		w.must(err)
		if len(page) == 0 {
			break
		}
		after = page[0]
		ends = append(ends, after.Ends)
	}
	same(t, "sessions", ends, []time.Time{later, later, later.Add(time.Hour)})
}

// last returns the newest entry of the audit log, without number and time.
func (w *world) last() store.AuditEntry {
	w.t.Helper()
	page, err := w.Audit(w.t.Context(), store.AuditEntry{}, 1)
	w.must(err)
	if len(page) == 0 {
		return store.AuditEntry{}
	}
	e := page[0]
	if e.ID == 0 || time.Since(e.At) > time.Hour {
		w.t.Errorf("entry %d is of %v", e.ID, e.At)
	}
	e.ID, e.At = 0, time.Time{}
	return e
}

// testOperators: what operators do has the effects of what users do themselves,
// and is in the audit log. What fails is not.
func testOperators(t *testing.T, w *world) {
	ctx := t.Context()
	ann := store.AuditTarget{Kind: store.TargetUser, ID: strconv.FormatInt(w.ann.ID, 10), Name: "ann"}
	revoked := func(what string, user store.User) {
		t.Helper()
		r, err := w.Revocation(ctx, user.ID)
		w.must(err)
		w.must(w.ForgetRevocation(ctx, r))
	}
	w.session("a1", w.ann, w.at.Add(time.Hour))
	w.session("a2", w.ann, w.at.Add(time.Hour))
	w.session("b1", w.bob, w.at.Add(time.Hour))

	by := store.By{User: w.eve.ID, Name: "eve", Reason: "lost phone"}
	ended, err := w.EndSessions(ctx, by, w.ann.ID)
	w.must(err)
	same(t, "ended", ended, 2)
	same(t, "sessions", w.sessionOf("a1")+w.sessionOf("a2")+w.sessionOf("b1"), "bob")
	revoked("sessions", w.ann)
	same(t, "audit log", w.last(), store.AuditEntry{By: by, Action: store.ActionSessions, Target: ann,
		Details: `{"sessions":2}`})

	w.session("a3", w.ann, w.at.Add(time.Hour))
	ended, err = w.ResetPassword(ctx, operator, w.ann.ID, "new")
	w.must(err)
	same(t, "ended with the password", ended, 1)
	same(t, "session", w.sessionOf("a3"), "")
	hash, err := w.PasswordHash(ctx, w.ann.ID)
	w.must(err)
	same(t, "hash", hash, "new")
	revoked("password", w.ann)
	same(t, "audit log", w.last(), store.AuditEntry{By: operator, Action: store.ActionPassword, Target: ann,
		Details: `{"sessions":1}`})

	w.must(w.RemoveUser(ctx, store.By{}, w.ann.ID, false))
	_, err = w.UserByID(ctx, w.ann.ID)
	wantErr(t, "the account", err, store.ErrNotFound)
	revoked("account", w.ann)
	deleted := store.AuditEntry{By: operator, Action: store.ActionDelete, Target: ann}
	same(t, "audit log", w.last(), deleted)

	for what, do := range map[string]func(user int64) error{
		"sessions": func(user int64) error { _, err := w.EndSessions(ctx, operator, user); return err },
		"password": func(user int64) error { _, err := w.ResetPassword(ctx, operator, user, "x"); return err },
		"role": func(user int64) error {
			_, err := w.SetRole(ctx, operator, user, store.RoleAdmin)
			return err
		},
		"account": func(user int64) error { return w.RemoveUser(ctx, operator, user, false) },
	} {
		wantErr(t, what+" of a deleted account", do(w.ann.ID), store.ErrNotFound)
		wantErr(t, what+" of nobody", do(999), store.ErrNotFound)
	}
	same(t, "audit log", w.last(), deleted)

	// Neither is there without the other.
	w.must(w.Exec(ctx, "DROP TABLE audit"))
	if _, err := w.EndSessions(ctx, operator, w.bob.ID); err == nil {
		t.Error("sessions were ended without an entry in the audit log")
	}
	same(t, "bob's session", w.sessionOf("b1"), "bob")
}

func testUserRoles(t *testing.T, w *world) {
	ctx := t.Context()
	set := func(role string, want bool) {
		t.Helper()
		changed, err := w.SetRole(ctx, operator, w.ann.ID, role)
		w.must(err)
		same(t, "changed to "+role, changed, want)
		byID, err := w.UserByID(ctx, w.ann.ID)
		w.must(err)
		byName, _, err := w.UserByName(ctx, "ann")
		w.must(err)
		bySession, err := w.Session(ctx, token("a"), w.at)
		w.must(err)
		same(t, "roles", []string{byID.Role, byName.Role, bySession.User.Role}, []string{role, role, role})
	}
	w.session("a", w.ann, w.at.Add(time.Hour))
	set("", false)
	same(t, "audit log", w.last(), store.AuditEntry{})
	set(store.RoleAdmin, true)
	same(t, "details", w.last().Details, `{"from":"","to":"admin"}`)
	set(store.RoleAdmin, false)
	set("", true)
	same(t, "details", w.last().Details, `{"from":"admin","to":""}`)
	if _, err := w.SetRole(ctx, operator, w.ann.ID, "king"); err == nil {
		t.Error("a role that does not exist was set")
	}
	all, err := w.Audit(ctx, store.AuditEntry{}, 10)
	w.must(err)
	same(t, "entries", len(all), 2)
	same(t, "action", all[0].Action, store.ActionRole)
}
