package api

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"time"

	"livechat/server/chat"
	"livechat/server/connections"
	"livechat/server/store"
)

// Examples of the routes for admins.
func init() {
	maps.Copy(examples, map[string]example{
		"GET /admin/accounts/":                  {status: 200},
		"GET /admin/accounts/{name}/":           {path: "/admin/accounts/bob/", status: 200},
		"DELETE /admin/accounts/{name}/":        {path: "/admin/accounts/bob/", status: 204},
		"PUT /admin/accounts/{name}/role/":      {path: "/admin/accounts/bob/role/", body: `{"role":"admin"}`, status: 204},
		"POST /admin/accounts/{name}/password/": {path: "/admin/accounts/bob/password/", status: 200},
		"POST /admin/accounts/{name}/logout/":   {path: "/admin/accounts/bob/logout/", status: 200},
		"GET /admin/bans/":                      {status: 200},
		"GET /admin/rooms/":                     {status: 200},
		"GET /admin/connections/":               {status: 200},
		"POST /admin/connections/close/":        {body: `{"session":"s1"}`, status: 200},
		"GET /admin/servers/":                   {status: 200},
		"POST /admin/follows/":                  {body: `{"session":"s1"}`, status: 201},
		"GET /admin/follows/{id}/":              {path: "/admin/follows/" + followedID + "/", status: 200},
		"DELETE /admin/follows/{id}/":           {path: "/admin/follows/" + followedID + "/", status: 204},
		"GET /admin/storage/":                   {status: 200},
		"GET /admin/audit/":                     {status: 200},
		"GET /admin/settings/":                  {status: 200},
	})
}

// fakeAdmin is what admins do, on fakes.
type fakeAdmin struct{ *fakes }

var _ AdminService = fakeAdmin{}

// appoint makes a user an admin.
func (f *fakes) appoint(name string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range f.users {
		if f.users[i].Name == name {
			f.users[i].Role = store.RoleAdmin
		}
	}
}

func (f fakeAdmin) Find(ctx context.Context, q store.UserQuery, limit int) (
	all []store.UserFigures, err error) {
	leave, err := f.enter(ctx, "find", q, limit)
	defer leave()
	for _, u := range f.users {
		if len(all) < limit && strings.Contains(u.Name, q.Text) && u.Name > q.After &&
			(q.Role == "" || u.Role == q.Role) {
			all = append(all, store.UserFigures{User: u, Sessions: 1})
		}
	}
	return all, err
}

func (f fakeAdmin) Show(ctx context.Context, name string, _ int) (
	store.UserFigures, []store.UserSession, error) {
	leave, err := f.enter(ctx, "show", name)
	defer leave()
	u, ok := f.byNameLocked(name)
	if err == nil && !ok {
		err = chat.Errorf(chat.CodeUnknownUser, "no account")
	}
	return store.UserFigures{User: u, Sessions: 1, Chats: 2, Files: 3, FileBytes: 4},
		[]store.UserSession{{Ends: startTime}}, err
}

// done records a change, with who does it and why.
func (f fakeAdmin) done(ctx context.Context, what string, by store.By, args ...any) error {
	leave, err := f.enter(ctx, what, append([]any{fmt.Sprintf("%s:%q", by.Name, by.Reason)}, args...)...)
	defer leave()
	return err
}

func (f fakeAdmin) Password(ctx context.Context, by store.By, name string) (string, int64, error) {
	return "abcd-efgh", 2, f.done(ctx, "reset", by, name)
}

func (f fakeAdmin) LogOut(ctx context.Context, by store.By, name string) (int64, error) {
	return 2, f.done(ctx, "end", by, name)
}

func (f fakeAdmin) Appoint(ctx context.Context, by store.By, name, role string) error {
	return f.done(ctx, "appoint", by, name, role)
}

func (f fakeAdmin) Remove(ctx context.Context, by store.By, name string) error {
	return f.done(ctx, "remove", by, name)
}

// anyBans are one that ends and one that does not.
var anyBans = []store.Ban{
	{Room: "den", Kind: store.KindMute, Subject: "a:7", Name: "eve", By: "ann", At: startTime.Add(time.Hour),
		Ends: startTime.Add(2 * time.Hour)},
	{Room: "livechat", Kind: store.KindBan, Subject: "g:k1", Name: "gus", By: store.Operator, Reason: "spam",
		At: startTime},
}

