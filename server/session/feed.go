package session

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/gorilla/websocket"

	"livechat/server/chat"
	"livechat/server/room"
	"livechat/server/wire"
)

// A user's feed is a room that only this user hears and nobody speaks in: what is meant for him, on whatever server it was said. So order, once and
// resuming are the room's.

// UserOptions are what users with an account need beside what guests do.
type UserOptions struct {
	Feeds *room.Registry
	// Redeem reads a ticket and ends it. The error is chat.CodeUnauthorized if it is not good.
	Redeem func(ctx context.Context, ticket string) (User, error)
	// AskName is asked before Reserved, and refuses a client that has asked about too
	// many names, with a chat.Error.
	AskName func(addr, name string) error
	// Reserved says whether a name is not for guests. A chat.Error says that this cannot be known for now, and is the guest's answer; any other that
	// Redis is away.
	Reserved func(ctx context.Context, name string) (bool, error)
	// Kept says whether a reserved name is so for everybody, and no account's.
	Kept func(name string) bool
	// CountNames returns how many names are users'. While it stays the same, so do they.
	CountNames func(ctx context.Context) (int64, error)
	// ReservedOf returns those of some names that are not for guests.
	ReservedOf func(ctx context.Context, names []string) ([]string, error)
	// Revoked returns whether a user was logged out since the ticket was issued; nil if nobody was.
	Revoked func(ctx context.Context) (func(User) bool, error)
	// Every is how often Revoked and CountNames are asked.
	Every time.Duration
	// Settle is how long after a new name guests under it are asked to leave: who has just registered comes in under it, and leaves as a guest.
	Settle time.Duration
}

// User is who a ticket was issued to.
type User struct {
	ID     int64
	Name   string
	Ends   time.Time // of the session, and with it of the socket
	Issued any       // when the ticket was issued, in the terms of Revoked
}

// The subprotocols of a handshake with a ticket or a guest key (RFC 6455 section 1.9). Browsers can send nothing else with it: these come as one, and
// only the first is ever answered.
const (
	userProtocol   = "livechat.user"
	ticketProtocol = "livechat.ticket."
	guestProtocol  = "livechat.guest."
)

// guestAuthor returns the author of what a guest says who shows a guest key; empty without one. The key is a secret, as a ticket is.
func guestAuthor(r *http.Request) (string, error) {
	for _, p := range websocket.Subprotocols(r) {
		if key, ok := strings.CutPrefix(p, guestProtocol); ok {
			return chat.GuestAuthor(key)
		}
	}
	return "", nil
}

// user returns who a handshake's ticket was issued to, and ends the ticket; nil if there is none.
func (s *Server) user(ctx context.Context, r *http.Request) (*User, error) {
	for _, p := range websocket.Subprotocols(r) {
		if ticket, ok := strings.CutPrefix(p, ticketProtocol); ok {
			u, err := s.opts.Users.Redeem(ctx, ticket)
			if err != nil {
				return nil, err
			}
			return &u, nil
		}
	}
	return nil, nil
}

var (
	errReserved = chat.Errorf(chat.CodeNameReserved,
		"this name, or one that looks like it, belongs to an account: log in, or choose another name")
	errKept = chat.Errorf(chat.CodeNameReserved,
		"this name, or one that looks like it, is reserved: nobody can have it, choose another name")
)

// refuseName tells a guest why its name is not for it, and closes its connection.
func (s *Server) refuseName(c *conn) {
	why, code := errReserved, wire.CloseNameReserved
	if s.opts.Users.Kept(c.name) {
		why, code = errKept, wire.CloseNameKept
	}
	c.out.Send(errorFrame("", why))
	c.out.Close(code)
}

// checkName finds out whether a name is not for guests. A Redis that is away keeps nobody out, but until it could be asked such a guest is only a reader.
func (s *Server) checkName(ctx context.Context, r *http.Request, q *query) error {
	if err := s.opts.Users.AskName(s.opts.ClientAddr(r), q.name); err != nil {
		return err
	}
	reserved, err := s.opts.Users.Reserved(ctx, q.name)
	if _, ok := errors.AsType[*chat.Error](err); ok {
		return err
	}
	if err != nil {
		s.opts.Logger.Debug("cannot ask whether a name is taken", "error", err)
	}
	q.reserved, q.unproven = reserved, err != nil
	return nil
}

