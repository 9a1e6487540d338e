package api

import (
	"context"
	"time"

	"livechat/server/chat"
	"livechat/server/rooms"
	"livechat/server/store"
)

// fakeRooms has one room, and lets everybody do everything: package rooms
// decides that.
type fakeRooms struct{ *fakes }

var (
	_ Rooms = fakeRooms{}
	_ Rooms = (*rooms.Service)(nil)
)

var hall = rooms.View{
	RoomView: store.RoomView{
		Room: store.Room{Name: "hall", Title: "Hall", Topic: "Talk", Access: chat.AccessOpen, Listed: true,
			Created: startTime},
		Owner: "ann", Role: chat.RoleOwner,
	},
	Online: 3,
}

// ask records a call.
func (f fakeRooms) ask(ctx context.Context, what string, by rooms.Actor, args ...any) error {
	leave, err := f.enter(ctx, what, append([]any{by.Name}, args...)...)
	defer leave()
	return err
}

func (f fakeRooms) List(ctx context.Context, by rooms.Actor, q store.RoomsQuery) ([]rooms.View, bool, error) {
	return []rooms.View{hall}, q.Limit == 1, f.ask(ctx, "rooms", by, q.Mine, q.All, q.After, q.Limit)
}

func (f fakeRooms) Make(ctx context.Context, by rooms.Actor, d rooms.Draft) (rooms.View, error) {
	return hall, f.ask(ctx, "make", by, d.Name, d.Title, d.Topic, d.Access, d.Listed, d.Retention)
}

func (f fakeRooms) Get(ctx context.Context, by rooms.Actor, room string) (rooms.View, error) {
	return hall, f.ask(ctx, "room", by, room)
}

func (f fakeRooms) Set(ctx context.Context, by rooms.Actor, room string, c rooms.Changes) (
	rooms.View, error) {
	given := []any{room}
	if c.Title != nil {
		given = append(given, "title", *c.Title)
	}
	if c.Access != nil {
		given = append(given, "access", *c.Access)
	}
	if c.Retention != nil {
		given = append(given, "retention", *c.Retention)
	}
	return hall, f.ask(ctx, "set", by, given...)
}

func (f fakeRooms) Delete(ctx context.Context, by rooms.Actor, room string) error {
	return f.ask(ctx, "delete", by, room)
}

func (f fakeRooms) Members(ctx context.Context, by rooms.Actor, room, after string, limit int) (
	[]store.RoomMember, bool, error) {
	return []store.RoomMember{{User: 1, Name: "ann", Role: chat.RoleOwner, Since: startTime}}, limit == 1,
		f.ask(ctx, "members", by, room, after, limit)
}

func (f fakeRooms) SetRole(ctx context.Context, by rooms.Actor, room, name string, role chat.RoomRole) error {
	return f.ask(ctx, "role", by, room, name, role)
}

func (f fakeRooms) Remove(ctx context.Context, by rooms.Actor, room, name string) error {
	return f.ask(ctx, "remove", by, room, name)
}

var invite = store.Invite{ID: anID, Room: "hall", By: "ann", Uses: 1, Created: startTime,
	Expires: startTime.Add(time.Hour)}

func (f fakeRooms) Invite(ctx context.Context, by rooms.Actor, room string, uses int64, lasts time.Duration) (
	string, store.Invite, error) {
	return "T0KEN", invite, f.ask(ctx, "invite", by, room, uses, lasts)
}

func (f fakeRooms) Invites(ctx context.Context, by rooms.Actor, room string) ([]store.Invite, error) {
	return []store.Invite{invite}, f.ask(ctx, "invites", by, room)
}

func (f fakeRooms) Uninvite(ctx context.Context, by rooms.Actor, room, id string) error {
	return f.ask(ctx, "uninvite", by, room, id)
}

func (f fakeRooms) Invited(ctx context.Context, token string) (rooms.View, error) {
	return hall, f.ask(ctx, "invited", rooms.Actor{}, token)
}

func (f fakeRooms) Join(ctx context.Context, by rooms.Actor, token string) (rooms.View, error) {
	return hall, f.ask(ctx, "join", by, token)
}
