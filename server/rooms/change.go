package rooms

import (
	"context"
	"time"

	"livechat/server/chat"
	"livechat/server/store"
)

// Changes are the settings of a room that a request changes. A nil field stays
// as it is.
type Changes struct {
	Title, Topic       *string
	Access             *chat.Access
	Listed             *bool
	Retention          *time.Duration
	Slow               *time.Duration
	Registered, Paused *bool
}

// moderators reports whether a change has only what moderators may change.
func (c Changes) moderators() bool {
	return c.Title == nil && c.Topic == nil && c.Access == nil && c.Listed == nil && c.Retention == nil
}

// set sets what is given.
func set[T any](into *T, given *T) {
	if given != nil {
		*into = *given
	}
}

// Set changes a room and returns it. Moderators may change slow mode and who
// may write, the owner all. Codes: not_found, forbidden, bad_request.
func (s *Service) Set(ctx context.Context, by Actor, room string, c Changes) (View, error) {
	err := s.change(ctx, by, room, func(ctx context.Context, t *store.RoomTx, role chat.RoomRole) error {
		if !rules(by, room, role) && (!role.Moderates() || !c.moderators()) {
			if room == chat.DefaultRoom {
				return errAdmins
			}
			return errForbidden
		}
		return save(ctx, t, by, c)
	})
	if err != nil {
		return View{}, err
	}
	return s.Get(ctx, by, room)
}

// save makes changes that are allowed.
func save(ctx context.Context, t *store.RoomTx, by Actor, c Changes) error {
	r, settings := t.Room, t.Settings
	set(&r.Title, c.Title)
	set(&r.Topic, c.Topic)
	set(&r.Access, c.Access)
	set(&r.Listed, c.Listed)
	set(&r.Retention, c.Retention)
	set(&settings.Slow, c.Slow)
	set(&settings.Registered, c.Registered)
	set(&settings.Paused, c.Paused)
	if err := clean(&r); err != nil {
		return err
	}
	if err := chat.CheckSlow(settings.Slow); err != nil {
		return err
	}
	if t.Name == chat.DefaultRoom && r.Access == chat.AccessInvite {
		return errDefault
	}
	if err := t.Save(ctx, r); err != nil {
		return err
	}
	if err := t.SaveSettings(ctx, settings); err != nil {
		return err
	}
	d := detailsOf(r)
	d.SlowMS, d.Registered, d.Paused = settings.Slow.Milliseconds(), settings.Registered, settings.Paused
	return record(ctx, t, by, store.ActionRoomSet, store.AuditTarget{}, d)
}

// Delete deletes a room: nobody gets in or reads it from then on, its messages
// are deleted within minutes, and its name stays taken. An admin can delete a
// room that nobody made as well. Codes: not_found, forbidden, bad_request.
func (s *Service) Delete(ctx context.Context, by Actor, room string) error {
	if room == chat.DefaultRoom {
		return errDefault
	}
	remove := func(ctx context.Context, t *store.RoomTx) error {
		if err := t.Delete(ctx); err != nil {
			return err
		}
		return record(ctx, t, by, store.ActionRoomDelete, store.AuditTarget{}, details{})
	}
	if by.Admin {
		if err := chat.CheckRoom(room); err != nil {
			return err
		}
		err := s.o.Store.ChangeRoom(ctx, room, time.Now(), func(ctx context.Context, t *store.RoomTx) error {
			if !t.Room.Deleted.IsZero() {
				return errNoRoom
			}
			return remove(ctx, t)
		})
		if err == nil {
			s.apply(ctx, room)
		}
		return translate(err)
	}
	return s.change(ctx, by, room, func(ctx context.Context, t *store.RoomTx, role chat.RoomRole) error {
		if role != chat.RoleOwner {
			return errForbidden
		}
		return remove(ctx, t)
	})
}
