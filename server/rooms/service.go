package rooms

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"livechat/server/chat"
	"livechat/server/store"
)

// Options configure a Service.
type Options struct {
	Store *store.Store
	// Apply tells Redis of new rules of a room, or leaves that to others. Nil:
	// others do.
	Apply func(ctx context.Context, room string)
	// Online returns how many people are in a room. Nil: nobody knows.
	Online func(room string) int
	// PerAccount is how many rooms an account may own; 0: only admins make any.
	PerAccount int
	Logger     *slog.Logger // may be nil without Run
}

// Service has the rooms that people make. Errors are of package chat if the
// request is at fault, else the database could not do it. A room that somebody
// may not know of is not_found, like one that does not exist. All methods may be
// called from any goroutine.
type Service struct{ o Options }

// New returns a Service.
func New(o Options) *Service { return &Service{o: o} }

// Actor is on whose behalf something is done. The zero value is a guest.
type Actor struct {
	store.By
	Admin bool
}

// ActorOf returns an account as an Actor.
func ActorOf(u store.User) Actor {
	return Actor{By: store.By{User: u.ID, Name: u.Name}, Admin: u.Role == store.RoleAdmin}
}

// Operator returns whoever has the database, who may do all, and makes a room by
// changing it.
func Operator(reason string) Actor {
	return Actor{By: store.By{Name: store.Operator, Reason: reason}, Admin: true}
}

func (a Actor) isOperator() bool { return a.Admin && a.User == 0 }

// View is a room as somebody sees it.
type View struct {
	store.RoomView
	Online int // people in it now
}

// Limits of a room.
const (
	MaxTitle     = 60  // characters
	MaxTopic     = 300 // likewise
	MaxRetention = 10 * 365 * 24 * time.Hour
	MinRetention = time.Hour
)

var (
	errNoRoom    = chat.Errorf(chat.CodeNotFound, "not found")
	errNoMember  = chat.Errorf(chat.CodeNotFound, "No member of this room has this name.")
	errForbidden = chat.Errorf(chat.CodeForbidden, "This is for the owner of the room.")
	errModerate  = chat.Errorf(chat.CodeForbidden, "This is for moderators of the room.")
	errAdmins    = chat.Errorf(chat.CodeForbidden,
		"The default room belongs to the operator: only admins change it.")
	errOnlyAdmin = chat.Errorf(chat.CodeForbidden, "Only admins make rooms here.")
	errTaken     = chat.Errorf(chat.CodeRoomTaken, "This name is taken. Choose another one.")
	errDefault   = chat.Errorf(chat.CodeBadRequest,
		"The default room stays: it can be open or for accounts, and has neither owner nor invites.")
	errLastOwner = chat.Errorf(chat.CodeLastOwner, "The owner cannot go. Make somebody else the owner first.")
	errMembers   = chat.Errorf(chat.CodeLimitReached, "A room has at most %d members.", store.MaxRoomMembers)
	errInvites   = chat.Errorf(chat.CodeLimitReached, "A room has at most %d invites.", store.MaxRoomInvites)
	errInvite    = chat.Errorf(chat.CodeUnknownInvite,
		"This invite is not valid, or not any more. Ask for another one.")
)

// translate maps an error of the store to one for users, if there is one.
func translate(err error) error {
	switch {
	case errors.Is(err, store.ErrNotFound):
		return errNoRoom
	case errors.Is(err, store.ErrTooManyMembers):
		return errMembers
	case errors.Is(err, store.ErrTooManyInvites):
		return errInvites
	}
	return err
}

// List returns a page of rooms in the order of their names, and whether there
// are more. q.User is that of the actor. Only admins see all.
func (s *Service) List(ctx context.Context, by Actor, q store.RoomsQuery) (
	page []View, more bool, err error) {
	if q.All && !by.Admin {
		return nil, false, chat.Errorf(chat.CodeForbidden, "Only admins see all rooms.")
	}
	limit := q.Limit
	q.User, q.Limit = by.User, limit+1
	rooms, err := s.o.Store.MadeRooms(ctx, q)
	if err != nil {
		return nil, false, err
	}
	if !q.Mine {
		rooms = withDefault(rooms, q)
	}
	if more = len(rooms) > limit; more {
		rooms = rooms[:limit]
	}
	for _, r := range rooms {
		page = append(page, s.view(r))
	}
	return page, more, nil
}

