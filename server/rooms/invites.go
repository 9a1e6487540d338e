package rooms

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"time"

	"github.com/google/uuid"

	"livechat/server/chat"
	"livechat/server/store"
)

// Limits of an invite.
const (
	MaxUses     = 1000
	MinLifetime = time.Minute
	MaxLifetime = 90 * 24 * time.Hour

	DefaultUses     = 1
	DefaultLifetime = 7 * 24 * time.Hour
)

// keyOf returns the key under which the store has a token.
func keyOf(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

// Invite makes an invite to a room, and returns its token, which nobody can
// find out later. Codes: not_found, forbidden, bad_request, limit_reached.
func (s *Service) Invite(ctx context.Context, by Actor, room string, uses int64, lasts time.Duration) (
	token string, i store.Invite, err error) {
	if uses < 1 || uses > MaxUses {
		return "", i, chat.Errorf(chat.CodeBadRequest, "An invite is for 1 to %d uses.", MaxUses)
	}
	if lasts < MinLifetime || lasts > MaxLifetime {
		return "", i, chat.Errorf(chat.CodeBadRequest, "An invite lasts from a minute to %d days.",
			int(MaxLifetime.Hours()/24))
	}
	token = rand.Text() // 130 bits
	now := time.Now().UTC().Truncate(time.Millisecond)
	i = store.Invite{
		ID: uuid.NewString(), Room: room, By: by.Name, Created: now, Uses: uses, Expires: now.Add(lasts),
	}
	err = s.moderate(ctx, by, room, func(ctx context.Context, t *store.RoomTx) error {
		if err := t.AddInvite(ctx, keyOf(token), i); err != nil {
			return err
		}
		return record(ctx, t, by, store.ActionRoomInvite, store.AuditTarget{Kind: store.TargetInvite, ID: i.ID},
			details{Uses: uses})
	})
	return token, i, err
}

// moderate changes a room for one who moderates it.
func (s *Service) moderate(ctx context.Context, by Actor, room string,
	do func(ctx context.Context, t *store.RoomTx) error) error {
	return s.change(ctx, by, room, func(ctx context.Context, t *store.RoomTx, role chat.RoomRole) error {
		switch {
		case room == chat.DefaultRoom:
			return errDefault
		case !by.Admin && !role.Moderates():
			return errModerate
		}
		return do(ctx, t)
	})
}

// Invites returns the invites to a room that can be used, the newest first, to
// those who moderate it. Codes: not_found, forbidden.
func (s *Service) Invites(ctx context.Context, by Actor, room string) ([]store.Invite, error) {
	v, err := s.Get(ctx, by, room)
	switch {
	case err != nil:
		return nil, err
	case !by.Admin && !v.Role.Moderates():
		return nil, errModerate
	}
	return s.o.Store.Invites(ctx, room, time.Now())
}

// Uninvite takes back an invite. Codes: not_found, forbidden.
func (s *Service) Uninvite(ctx context.Context, by Actor, room, id string) error {
	return s.moderate(ctx, by, room, func(ctx context.Context, t *store.RoomTx) error {
		if err := t.RemoveInvite(ctx, id); err != nil {
			return err
		}
		return record(ctx, t, by, store.ActionRoomUninvite, store.AuditTarget{Kind: store.TargetInvite, ID: id},
			details{})
	})
}

// Invited returns the room of an invite. Code: unknown_invite, whatever the
// reason.
func (s *Service) Invited(ctx context.Context, token string) (View, error) {
	i, err := s.o.Store.Invite(ctx, keyOf(token), time.Now())
	if errors.Is(err, store.ErrNotFound) {
		return View{}, errInvite
	}
	if err != nil {
		return View{}, err
	}
	r, err := s.o.Store.MadeRoom(ctx, i.Room, 0)
	if errors.Is(err, store.ErrNotFound) { // deleted since
		return View{}, errInvite
	}
	return s.view(r), err
}

// Join makes the actor a member of the room of an invite, and returns the room.
// Members need no use of it. Codes: unknown_invite, banned, limit_reached.
func (s *Service) Join(ctx context.Context, by Actor, token string) (View, error) {
	invited, err := s.Invited(ctx, token)
	if err != nil {
		return View{}, err
	}
	err = s.o.Store.ChangeRoom(ctx, invited.Name, time.Now(), func(ctx context.Context, t *store.RoomTx) error {
		has, err := t.HasInvite(ctx, keyOf(token))
		switch {
		case err != nil:
			return err
		case !has:
			return errInvite
		}
		role, err := t.Role(ctx, by.User)
		if err != nil || role != "" {
			return err
		}
		if err := admitted(ctx, t, by.User); err != nil {
			return err
		}
		if err := t.LockUser(ctx, by.User); err != nil {
			return err
		}
		if err := t.UseInvite(ctx, keyOf(token)); err != nil {
			return err
		}
		if err := t.SetRole(ctx, by.User, chat.RoleMember); err != nil {
			return err
		}
		return record(ctx, t, by, store.ActionRoomJoin, store.TargetOf(by.User, by.Name), details{})
	})
	if err != nil {
		return View{}, translate(err)
	}
	s.apply(ctx, invited.Name)
	return s.Get(ctx, by, invited.Name)
}