// Feed is the handler of sockets that hear a user's feed.
func (s *Server) Feed(w http.ResponseWriter, r *http.Request) {
	if err := s.serveFeed(w, r); err != nil {
		s.opts.Logger.Debug("handshake refused", "error", err, "remote", r.RemoteAddr)
		wire.WriteProblem(w, err)
	}
}

func (s *Server) serveFeed(w http.ResponseWriter, r *http.Request) error {
	if err := s.admit(r); err != nil {
		return err
	}
	q, err := parseFeedQuery(r)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), openTimeout)
	defer cancel()
	user, err := s.user(ctx, r)
	if err != nil {
		return err
	}
	if user == nil {
		return chat.Errorf(chat.CodeUnauthorized, "a feed needs a ticket")
	}
	q.room, q.name, q.feed, q.user = chat.FeedRoom(user.ID), user.Name, true, user
	rm, err := s.opts.Users.Feeds.Acquire(ctx, q.room)
	if err != nil {
		return err
	}
	c, err := s.upgrade(w, r, q, rm)
	if err != nil {
		s.opts.Users.Feeds.Release(rm)
		s.opts.Logger.Debug("handshake failed", "error", err, "remote", r.RemoteAddr)
		return nil // the connection is gone, and with it whoever could be told
	}
	s.start(c, q)
	return nil
}

// parseFeedQuery reads what a feed's handshake asks for: after, or nothing, which begins with what comes from now on.
func parseFeedQuery(r *http.Request) (query, error) {
	values, err := readQuery(r)
	if err != nil {
		return query{}, err
	}
	q, err := parseQuery(values)
	if err == nil && values.Has("room") {
		err = chat.Errorf(chat.CodeBadRoom, "a feed has no other rooms")
	}
	if !values.Has("history") {
		q.history = 0
	}
	return q, err
}

// errListens refuses a message on a feed.
var errListens = chat.Errorf(chat.CodeBadRequest, "a feed is only heard; say it over HTTP")

// RunUsers closes the sockets of users who have been logged out, and of guests whose names are users' by now, until ctx is done. It asks again and
// again rather than being told, so that nothing depends on a word that gets lost.
func (s *Server) RunUsers(ctx context.Context) {
	tick := time.NewTicker(s.opts.Users.Every)
	defer tick.Stop()
	var names nameWatch
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		s.checkUnproven(ctx)
		s.checkNames(ctx, &names)
		if !s.hasUsers() {
			continue
		}
		s.closeEnded(time.Now())
		revoked, err := s.opts.Users.Revoked(ctx)
		if err != nil {
			s.opts.Logger.Debug("cannot ask who has been logged out", "error", err) // the bus says that Redis is away
			continue
		}
		s.closeRevoked(revoked)
	}
}

func (s *Server) hasUsers() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.users > 0
}

// closeRevoked closes the sockets whose tickets are older than their users' last revocation. Who is still logged in comes back with a new one.
func (s *Server) closeRevoked(revoked func(User) bool) {
	if revoked == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		if c.user != nil && revoked(*c.user) {
			c.out.Close(wire.CloseLoggedOut)
		}
	}
}

// closeEnded closes the sockets whose sessions have ended by themselves. It looks at them when the first of them has.
func (s *Server) closeEnded(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.firstEnd.IsZero() || now.Before(s.firstEnd) {
		return
	}
	s.firstEnd = time.Time{}
	for c := range s.conns {
		switch {
		case c.user == nil:
		case now.Before(c.user.Ends):
			s.noteEndLocked(c.user.Ends)
		default:
			c.out.Close(wire.CloseLoggedOut)
		}
	}
}

func (s *Server) noteEndLocked(ends time.Time) {
	if s.firstEnd.IsZero() || ends.Before(s.firstEnd) {
		s.firstEnd = ends
	}
}
