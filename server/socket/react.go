package socket

import (
	"cmp"
	"context"
	"time"

	"livechat/server/chat"
	"livechat/server/metrics"
	"livechat/server/wire"
)

// react sets an emoji of the client under a message, or takes it back. What the
// client sends next waits until Redis has it.
func (c *conn) react(req wire.Request) error {
	if ok, err := c.mayPublish(req.ID); !ok {
		return err
	}
	began := time.Now()
	defer func() { c.sender.limit.hold(time.Since(began)) }()
	m, err := c.lookUp(req.Target, func(*chat.Message) bool { return true })
	if err == nil && m.IsDeletedMessage() {
		err = errUnknown
	}
	if err == nil {
		ctx, cancel := context.WithTimeout(c.server.ctx, openTimeout)
		defer cancel()
		err = c.room.React(ctx, &m, chat.Reaction{
			Person: cmp.Or(c.author, c.session), Author: c.author, Name: c.name, Emoji: req.Emoji, On: !req.Off,
			By: c.writer,
		})
	}
	if err != nil {
		c.sendError(req.ID, err)
		return nil
	}
	c.server.opts.Metrics.Received.WithLabelValues(metrics.Reacted).Inc()
	if req.ID != "" {
		c.out.Send(wire.Frame(wire.Ack{Type: "ack", ID: req.ID}))
	}
	return nil
}
