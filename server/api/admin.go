package api

import (
	"context"
	"net/http"
	"strings"
	"unicode/utf8"

	"livechat/server/chat"
	"livechat/server/connections"
	"livechat/server/store"
)

// Admin is what accounts with the role store.RoleAdmin may do and see.
type Admin struct {
	AdminService
	// Settings returns the settings of this process.
	Settings func() []Setting
	// Storage returns what files use, and whether their store answers.
	Storage func(ctx context.Context) (Storage, error)
}

// AdminService changes what admins may change, and writes the audit log when it
// does. Errors for users are *chat.Error. *admin.Service implements it; see
// there.
type AdminService interface {
	Find(ctx context.Context, q store.UserQuery, limit int) ([]store.UserFigures, error)
	Show(ctx context.Context, name string, limit int) (store.UserFigures, []store.UserSession, error)
	Password(ctx context.Context, by store.By, name string) (password string, ended int64, err error)
	LogOut(ctx context.Context, by store.By, name string) (ended int64, err error)
	Appoint(ctx context.Context, by store.By, name, role string) error
	Remove(ctx context.Context, by store.By, name string) error

	BansBefore(ctx context.Context, before store.Ban, limit int) ([]store.Ban, error)
	BansOf(ctx context.Context, room string) ([]store.Ban, error)

	// Rooms returns those from a place in the list on.
	Rooms(ctx context.Context, text string, from, limit int) (
		rooms []connections.RoomOnline, total int, err error)

	People(ctx context.Context, q connections.Query) (connections.Page, error)
	Close(ctx context.Context, by store.By, q connections.Query) (closed int, err error)
	Servers(ctx context.Context) ([]connections.Server, error)

	Follow(ctx context.Context, by store.By, session string) (id string, c connections.Connection, err error)
	Frames(ctx context.Context, id string, after int) ([]connections.Followed, error)
	Unfollow(ctx context.Context, id string) error

	FindAudit(ctx context.Context, f store.AuditFilter, before store.AuditEntry, limit int) (
		[]store.AuditEntry, error)
}

var errNoAdmin = chat.Errorf(chat.CodeForbidden, "Only admins may do this.")

// admin returns a handler that requires a session of an admin. The role is
// looked up with the session, for each request.
func (a *api) admin(next func(w http.ResponseWriter, r *http.Request, me store.User) error) handler {
	return a.user(func(w http.ResponseWriter, r *http.Request, me store.User) error {
		if me.Role != store.RoleAdmin {
			return errNoAdmin
		}
		return next(w, r, me)
	})
}

// change returns a handler of an admin's request that changes something and
// says why, if it has a body.
func (a *api) change(next func(w http.ResponseWriter, r *http.Request, by store.By) error) handler {
	return a.admin(func(w http.ResponseWriter, r *http.Request, me store.User) error {
		var in struct {
			Reason string `json:"reason"`
		}
		body, err := readAll(w, r)
		if err == nil && len(body) > 0 {
			err = decode(body, &in)
		}
		if err != nil {
			return err
		}
		by, err := byAdmin(me, in.Reason)
		if err != nil {
			return err
		}
		return next(w, r, by)
	})
}

// byAdmin returns on whose behalf something is done, for the audit log.
func byAdmin(me store.User, reason string) (store.By, error) {
	reason = strings.TrimSpace(reason)
	if utf8.RuneCountInString(reason) > chat.MaxReason {
		return store.By{}, chat.Errorf(chat.CodeTooLong, "A reason has at most %d characters.", chat.MaxReason)
	}
	return store.By{User: me.ID, Name: me.Name, Reason: reason}, nil
}

// text returns a parameter that has at most most characters; "" if it is not
// given.
func (q query) text(name string, most int) (string, error) {
	text := strings.TrimSpace(q.get(name))
	if !utf8.ValidString(text) || utf8.RuneCountInString(text) > most || strings.ContainsRune(text, 0) {
		return "", chat.Errorf(chat.CodeBadRequest, "%s must have at most %d characters.", name, most)
	}
	return text, nil
}

// errBefore refuses a cursor that no answer has had.
var errBefore = chat.Errorf(chat.CodeBadRequest, "before must be the value of next in an earlier page.")
