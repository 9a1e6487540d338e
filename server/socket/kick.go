package socket

import (
	"context"
	"time"

	"livechat/server/chat"
	"livechat/server/wire"
)

// errKicked comes before the close of a connection that is kicked.
var errKicked = chat.Errorf(chat.CodeKicked, "you were removed from this room; you may come back")

// Kick closes the sockets in a room of a person or, if that is empty, of the
// guests with a name. They may come back.
func (s *Server) Kick(room string, person chat.Subject, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		if c.feed || c.room.Name != room {
			continue
		}
		if person != "" && c.writer.Person == person || person == "" && c.user == nil && c.name == name {
			c.out.Send(errorFrame("", errKicked))
			c.out.Close(wire.CloseKicked)
		}
	}
}

const (
	// noteEvery is how often a server notes from which address somebody writes:
	// twice while it is remembered.
	noteEvery = 30 * time.Minute
	// noteAgain is when it tries again after it could not.
	noteAgain = time.Minute
	// noteTime bounds how long a message waits for that.
	noteTime = 500 * time.Millisecond
)

// noteAddress notes from which address the client writes, if that can be banned
// and was not noted lately. So whoever bans a writer can ban the address as
// well.
func (c *conn) noteAddress() {
	rules := c.server.opts.Rules
	now := time.Now()
	if c.writer.Address == "" || rules.Note == nil || now.Before(c.noteDue) {
		return
	}
	c.noteDue = now.Add(noteEvery)
	ctx, cancel := context.WithTimeout(c.server.ctx, noteTime)
	defer cancel()
	if err := rules.Note(ctx, c.room.Name, c.writer); err != nil {
		c.noteDue = now.Add(noteAgain)
		c.server.opts.Logger.Debug("socket: cannot note an address", "room", c.room.Name, "error", err)
	}
}
