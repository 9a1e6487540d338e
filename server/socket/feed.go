package socket

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

// A feed is a room with one reader, so ordering, de-duplication and resume work
// as they do for rooms. Nobody publishes to it over a socket.

// UserOptions connect sockets with accounts.
type UserOptions struct {
	Feeds *room.Registry
	// Redeem consumes a ticket. The error is chat.CodeUnauthorized if the
	// ticket is not valid.
	Redeem func(ctx context.Context, ticket string) (User, error)
	// AskName is called before Reserved. It returns a chat.Error for a client
	// that has checked too many names.
	AskName func(addr, name string) error
	// Reserved reports whether guests may not use a name. A chat.Error means
	// that this is unknown for now, and is the guest's answer; any other error
	// means that Redis is unavailable.
	Reserved func(ctx context.Context, name string) (bool, error)
	// Blocked reports whether a reserved name is blocked for everybody and belongs
	// to no account.
	Blocked func(name string) bool
	// CountNames returns the number of account names. While it does not change,
	// neither do the names.
	CountNames func(ctx context.Context) (int64, error)
	// ReservedOf returns which of the names guests may not use.
	ReservedOf func(ctx context.Context, names []string) ([]string, error)
	// AskMention is called for each name of AccountsOf, as AskName.
	AskMention func(addr, name string) error
	// AccountsOf returns which of the names, in lower case, accounts have, or
	// had.
	AccountsOf func(ctx context.Context, names []string) ([]string, error)
	// Revoked returns a function that reports whether a user was logged out
	// after the ticket was issued; nil if nobody was.
	Revoked func(ctx context.Context) (func(User) bool, error)
	// Every is the interval of Revoked and CountNames.
	Every time.Duration
	// Grace is the time between a registration and the disconnection of guests
	// using that name. The new owner may be one of them.
	Grace time.Duration
}

// User is the account that a ticket was issued to.
type User struct {
	ID     int64
	Name   string
	Ends   time.Time // when the login session ends, and with it the socket
	Issued any       // when the ticket was issued, as Revoked understands it
}

// The subprotocols of a handshake with a ticket or a guest key (RFC 6455
// section 1.9). Browsers cannot set other headers. Only the first one is ever
// answered.
const (
	userProtocol   = "livechat.user"
	ticketProtocol = "livechat.ticket."
	guestProtocol  = "livechat.guest."
)

// guestAuthor returns the author of a guest that presents a guest key; empty
// without one. The key is a secret, like a ticket.
func guestAuthor(r *http.Request) (string, error) {
	for _, p := range websocket.Subprotocols(r) {
		if key, ok := strings.CutPrefix(p, guestProtocol); ok {
			return chat.GuestAuthor(key)
		}
	}
	return "", nil
}

// user consumes the ticket of a handshake and returns its account; nil if there
// is no ticket.
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
		"This name, or one that looks like it, belongs to an account. Log in, or choose another name.")
	errBlocked = chat.Errorf(chat.CodeNameReserved,
		"This name, or one that looks like it, is reserved. Choose another name.")
)

// refuseName sends a guest the reason why it cannot use its name and closes the
// connection.
func (s *Server) refuseName(c *conn) {
	why, code := errReserved, wire.CloseNameReserved
	if s.opts.Users.Blocked(c.name) {
		why, code = errBlocked, wire.CloseNameKept
	}
	c.out.Send(errorFrame("", why))
	c.out.Close(code)
}

// checkName finds out whether guests may not use a name. While Redis is
// unavailable guests get in, but may only read until their name was checked.
func (s *Server) checkName(ctx context.Context, r *http.Request, q *query) error {
	if err := s.opts.Users.AskName(s.opts.ClientAddr(r), q.name); err != nil {
		return err
	}
	reserved, err := s.opts.Users.Reserved(ctx, q.name)
	if _, ok := errors.AsType[*chat.Error](err); ok {
		return err
	}
	if err != nil {
		s.opts.Logger.Debug("socket: cannot check a name", "error", err)
	}
	q.reserved, q.unchecked = reserved, err != nil
	return nil
}

// Feed is the handler of sockets that follow a user's feed.
func (s *Server) Feed(w http.ResponseWriter, r *http.Request) {
	if err := s.serveFeed(w, r); err != nil {
		s.opts.Logger.Debug("socket: handshake refused", "error", err, "remote", r.RemoteAddr)
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
		return chat.Errorf(chat.CodeUnauthorized, "A feed needs a ticket.")
	}
	q.room, q.name, q.feed, q.user = chat.FeedRoom(user.ID), user.Name, true, user
	rm, err := s.opts.Users.Feeds.Acquire(ctx, q.room)
	if err != nil {
		return err
	}
	c, err := s.upgrade(w, r, q, rm)
	if err != nil {
		s.opts.Users.Feeds.Release(rm)
		s.opts.Logger.Debug("socket: handshake failed", "error", err, "remote", r.RemoteAddr)
		return nil // the connection is gone, and with it whoever could be told
	}
	s.start(c, q)
	return nil
}

// parseFeedQuery reads the parameters of a feed's handshake: after, or nothing,
// which starts with the next event.
func parseFeedQuery(r *http.Request) (query, error) {
	values, err := readQuery(r)
	if err != nil {
		return query{}, err
	}
	q, err := parseQuery(values)
	if err == nil && values.Has("room") {
		err = chat.Errorf(chat.CodeBadRoom, "A feed has no rooms.")
	}
	if !values.Has("history") {
		q.history = 0
	}
	return q, err
}

// errListens refuses a message on a feed.
var errListens = chat.Errorf(chat.CodeBadRequest, "A feed is read-only. Post messages over HTTP.")

// RunUsers closes, until ctx is done, the sockets of users that were logged out
// and of guests whose name has become an account's. It polls, so that nothing
// depends on a notification that may get lost.
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
		s.recheckUnchecked(ctx)
		s.checkNames(ctx, &names)
		if !s.hasUsers() {
			continue
		}
		s.closeEnded(time.Now())
		revoked, err := s.opts.Users.Revoked(ctx)
		if err != nil {
			s.opts.Logger.Debug(
				"socket: cannot read who was logged out",
				"error",
				err,
			) // the bus has warned that Redis is down
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

// closeRevoked closes the sockets whose ticket is older than their user's last
// revocation. A client that is still logged in reconnects with a new ticket.
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

// closeEnded closes the sockets whose login session has expired. It scans them
// only when the first one has.
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
