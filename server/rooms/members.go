package rooms

import (
	"context"
	"errors"

	"livechat/server/account"
	"livechat/server/chat"
	"livechat/server/store"
)

// SetRole gives an account a role in a room. The owner and admins give roles to
// members; everybody may become a member of a room that is not closed, or a
// member again. An owner who hands the room over becomes a moderator. Codes:
// not_found, forbidden, bad_request, last_owner, limit_reached, banned.
func (s *Service) SetRole(ctx context.Context, by Actor, room, name string, role chat.RoomRole) error {
	switch role {
	case chat.RoleMember, chat.RoleModerator, chat.RoleOwner:
	default:
		return chat.Errorf(chat.CodeBadRequest, "role is member, moderator or owner.")
	}
	return s.change(ctx, by, room, func(ctx context.Context, t *store.RoomTx, mine chat.RoomRole) error {
		of, err := s.find(ctx, t, name)
		switch {
		case err != nil:
			return err
		case room == chat.DefaultRoom && role == chat.RoleOwner:
			return errDefault
		case of.User == by.User && of.Role == role:
			return nil
		case of.User == by.User && of.Role == "" && role == chat.RoleMember && !by.Admin:
			return s.enter(ctx, t, by)
		case of.Role == chat.RoleOwner && role != chat.RoleOwner:
			return errLastOwner
		case of.User == by.User && role == chat.RoleMember: // a moderator steps down
		case !rules(by, room, mine):
			if room == chat.DefaultRoom {
				return errAdmins
			}
			return errForbidden
		case of.Role == "" && !by.Admin:
			return chat.Errorf(chat.CodeNotFound, "Only members get a role. Invite this account first.")
		case of.Role == role:
			return nil
		}
		return s.appoint(ctx, t, by, of, role)
	})
}

// find returns an account as a member, without a role if it is none.
func (s *Service) find(ctx context.Context, t *store.RoomTx, name string) (store.RoomMember, error) {
	name = account.Canonical(name)
	m, err := t.Member(ctx, name)
	if !errors.Is(err, store.ErrNotFound) {
		return m, err
	}
	u, err := t.UserByName(ctx, name)
	if errors.Is(err, store.ErrNotFound) {
		return m, errNoMember
	}
	return store.RoomMember{User: u.ID, Name: u.Name}, err
}

// enter makes the actor a member of a room that is not closed.
func (s *Service) enter(ctx context.Context, t *store.RoomTx, by Actor) error {
	if t.Name == chat.DefaultRoom {
		return chat.Errorf(chat.CodeForbidden, "Everybody is in the default room.")
	}
	if err := admitted(ctx, t, by.User); err != nil {
		return err
	}
	if err := t.LockUser(ctx, by.User); err != nil {
		return err
	}
	if err := t.SetRole(ctx, by.User, chat.RoleMember); err != nil {
		return err
	}
	return record(ctx, t, by, store.ActionRoomJoin, store.TargetOf(by.User, by.Name), details{})
}

// admitted refuses those who are banned.
func admitted(ctx context.Context, t *store.RoomTx, user int64) error {
	banned, err := t.IsBanned(ctx, user)
	if err == nil && banned {
		return chat.RuleRefusal(chat.CodeBanned, 0)
	}
	return err
}

// appoint gives a role that may be given.
func (s *Service) appoint(ctx context.Context, t *store.RoomTx, by Actor, of store.RoomMember,
	role chat.RoomRole) error {
	target := store.TargetOf(of.User, of.Name)
	if role != chat.RoleOwner {
		if err := t.LockUser(ctx, of.User); err != nil {
			return err
		}
		if err := t.SetRole(ctx, of.User, role); err != nil {
			return err
		}
		return record(ctx, t, by, store.ActionRoomRole, target, details{Role: role})
	}
	owner, err := t.Owner(ctx)
	if err == nil {
		err = t.SetRole(ctx, owner.User, chat.RoleModerator)
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if err := s.own(ctx, t, by, of.User); err != nil {
		return err
	}
	return record(ctx, t, by, store.ActionRoomOwner, target, details{})
}

// Remove takes an account out of a room. Everybody may go but the owner; the
// owner and admins may remove everybody, moderators members. From a room that
// is not closed it only takes the role. Codes: not_found, forbidden, last_owner.
func (s *Service) Remove(ctx context.Context, by Actor, room, name string) error {
	return s.change(ctx, by, room, func(ctx context.Context, t *store.RoomTx, mine chat.RoomRole) error {
		of, err := t.Member(ctx, account.Canonical(name))
		if errors.Is(err, store.ErrNotFound) {
			return errNoMember
		}
		action := store.ActionRoomRemove
		switch {
		case err != nil:
			return err
		case of.User == by.User:
			action = store.ActionRoomLeave
			if of.Role == chat.RoleOwner {
				return errLastOwner
			}
		case rules(by, room, mine):
		case mine.Moderates() && of.Role == chat.RoleMember:
		case mine.Moderates():
			return errForbidden
		default:
			return errModerate
		}
		if err := t.Remove(ctx, of.User); err != nil {
			return err
		}
		return record(ctx, t, by, action, store.TargetOf(of.User, of.Name), details{})
	})
}
