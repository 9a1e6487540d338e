package socket

import (
	"cmp"
	"context"
	"time"

	"livechat/server/chat"
	"livechat/server/wire"
)

// The rules of a room are checked where messages are numbered. Here those who
// are banned are kept out: at their handshake, and when they are banned while
// they are there.

// RuleOptions connect sockets with the rules of rooms.
type RuleOptions struct {
	// Await returns when the rules of a room are known, or cannot be.
	Await func(ctx context.Context, room string)
	// Bans reports whether someone is banned from a room, and until when, Unix
	// milliseconds; 0: for ever. It does not wait.
	Bans func(room string, who chat.Writer) (until int64, banned bool)
	// Address returns the subject of a client's address; empty if it has none.
	Address func(address string) chat.Subject
}

// writerOf returns who a client is for the rules of its room. It is asked once
// for each connection: an address costs a keyed hash.
func (s *Server) writerOf(c *conn) chat.Writer {
	rules := s.opts.Rules
	if rules == nil || c.feed || c.room == nil {
		return chat.Writer{}
	}
	who := chat.Writer{Person: chat.GuestSubject(cmp.Or(c.author, c.session)), Address: rules.Address(c.from)}
	if c.user != nil {
		who.Person = chat.AccountSubject(c.user.ID)
	}
	return who
}

// bannedFrom reports whether the client is banned from its room, and until
// when.
func (c *conn) bannedFrom() (until int64, banned bool) {
	if c.writer.Person == "" {
		return 0, false
	}
	return c.server.opts.Rules.Bans(c.room.Name, c.writer)
}

// refuseBanned tells a client that it is banned and closes the connection.
func refuseBanned(c *conn, until int64) {
	var wait time.Duration
	if until > 0 {
		wait = max(time.Millisecond, time.Until(time.UnixMilli(until)))
	}
	c.out.Send(errorFrame("", chat.RuleRefusal(chat.CodeBanned, wait)))
	c.out.Close(wire.CloseBanned)
}

// Expel closes the sockets in a room of those who are banned now.
func (s *Server) Expel(room string, banned func(chat.Writer) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		if c.feed || c.room.Name != room || !banned(c.writer) {
			continue
		}
		if until, still := c.bannedFrom(); still {
			refuseBanned(c, until)
		}
	}
}
