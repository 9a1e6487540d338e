package admin

import (
	"context"
	"errors"
	"strings"
	"time"

	"livechat/server/account"
	"livechat/server/chat"
	"livechat/server/store"
)

// ServiceOptions are what a Service needs. All are required.
type ServiceOptions struct {
	Store    *store.Store
	Accounts *account.Service
	// Ended closes the sockets of an account whose sessions have just ended.
	Ended func(ctx context.Context, user int64)
	// Connections are those of all servers, and Online how many there are in each
	// room on each server, by the name of the server.
	Connections Connections
	Online      func() map[string]map[string]int
}

// Service is what admins do over HTTP: what the commands do, inside a server.
// Errors for users are *chat.Error. Whoever calls it has made sure that by is an
// admin. All methods may be called from any goroutine.
type Service struct {
	o ServiceOptions
	*store.Store
}

// NewService returns a Service.
func NewService(o ServiceOptions) *Service { return &Service{o: o, Store: o.Store} }

// errOwn keeps an admin from locking everybody out, the last admin too.
var errOwn = chat.Errorf(chat.CodeForbidden,
	"This is your own account. Ask another admin, or use the command line.")

// Find returns a page of accounts. The text may be a part of a name, in any
// case.
func (s *Service) Find(ctx context.Context, q store.UserQuery, limit int) ([]store.UserFigures, error) {
	q.Text, q.After = strings.ToLower(q.Text), account.Canonical(q.After)
	return s.FindUsers(ctx, q, time.Now(), limit)
}

// Show returns an account, and up to limit of its sessions, those that end first
// at the front.
func (s *Service) Show(ctx context.Context, name string, limit int) (u store.UserFigures,
	sessions []store.UserSession, err error) {
	now := time.Now()
	if u, err = s.UserFigures(ctx, account.Canonical(name), now); err != nil {
		return u, nil, known(err)
	}
	sessions, err = s.UserSessions(ctx, u.ID, now, store.UserSession{}, limit)
	return u, sessions, err
}

// Password gives an account a temporary password, and ends all of its sessions.
func (s *Service) Password(ctx context.Context, by store.By, name string) (password string, ended int64,
	err error) {
	err = s.on(ctx, by, name, func(u store.User) error {
		var hash string
		if password, hash, err = s.o.Accounts.NewPassword(ctx, u.ID); err != nil {
			return err
		}
		ended, err = s.ResetPassword(ctx, by, u.ID, hash)
		return err
	})
	if err != nil {
		return "", 0, err
	}
	return password, ended, nil
}

// LogOut ends all sessions of an account. An admin may end the own ones, too.
func (s *Service) LogOut(ctx context.Context, by store.By, name string) (ended int64, err error) {
	u, _, err := s.UserByName(ctx, account.Canonical(name))
	if err != nil {
		return 0, known(err)
	}
	if ended, err = s.EndSessions(ctx, by, u.ID); err != nil {
		return 0, known(err)
	}
	s.o.Ended(ctx, u.ID)
	return ended, nil
}

// Appoint gives an account a role: store.RoleAdmin or "". Its sessions stay.
func (s *Service) Appoint(ctx context.Context, by store.By, name, role string) error {
	return s.of(ctx, by, name, func(u store.User) error {
		_, err := s.SetRole(ctx, by, u.ID, role)
		return err
	})
}

// Remove deletes an account.
func (s *Service) Remove(ctx context.Context, by store.By, name string) error {
	return s.on(ctx, by, name, func(u store.User) error { return s.RemoveUser(ctx, by, u.ID, false) })
}

// on does something to an account that ends its sessions.
func (s *Service) on(ctx context.Context, by store.By, name string, do func(store.User) error) error {
	return s.of(ctx, by, name, func(u store.User) error {
		err := do(u)
		if err == nil {
			s.o.Ended(ctx, u.ID)
		}
		return err
	})
}

// of does something to an account that is not the admin's own.
func (s *Service) of(ctx context.Context, by store.By, name string, do func(store.User) error) error {
	u, _, err := s.UserByName(ctx, account.Canonical(name))
	if err != nil {
		return known(err)
	}
	if u.ID == by.User {
		return errOwn
	}
	return known(do(u))
}

// known explains that there is no such account.
func known(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return chat.Errorf(chat.CodeUnknownUser, "No account has this name.")
	}
	return err
}

// BansBefore returns up to limit mutes and bans of all rooms, newest first.
func (s *Service) BansBefore(ctx context.Context, before store.Ban, limit int) ([]store.Ban, error) {
	return s.AllBans(ctx, before, time.Now(), limit)
}

// BansOf returns the mutes and bans of a room, newest first.
func (s *Service) BansOf(ctx context.Context, room string) ([]store.Ban, error) {
	return s.Bans(ctx, room, time.Now())
}
