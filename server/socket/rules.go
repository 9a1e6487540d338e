package socket

import (
	"cmp"
	"context"

	"livechat/server/chat"
	"livechat/server/wire"
)

// The rules of a room are checked where messages are numbered. Here those who
// may not be in the room are kept out: at their handshake, and when that is
// decided while they are there.

// RuleOptions connect sockets with the rules of rooms.
type RuleOptions struct {
	// Await returns when the rules of a room are known, or cannot be.
	Await func(ctx context.Context, room string)
	// Admits returns nil if someone may be in a room; an error of package chat,
	// retryable if that is not known. It does not wait.
	Admits func(room string, who chat.Writer) error
	// Address returns the subject of a client's address; empty if it has none.
	Address func(address string) chat.Subject
	// Pinned returns the message that is pinned in a room; nil: none.
	Pinned func(room string) *chat.Pin
	// Note notes from which address somebody writes; nil: nobody wants to know.
	Note func(ctx context.Context, room string, w chat.Writer) error
}

// writerOf returns who a client is for the rules of its room. It is asked once
// for each connection: an address costs a keyed hash.
func (s *Server) writerOf(c *conn) chat.Writer {
	rules := s.opts.Rules
	if rules == nil || c.feed || c.room == nil {
		return chat.Writer{}
	}
	return chat.Writer{Person: c.person(), Address: rules.Address(c.from)}
}

// notAdmitted returns why the client may not be in its room; nil if it may.
func (c *conn) notAdmitted() *chat.Error {
	if c.writer.Person == "" {
		return nil
	}
	if err := c.server.opts.Rules.Admits(c.room.Name, c.writer); err != nil {
		return chat.AsError(err)
	}
	return nil
}

// outside are the close codes for those who may not be in their room, by the
// code of the error that says so.
var outside = map[chat.Code]wire.CloseCode{
	chat.CodeBanned:         wire.CloseBanned,
	chat.CodeRegisteredOnly: wire.CloseAccountsOnly,
	chat.CodeMembersOnly:    wire.CloseMembersOnly,
	chat.CodeUnknownRoom:    wire.CloseUnknownRoom,
}

// keepOut tells a client why it may not be in its room, and closes the
// connection.
func keepOut(c *conn, e *chat.Error) {
	c.out.Send(errorFrame("", e))
	c.out.Close(cmp.Or(outside[e.Code], wire.CloseOverloaded)) // it is not known yet
}

// Expel closes the sockets in a room of those who may no longer be there.
func (s *Server) Expel(room string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		if c.feed || c.room.Name != room {
			continue
		}
		if e := c.notAdmitted(); e != nil && !e.Retryable {
			keepOut(c, e)
		}
	}
}
