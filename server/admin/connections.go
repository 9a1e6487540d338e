package admin

import (
	"context"
	"fmt"
	"strings"

	"livechat/server/chat"
	"livechat/server/connections"
	"livechat/server/store"
)

// Connections are the WebSockets of all servers. *connections.Hub implements it;
// see there.
type Connections interface {
	List(ctx context.Context, q connections.Query) (connections.Page, error)
	Close(ctx context.Context, q connections.Query) (closed int, err error)
	Servers(ctx context.Context) ([]connections.Server, error)
	Follow(ctx context.Context, session string) (id string, err error)
	Frames(ctx context.Context, id string, after int) ([]connections.Followed, error)
	Unfollow(ctx context.Context, id string) error
}

// People returns a page of connections.
func (s *Service) People(ctx context.Context, q connections.Query) (connections.Page, error) {
	return s.o.Connections.List(ctx, q)
}

// Servers returns all processes.
func (s *Service) Servers(ctx context.Context) ([]connections.Server, error) {
	return s.o.Connections.Servers(ctx)
}

// errNotConnected says that there is nothing to close, or not any more.
var errNotConnected = chat.Errorf(chat.CodeNotFound, "There is no such connection any more.")

// Close closes a connection, or all of a person, and returns how many. The entry in the audit log
// comes first: what it is about cannot be undone.
func (s *Service) Close(ctx context.Context, by store.By, q connections.Query) (closed int, err error) {
	found, err := s.find(ctx, connections.Query{Session: q.Session, Person: q.Person})
	if err != nil {
		return 0, err
	}
	c := found.Connections[0]
	e := store.AuditEntry{By: by, Action: store.ActionClose, Target: targetOf(c),
		Details: fmt.Sprintf(`{"connections":%d}`, found.Total)}
	if q.Session != "" {
		e.Room, e.Details = c.Room, ""
	}
	if err := s.Record(ctx, e); err != nil {
		return 0, err
	}
	return s.o.Connections.Close(ctx, q)
}

// find returns at least one connection.
func (s *Service) find(ctx context.Context, q connections.Query) (connections.Page, error) {
	q.Limit = 1
	found, err := s.o.Connections.List(ctx, q)
	if err == nil && len(found.Connections) == 0 {
		err = errNotConnected
	}
	return found, err
}

// Follow begins to follow a connection, and returns the id for Frames. That
// somebody is followed is in the audit log before it begins.
func (s *Service) Follow(ctx context.Context, by store.By, session string) (
	id string, c connections.Connection, err error) {
	found, err := s.find(ctx, connections.Query{Session: session})
	if err != nil {
		return "", c, err
	}
	c = found.Connections[0]
	err = s.Record(ctx, store.AuditEntry{By: by, Action: store.ActionFollow, Room: c.Room, Target: targetOf(c)})
	if err != nil {
		return "", c, err
	}
	id, err = s.o.Connections.Follow(ctx, session)
	return id, c, err
}

// Frames returns what was sent and got after the first so many.
func (s *Service) Frames(ctx context.Context, id string, after int) ([]connections.Followed, error) {
	return s.o.Connections.Frames(ctx, id, after)
}

// Unfollow ends following.
func (s *Service) Unfollow(ctx context.Context, id string) error {
	return s.o.Connections.Unfollow(ctx, id)
}

// targetOf returns whom an entry of the audit log about a connection is about.
func targetOf(c connections.Connection) store.AuditTarget {
	kind, id, _ := strings.Cut(c.Person, ":")
	target := store.AuditTarget{Kind: store.TargetGuest, ID: id, Name: c.Name}
	if kind == chat.SubjectAccount {
		target.Kind = store.TargetUser
	}
	return target
}
