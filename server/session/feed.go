package session

import (
	"context"
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

// FeedOptions are what feeds need beside what rooms do. Rooms nil: there are no feeds.
type FeedOptions struct {
	Rooms *room.Registry
	// Redeem says for whom a ticket was issued, and when, and ends it.
	Redeem func(ctx context.Context, ticket string) (user int64, issued time.Time, err error)
	// Revoked returns the users who were logged out, and when.
	Revoked func(ctx context.Context) (map[int64]time.Time, error)
	// Every is how often it is asked.
	Every time.Duration
}

// The subprotocols of a feed's handshake (RFC 6455 section 1.9). Browsers can send nothing else with it: the ticket comes as one, and only the first is
// ever answered.
const (
	feedProtocol   = "livechat.feed"
	ticketProtocol = "livechat.ticket."
)

// listener is whose feed a connection hears.
type listener struct {
	user   int64
	issued time.Time // its ticket, by Redis' clock
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
	ticket := ""
	for _, p := range websocket.Subprotocols(r) {
		if t, ok := strings.CutPrefix(p, ticketProtocol); ok {
			ticket = t
		}
	}
	q, err := parseFeedQuery(r)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), openTimeout)
	defer cancel()
	user, issued, err := s.opts.Feeds.Redeem(ctx, ticket)
	if err != nil {
		return err
	}
	q.room = chat.FeedRoom(user)
	rm, err := s.opts.Feeds.Rooms.Acquire(ctx, q.room)
	if err != nil {
		return err
	}
	c, err := s.upgrade(&s.feedUpgrader, w, r, q, rm)
	if err != nil {
		s.opts.Feeds.Rooms.Release(rm)
		s.opts.Logger.Debug("handshake failed", "error", err, "remote", r.RemoteAddr)
		return nil // the connection is gone, and with it whoever could be told
	}
	c.listener = &listener{user, issued}
	s.start(c, q)
	return nil
}

// parseFeedQuery reads what a feed's handshake asks for: after, or nothing, which begins with what comes from now on.
func parseFeedQuery(r *http.Request) (query, error) {
	q, err := parseQuery(r.URL.Query())
	if err == nil && r.URL.Query().Has("room") {
		err = chat.Errorf(chat.CodeBadRoom, "a feed has no other rooms")
	}
	if !r.URL.Query().Has("history") {
		q.history = 0
	}
	return q, err
}

// errListens refuses a message on a feed.
var errListens = chat.Errorf(chat.CodeBadRequest, "a feed is only heard; say it over HTTP")

// RunFeeds closes the feeds of users who have been logged out, until ctx is done. It asks again and again rather than being told, so that nothing
// depends on a word that gets lost.
func (s *Server) RunFeeds(ctx context.Context) {
	tick := time.NewTicker(s.opts.Feeds.Every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if !s.hasFeeds() {
			continue
		}
		revoked, err := s.opts.Feeds.Revoked(ctx)
		if err != nil {
			s.opts.Logger.Debug("cannot ask who has been logged out", "error", err) // the bus says that Redis is away
			continue
		}
		s.closeRevoked(revoked)
	}
}

func (s *Server) hasFeeds() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.feeds > 0
}

// closeRevoked closes the feeds whose tickets are older than their users' last revocation. Who is still logged in comes back with a new one.
func (s *Server) closeRevoked(revoked map[int64]time.Time) {
	if len(revoked) == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		if l := c.listener; l != nil {
			if at, ok := revoked[l.user]; ok && !l.issued.After(at) {
				c.out.Close(wire.CloseLoggedOut)
			}
		}
	}
}