func (f fakeAdmin) BansBefore(ctx context.Context, before store.Ban, limit int) (
	some []store.Ban, err error) {
	leave, err := f.enter(ctx, "bans", before.Room, before.Kind, before.Subject)
	defer leave()
	for _, b := range anyBans {
		if (before.At.IsZero() || b.At.Before(before.At)) && len(some) < limit {
			some = append(some, b)
		}
	}
	return some, err
}

func (f fakeAdmin) BansOf(ctx context.Context, room string) ([]store.Ban, error) {
	leave, err := f.enter(ctx, "bans of", room)
	defer leave()
	return anyBans[1:], err
}

func (f fakeAdmin) FindAudit(ctx context.Context, of store.AuditFilter, before store.AuditEntry, limit int) (
	all []store.AuditEntry, err error) {
	leave, err := f.enter(ctx, "audit", of, before.At.UnixMilli(), before.ID)
	defer leave()
	for i := range min(limit, 2) {
		all = append(all, store.AuditEntry{ID: int64(8 - i), At: startTime,
			By: store.By{User: 1, Name: "ann", Reason: "spam"}, Action: store.ActionRole,
			Target: store.AuditTarget{Kind: store.TargetUser, ID: "2", Name: "bob"}, Details: `{"from":"","to":"admin"}`})
	}
	return all, err
}

func (f fakeAdmin) Rooms(ctx context.Context, text string, from, limit int) (
	[]connections.RoomOnline, int, error) {
	leave, err := f.enter(ctx, "rooms", text, from, limit)
	defer leave()
	den := connections.RoomOnline{Room: "den", Online: 3, Servers: map[string]int{"1000": 3}}
	return []connections.RoomOnline{den, {Room: "hall"}}, 2, err
}

func (f fakeAdmin) People(ctx context.Context, q connections.Query) (connections.Page, error) {
	leave, err := f.enter(ctx, "people", q)
	defer leave()
	c := connections.Connection{Session: "s1", Node: "n1", App: "1000", Room: "den", Name: "gus",
		Person: "guest:k1", Since: startTime.UnixMilli()}
	return connections.Page{
		Connections: []connections.Connection{c}, Total: 2, Next: c.Place(), Missing: []string{"2000"},
	}, err
}

func (f fakeAdmin) Close(ctx context.Context, by store.By, q connections.Query) (int, error) {
	return 2, f.done(ctx, "close", by, q.Session, q.Person)
}

func (f fakeAdmin) Servers(ctx context.Context) ([]connections.Server, error) {
	leave, err := f.enter(ctx, "servers")
	defer leave()
	one := connections.Server{Node: "n1", App: "1000", Role: "ws", Version: "v1", Uptime: 7, Connections: 2}
	return []connections.Server{one}, err
}

func (f fakeAdmin) Follow(ctx context.Context, by store.By, session string) (
	string, connections.Connection, error) {
	c := connections.Connection{Session: session, Node: "n1", App: "1000", Room: "den", Name: "gus",
		Person: "guest:k1", Since: 1}
	return followedID, c, f.done(ctx, "follow", by, session)
}

// followedID is the id of what is followed.
const followedID = "0123456789abcdef0123456789abcdef"

func (f fakeAdmin) Frames(ctx context.Context, id string, after int) ([]connections.Followed, error) {
	leave, err := f.enter(ctx, "frames", id, after)
	defer leave()
	return []connections.Followed{{At: 1, Dir: "out", Type: "message", Seq: 7, Size: 90}}, err
}

func (f fakeAdmin) Unfollow(ctx context.Context, id string) error {
	leave, err := f.enter(ctx, "unfollow", id)
	defer leave()
	return err
}

func (f fakeAdmin) storage(ctx context.Context) (Storage, error) {
	leave, err := f.enter(ctx, "storage")
	defer leave()
	return Storage{Away: true, Files: 2, Bytes: 30, Kinds: []FileKind{{"image", 2, 30}}}, err
}
