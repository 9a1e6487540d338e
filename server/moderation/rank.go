package moderation

import (
	"context"
	"errors"
	"fmt"

	"livechat/server/chat"
	"livechat/server/store"
)

// Rank is how much somebody may moderate in a room.
type Rank int

// The ranks, from the lowest.
const (
	Nobody Rank = iota // guests as well
	Moderator
	Owner
	Admin // of the whole, in every room
)

// Moderates reports whether somebody of this rank may moderate at all.
func (r Rank) Moderates() bool { return r >= Moderator }

// Over reports whether somebody of this rank may act on somebody of another:
// those who moderate on all who are below them. So nobody acts on an admin.
func (r Rank) Over(other Rank) bool { return r.Moderates() && r > other }

// Actor is who moderates: an account.
type Actor struct {
	User int64
	Name string
	Role string // as in store.User
}

// ActorOf returns the actor that is a user.
func ActorOf(u store.User) Actor { return Actor{User: u.ID, Name: u.Name, Role: u.Role} }

func (a Actor) by(reason string) store.By {
	return store.By{User: a.User, Name: a.Name, Reason: reason}
}

var (
	errNotModerator = chat.Errorf(chat.CodeForbidden, "only those who moderate this room may do that")
	errRank         = chat.Errorf(chat.CodeForbidden, "this is somebody whom you cannot moderate in this room")
	errSelf         = chat.Errorf(chat.CodeForbidden, "nobody moderates themselves")
)

// storeRoles are the roles that a database has.
type storeRoles struct{ store *store.Store }

// RolesOf returns what accounts are in rooms that somebody made. An older
// database has no such rooms.
func RolesOf(s *store.Store) Roles { return storeRoles{s} }

// RoleIn implements Roles.
func (r storeRoles) RoleIn(ctx context.Context, room string, user int64) (Rank, error) {
	role, err := r.store.RoleIn(ctx, room, user)
	if store.Missing(err) {
		return Nobody, nil
	}
	return map[chat.RoomRole]Rank{chat.RoleModerator: Moderator, chat.RoleOwner: Owner}[role], err
}

// rank returns the rank of an account in a room.
func (d *Desk) rank(ctx context.Context, room string, user int64, role string) (Rank, error) {
	if role == store.RoleAdmin {
		return Admin, nil
	}
	if d.o.Roles == nil {
		return Nobody, nil
	}
	r, err := d.o.Roles.RoleIn(ctx, room, user)
	if err != nil {
		return Nobody, fmt.Errorf("read a role in room %s: %w", room, err)
	}
	return r, nil
}

// May returns the rank of an actor in a room. Codes: bad_room; forbidden: it may
// not moderate there.
func (d *Desk) May(ctx context.Context, a Actor, room string) (Rank, error) {
	if err := CheckRoom(room); err != nil {
		return Nobody, err
	}
	r, err := d.rank(ctx, room, a.User, a.Role)
	if err == nil && !r.Moderates() {
		err = errNotModerator
	}
	return r, err
}

// over returns an error unless an actor may act on a person.
func (d *Desk) over(ctx context.Context, a Actor, room string, p person) error {
	mine, err := d.May(ctx, a, room)
	if err != nil || p.user.ID == 0 {
		return err
	}
	if p.user.ID == a.User {
		return errSelf
	}
	theirs, err := d.rank(ctx, room, p.user.ID, p.user.Role)
	if err == nil && !mine.Over(theirs) {
		err = errRank
	}
	return err
}

// userByID returns an account; the zero User if there is none any more.
func (d *Desk) userByID(ctx context.Context, id int64) (store.User, error) {
	u, err := d.o.Store.UserByID(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return store.User{}, nil
	}
	return u, err
}
