package store_test

import (
	"testing"
	"time"

	"livechat/server/store"
)

// testRevocations: everything that ends sessions leaves one revocation per
// user. Forgetting an older one does not remove a newer one.
func testRevocations(t *testing.T, w *world) {
	ctx := t.Context()
	none := func(what string) {
		t.Helper()
		all, err := w.Revocations(ctx, 10)
		w.must(err)
		same(t, what, len(all), 0)
		_, err = w.Revocation(ctx, w.ann.ID)
		wantErr(t, what, err, store.ErrNotFound)
	}
	w.must(w.DeleteSession(ctx, []byte("no such session")))
	wantErr(t, "no such user", w.SetPassword(ctx, 1<<40, "x"), store.ErrNotFound)
	none("at first")

	for what, end := range map[string]func() error{
		"a session": func() error {
			w.session("one", w.ann, w.at.Add(time.Hour))
			return w.DeleteSession(ctx, token("one"))
		},
		"all sessions": func() error { return w.DeleteSessions(ctx, w.ann.ID) },
		"a password":   func() error { return w.SetPassword(ctx, w.ann.ID, "hash of ann") },
	} {
		w.must(end())
		r, err := w.Revocation(ctx, w.ann.ID)
		w.must(err)
		same(t, what, r.User, w.ann.ID)
		w.must(end())
		w.must(w.ForgetRevocation(ctx, r))
		all, err := w.Revocations(ctx, 10)
		w.must(err)
		if len(all) != 1 || all[0].User != w.ann.ID || all[0] == r {
			t.Fatalf("%s: left after an older one was forgotten: %v", what, all)
		}
		w.must(w.ForgetRevocation(ctx, all[0]))
		none(what)
	}

	w.must(w.DeleteUser(ctx, w.bob.ID))
	w.must(w.DeleteSessions(ctx, w.ann.ID))
	all, err := w.Revocations(ctx, 1)
	w.must(err)
	same(t, "a page", len(all), 1)
	all, err = w.Revocations(ctx, 10)
	w.must(err)
	same(t, "of two users", len(all), 2)
}
