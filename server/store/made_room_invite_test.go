package store_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"livechat/server/chat"
	"livechat/server/store"
)

func hashed(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

// invites adds an invite to the den.
func (w *world) invites(token string, uses int64, lasts time.Duration) (i store.Invite) {
	w.t.Helper()
	w.change("den", func(ctx context.Context, t *store.RoomTx) error {
		i = store.Invite{
			ID: "i" + token, Room: "den", By: "ann", Created: w.at, Uses: uses, Expires: w.at.Add(lasts),
		}
		return t.AddInvite(ctx, hashed(token), i)
	})
	return i
}

// joins makes an account a member by an invite.
func (w *world) joins(token string, user int64) error {
	now := w.at
	return w.ChangeRoom(w.t.Context(), "den", now, func(ctx context.Context, t *store.RoomTx) error {
		if err := t.UseInvite(ctx, hashed(token)); err != nil {
			return err
		}
		return t.SetRole(ctx, user, chat.RoleMember)
	})
}

func testInvites(t *testing.T, w *world) {
	ctx := t.Context()
	w.den()
	first := w.invites("first", 1, time.Hour)
	second := w.invites("second", 2, time.Minute)
	all, err := w.Invites(ctx, "den", w.at)
	w.must(err)
	same(t, "invites", all, []store.Invite{second, first})
	got, err := w.Invite(ctx, hashed("first"), w.at)
	w.must(err)
	same(t, "the first", got, first)
	w.must(w.joins("first", w.eve.ID))
	w.must(w.joins("second", w.eve.ID))
	left, err := w.Invite(ctx, hashed("second"), w.at)
	w.must(err)
	same(t, "uses left", left.Uses, 1)

	later := w.at.Add(time.Minute)
	for what, token := range map[string]string{"used": "first", "expired": "second", "unknown": "third"} {
		_, err := w.Invite(ctx, hashed(token), later)
		wantErr(t, what, err, store.ErrNotFound)
		w.at = later
		wantErr(t, what, w.joins(token, w.bob.ID), store.ErrNotFound)
	}
	w.invites("fourth", 1, time.Hour)
	w.change("den", func(ctx context.Context, tx *store.RoomTx) error {
		has, err := tx.HasInvite(ctx, hashed("fourth"))
		w.must(err)
		same(t, "it can be used", has, true)
		w.must(tx.RemoveInvite(ctx, "ifourth"))
		has, err = tx.HasInvite(ctx, hashed("fourth"))
		w.must(err)
		same(t, "it can be used", has, false)
		wantErr(t, "RemoveInvite again", tx.RemoveInvite(ctx, "ifourth"), store.ErrNotFound)
		return nil
	})
	w.invites("fifth", 1, time.Minute)
	deleted, err := w.ExpireInvites(ctx, w.at.Add(time.Hour))
	w.must(err)
	same(t, "expired", deleted, 1)
}

func testTooManyInvites(t *testing.T, w *world) {
	w.den()
	for i := range store.MaxRoomInvites {
		w.invites(fmt.Sprint(i), 1, time.Hour)
	}
	add := func() error {
		return w.ChangeRoom(t.Context(), "den", w.at, func(ctx context.Context, t *store.RoomTx) error {
			return t.AddInvite(ctx, hashed("x"), store.Invite{ID: "x", Created: w.at, Uses: 1,
				Expires: w.at.Add(time.Hour)})
		})
	}
	wantErr(t, "AddInvite", add(), store.ErrTooManyInvites)
	w.at = w.at.Add(time.Hour) // they have expired
	w.must(add())
}

// A hundred use an invite for one at the same time.
func testInviteAtOnce(t *testing.T, w *world) {
	const many = 100
	w.den()
	w.must(w.Exec(t.Context(), fmt.Sprintf(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n
		WHERE i < %d) INSERT INTO users (id, name, skeleton, hash, created)
		SELECT i, 'u' || i, 'u' || i, 'h', 1 FROM n`, many)))
	w.invites("one", 1, time.Hour)
	var joined atomic.Int64
	var all errgroup.Group
	for i := range many {
		all.Go(func() error {
			err := w.joins("one", int64(i+1))
			if err == nil {
				joined.Add(1)
			} else if errors.Is(err, store.ErrNotFound) {
				err = nil
			}
			return err
		})
	}
	w.must(all.Wait())
	same(t, "joined", joined.Load(), 1)
	view, err := w.MadeRoom(t.Context(), "den", 0)
	w.must(err)
	same(t, "members", view.Members, 3)
}