// withDefault adds the default room, if nobody has changed it yet, where it
// belongs.
func withDefault(rooms []store.RoomView, q store.RoomsQuery) []store.RoomView {
	if q.After >= chat.DefaultRoom {
		return rooms
	}
	at := 0
	for at < len(rooms) && rooms[at].Name < chat.DefaultRoom {
		at++
	}
	switch {
	case at < len(rooms) && rooms[at].Name == chat.DefaultRoom:
		return rooms
	case at == len(rooms) && len(rooms) == q.Limit:
		return rooms // it is on a later page
	}
	all := append(rooms[:at:at], store.RoomView{Room: defaultRoom()})
	return append(all, rooms[at:]...)
}

// defaultRoom is the default room as long as nobody has changed it.
func defaultRoom() store.Room {
	return store.Room{Name: chat.DefaultRoom, Title: chat.DefaultRoom, Access: chat.AccessOpen, Listed: true}
}

func (s *Service) view(r store.RoomView) View {
	v := View{RoomView: r}
	if s.o.Online != nil {
		v.Online = s.o.Online(r.Name)
	}
	return v
}

// Get returns a room. Code: not_found.
func (s *Service) Get(ctx context.Context, by Actor, room string) (View, error) {
	r, err := s.o.Store.MadeRoom(ctx, room, by.User)
	switch {
	case errors.Is(err, store.ErrNotFound) && room == chat.DefaultRoom:
		r, err := s.defaultView(ctx)
		return s.view(r), err
	case err != nil:
		return View{}, translate(err)
	case r.Access == chat.AccessInvite && r.Role == "" && !by.Admin:
		return View{}, errNoRoom
	}
	return s.view(r), nil
}

// defaultView returns the default room while it has no row.
func (s *Service) defaultView(ctx context.Context) (store.RoomView, error) {
	rules, err := s.o.Store.RoomRules(ctx, chat.DefaultRoom, time.Now())
	return store.RoomView{Room: defaultRoom(), RoomSettings: store.RoomSettings{
		Slow: rules.Slow, Registered: rules.Registered, Paused: rules.Paused,
	}}, err
}

// Members returns a page of members in the order of their names, after a name,
// to an account that may be in the room. Code: not_found.
func (s *Service) Members(ctx context.Context, by Actor, room, after string, limit int) (
	page []store.RoomMember, more bool, err error) {
	if _, err := s.Get(ctx, by, room); err != nil {
		return nil, false, err
	}
	page, err = s.o.Store.RoomMembers(ctx, room, after, limit+1)
	if more = len(page) > limit; more {
		page = page[:limit]
	}
	return page, more, err
}

// change changes a room that exists. do gets the role of the actor in it.
// Somebody who may not know of the room gets not_found.
func (s *Service) change(ctx context.Context, by Actor, room string,
	do func(ctx context.Context, t *store.RoomTx, role chat.RoomRole) error) error {
	if err := checkRoom(room); err != nil {
		return errNoRoom
	}
	err := s.o.Store.ChangeRoom(ctx, room, time.Now(), func(ctx context.Context, t *store.RoomTx) error {
		if t.Room.Name == "" && (room == chat.DefaultRoom || by.isOperator()) {
			r := defaultRoom()
			r.Title, r.Listed, r.Created = room, room == chat.DefaultRoom, time.Now()
			if err := t.Save(ctx, r); err != nil {
				return err
			}
		}
		if t.Room.Name == "" || !t.Room.Deleted.IsZero() {
			return errNoRoom
		}
		role, err := t.Role(ctx, by.User)
		if err != nil {
			return err
		}
		if t.Room.Access == chat.AccessInvite && role == "" && !by.Admin {
			return errNoRoom
		}
		return do(ctx, t, role)
	})
	if err != nil {
		return translate(err)
	}
	s.apply(ctx, room)
	return nil
}

func (s *Service) apply(ctx context.Context, room string) {
	if s.o.Apply != nil {
		s.o.Apply(ctx, room)
	}
}

// rules reports whether an actor decides about the room.
func rules(by Actor, room string, role chat.RoomRole) bool {
	return by.Admin || role == chat.RoleOwner && room != chat.DefaultRoom
}

func checkRoom(room string) error {
	if room == chat.DefaultRoom {
		return nil
	}
	return chat.CheckRoom(room)
}
