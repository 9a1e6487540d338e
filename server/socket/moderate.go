package socket

import (
	"context"
	"time"

	"livechat/server/chat"
	"livechat/server/wire"
)

// moderateTime bounds how long a moderate frame may take. Nothing else is read
// from its sender meanwhile.
const moderateTime = 5 * time.Second

var (
	errNoModeration = chat.Errorf(chat.CodeForbidden,
		"rooms cannot be moderated over this socket; use the HTTP API")
	errGuestModerates = chat.Errorf(chat.CodeForbidden, "only accounts moderate; log in first")
)

// moderate does what a client asks for as one who moderates the room. Its own
// rate alone counts: those who flood a room must not keep others from ending it.
func (c *conn) moderate(req wire.Request) error {
	began := time.Now()
	if ok, err := c.mayAsk(req.ID, began); !ok {
		return err
	}
	defer func() { c.sender.limit.hold(time.Since(began)) }()
	if err := c.moderateNow(req); err != nil {
		return c.refuse(req.ID, err)
	}
	if req.ID != "" {
		c.out.Send(wire.Frame(wire.Ack{Type: "ack", ID: req.ID}))
	}
	return nil
}

func (c *conn) moderateNow(req wire.Request) error {
	switch {
	case c.user == nil:
		return errGuestModerates
	case c.server.opts.Moderate == nil:
		return errNoModeration
	}
	ctx, cancel := context.WithTimeout(c.server.ctx, moderateTime)
	defer cancel()
	err := c.server.opts.Moderate(ctx, c.user.ID, c.room.Name, req)
	if err != nil && chat.AsError(err).Code == chat.CodeInternal {
		c.server.opts.Logger.Warn("socket: cannot moderate", "room", c.room.Name, "error", err)
		return &chat.Error{
			Code: chat.CodeUnavailable, Message: "this could not be done right now; try again",
			Retryable:    true,
			RetryAfterMS: time.Second.Milliseconds(),
		}
	}
	return err
}
