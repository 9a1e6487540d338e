package rooms

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"livechat/server/chat"
	"livechat/server/store"
)

func TestInvites(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		ctx := t.Context()
		s.club()
		s.refuses("a member invites", second(s.Invites(ctx, s.bob, "club")), chat.CodeForbidden)
		for _, c := range []struct {
			uses  int64
			lasts time.Duration
		}{{0, time.Hour}, {MaxUses + 1, time.Hour}, {1, time.Second}, {1, MaxLifetime + 1}} {
			_, _, err := s.Invite(ctx, s.ann, "club", c.uses, c.lasts)
			s.refuses("limits", err, chat.CodeBadRequest)
		}
		token, invite, err := s.Invite(ctx, s.ann, "club", 2, time.Hour)
		s.must(err)
		door, err := s.Invited(ctx, token)
		s.must(err)
		if door.Title != "The Club" || door.Role != "" || door.Members != 2 {
			t.Errorf("the door: %+v", door)
		}
		for range 3 { // again needs no use
			v, err := s.Join(ctx, s.eve, token)
			s.must(err)
			if v.Role != chat.RoleMember {
				t.Errorf("joined as %q", v.Role)
			}
		}
		all, err := s.Invites(ctx, s.ann, "club")
		s.must(err)
		if len(all) != 1 || all[0].Uses != 1 || all[0].ID != invite.ID {
			t.Errorf("invites %+v", all)
		}
		s.must(s.Uninvite(ctx, s.ann, "club", invite.ID))
		s.refuses("again", s.Uninvite(ctx, s.ann, "club", invite.ID), chat.CodeNotFound)
		used := s.invite("club", 1)
		_, err = s.Join(ctx, s.root, used)
		s.must(err)
		// All that cannot be used look alike.
		var texts []string
		for _, token := range []string{token, used, "", "x", strings.Repeat("A", 26), "a\x00\xff"} {
			for _, err := range []error{second(s.Invited(ctx, token)), second(s.Join(ctx, s.eve, token))} {
				s.refuses(token, err, chat.CodeUnknownInvite)
				texts = append(texts, err.Error())
			}
		}
		if slices.Sort(texts); len(slices.Compact(texts)) != 1 {
			t.Errorf("answers %q", texts)
		}
		s.must(s.Remove(ctx, s.ann, "club", "eve"))
		_, err = s.store.AddBan(ctx, store.Ban{
			Room: "club", Kind: store.KindBan, Subject: chat.AccountSubject(s.eve.User), At: time.Now(),
		}, nil)
		s.must(err)
		_, err = s.Join(ctx, s.eve, s.invite("club", 1))
		s.refuses("who is banned", err, chat.CodeBanned)
	})
}

// A hundred join by an invite for one at the same time.
func TestJoinAtOnce(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		s.club()
		s.o.Apply = nil
		token := s.invite("club", 1)
		var all errgroup.Group
		var in atomic.Int64
		for i := range 100 {
			by := s.account("many-" + string(rune('a'+i/10)) + string(rune('a'+i%10)))
			all.Go(func() error {
				_, err := s.Join(context.WithoutCancel(t.Context()), by, token)
				if e, ok := errors.AsType[*chat.Error](err); ok && e.Code == chat.CodeUnknownInvite {
					return nil
				}
				in.Add(1)
				return err
			})
		}
		s.must(all.Wait())
		if v, err := s.Get(t.Context(), s.root, "club"); err != nil || in.Load() != 1 || v.Members != 3 {
			t.Errorf("%d got in, the room has %d members, %v", in.Load(), v.Members, err)
		}
	})
}

// Accounts join while they are deleted: no room keeps one of them.
func TestJoinWhileDeleted(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		const many = 20
		s.club()
		s.o.Apply = nil
		token := s.invite("club", many)
		var all errgroup.Group
		for i := range many {
			by := s.account("many-" + string(rune('a'+i)))
			all.Go(func() error {
				_, err := s.Join(context.WithoutCancel(t.Context()), by, token)
				if e, ok := errors.AsType[*chat.Error](err); ok && e.Code == chat.CodeNotFound {
					return nil // it was deleted first
				}
				return err
			})
			all.Go(func() error { return s.store.DeleteUser(context.WithoutCancel(t.Context()), by.User) })
		}
		s.must(all.Wait())
		s.has("club", "ann:owner bob:member")
		r, err := s.store.RoomRules(t.Context(), "club", time.Now())
		s.must(err)
		if len(r.Roles) != 2 {
			t.Errorf("roles %v", r.Roles)
		}
	})
}
