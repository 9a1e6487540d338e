package socket

import (
	"context"
	"time"

	"github.com/google/uuid"

	"livechat/server/chat"
	"livechat/server/metrics"
	"livechat/server/wire"
)

// publish publishes a message of the client, or an edit or a delete of one.
func (c *conn) publish(req wire.Request) error {
	if ok, err := c.mayPublish(req.ID); !ok {
		return err
	}
	text, err := c.cleanText(req)
	if err != nil {
		return c.refuse(req.ID, err)
	}
	m := chat.Message{
		ID:      req.ID,
		App:     c.server.opts.App,
		Session: c.session,
		Author:  c.author,
		Name:    c.name,
		Text:    text,
	}
	if m.ID == "" {
		m.ID = uuid.NewString()
	}
	if req.Type != wire.TypeMessage {
		m.Type = req.Type
	}
	began := time.Now()
	defer func() { c.sender.limit.hold(time.Since(began)) }()
	c.noteAddress()
	extra, gone, err := c.extra(req, m.ID, text)
	if err != nil {
		c.sendError(req.ID, err)
		return nil
	}
	m.Extra = extra
	if !c.room.Admit(c.server.ctx, admitTime, len(m.Text)) {
		c.sendError(
			req.ID,
			&chat.Error{
				Code:         chat.CodeUnavailable,
				Message:      "this server cannot keep up",
				Retryable:    true,
				RetryAfterMS: 1000,
			},
		)
		return nil
	}
	// Of req the answer needs the id alone: it is not kept until then.
	sender, id := c.sender, req.ID
	sender.begin()
	err = c.server.opts.Publisher.Publish(
		c.server.ctx,
		c.room.Name,
		m,
		c.writer,
		func(at chat.Position, duplicate bool, err error) {
			defer sender.finish()
			if err != nil {
				c.room.Refused(len(m.Text))
				c.sendError(id, unclaimed(err, gone))
				return
			}
			// the log has Redis' time, which is not returned
			m.Epoch, m.Seq, m.At = at.Epoch, at.Seq, time.Now().UnixMilli()
			if gone == nil {
				c.room.Published(m)
			} else { // the log has it whole, and this is not
				c.room.Refused(len(m.Text))
			}
			c.server.opts.Metrics.Received.WithLabelValues(taken(duplicate)).Inc()
			if id != "" {
				c.out.Send(wire.Frame(wire.Ack{Type: "ack", ID: id, Seq: at.Seq, Duplicate: duplicate}))
			}
		},
	)
	if err != nil {
		c.room.Refused(len(m.Text))
		sender.finish()
		c.sendError(req.ID, err)
	}
	return nil
}

// cleanText returns the text of what the client sends. It may be empty beside
// files: whether a message that is edited has some is known later.
func (c *conn) cleanText(req wire.Request) (string, error) {
	if req.Type == wire.TypeDelete || req.Text == "" && (req.Type == wire.TypeEdit || req.Files != nil) {
		return "", nil
	}
	return chat.CleanText(req.Text, c.server.opts.MaxText)
}

// mayPublish counts something that the client publishes to its rate, and to
// those of its address and its room. If one is exceeded, ok is false, and the
// client was answered; the error ends the reader.
func (c *conn) mayPublish(id string) (ok bool, err error) {
	now := time.Now()
	if ok, err := c.mayAsk(id, now); !ok {
		return false, err
	}
	// A message that the address or the room refuses costs the other of the two
	// nothing. It does count to the connection's own limit, so that the client
	// cannot try all the time.
	if wait := c.sender.address.take(now); wait > 0 {
		c.tooMany(id, metrics.OfAddress, "too many messages from your address in a short time",
			pauseShared(wait))
		return false, nil
	}
	if wait := c.sender.room.take(now); wait > 0 {
		c.sender.address.giveBack()
		c.tooMany(id, metrics.OfRoom, "too many messages in this room in a short time", pauseShared(wait))
		return false, nil
	}
	return true, nil
}

// mayAsk counts something that the client sends to its own rate alone.
func (c *conn) mayAsk(id string, now time.Time) (ok bool, err error) {
	if c.sender == nil {
		c.sender = c.server.newSender(c)
	}
	wait, persists := c.sender.limit.take(now)
	if wait <= 0 {
		return true, nil
	}
	c.tooMany(id, metrics.OfConnection, "too many messages in a short time", wait)
	if persists {
		return false, c.end(wire.CloseTooFast)
	}
	return false, nil
}

// tooMany answers something that exceeds a limit.
func (c *conn) tooMany(id, limit, message string, wait time.Duration) {
	c.server.opts.Metrics.Limited.WithLabelValues(limit).Inc()
	c.sendError(id, &chat.Error{
		Code: chat.CodeRateLimited, Message: message, Retryable: true,
		RetryAfterMS: max(1, wait.Milliseconds()),
	})
}

func taken(duplicate bool) string {
	if duplicate {
		return metrics.Duplicate
	}
	return metrics.Taken
}

var (
	errNoEdits      = chat.Errorf(chat.CodeForbidden, "messages cannot be edited here")
	errUnknown      = chat.Errorf(chat.CodeUnknownMessage, "there is no such message, or it is out of reach")
	errOthers       = chat.Errorf(chat.CodeNotYours, "only its author may edit a message")
	errNotDeletable = chat.Errorf(chat.CodeNotYours, "only its author may delete a message")
	errNoText       = chat.Errorf(chat.CodeBadText, "a message without files needs a text")
	errTooOld       = chat.Errorf(chat.CodeTooOld, "this message is too old to be edited")
)

// editable returns the message that the client means, if it may give it a text.
func (c *conn) editable(t chat.Target, text string) (chat.Target, error) {
	if c.server.opts.NoEdits {
		return t, errNoEdits
	}
	m, err := c.lookUp(t, c.wrote)
	switch {
	case err != nil:
		return t, err
	case m.IsDeletedMessage():
		return t, errUnknown
	case !c.wrote(&m):
		return t, errOthers
	}
	if w := c.server.opts.EditWindow; w > 0 && time.Since(time.UnixMilli(m.At)) > w {
		return t, errTooOld
	}
	if text == "" && len(chat.MembersOf(m.Extra).Files) == 0 {
		return t, errNoText
	}
	return chat.Target{Seq: m.Seq, ID: m.ID}, nil
}

// deletable returns the message that the client means, if it may delete it. It
// may be deleted already: a client that cannot know may ask again.
func (c *conn) deletable(t chat.Target) (chat.Target, error) {
	m, err := c.lookUp(t, c.wrote)
	switch {
	case err != nil:
		return t, err
	case !c.wrote(&m):
		return t, errNotDeletable
	}
	return chat.Target{Seq: m.Seq, ID: m.ID}, nil
}

// lookUp returns the message that the client means; see room.Lookup.
func (c *conn) lookUp(t chat.Target, own func(*chat.Message) bool) (chat.Message, error) {
	ctx, cancel := context.WithTimeout(c.server.ctx, openTimeout)
	defer cancel()
	m, ok, err := c.room.Lookup(ctx, t, own)
	switch {
	case err != nil:
		c.server.opts.Logger.Debug("socket: cannot find a message", "room", c.room.Name, "error", err)
		return m, &chat.Error{
			Code: chat.CodeUnavailable, Message: "this message cannot be found right now; try again",
			Retryable: true, RetryAfterMS: time.Second.Milliseconds(),
		}
	case !ok:
		return m, errUnknown
	}
	return m, nil
}

// wrote reports whether a message is this client's. Without an author only the
// connection that sent it can be told to be the same.
func (c *conn) wrote(m *chat.Message) bool {
	if m.Author != "" {
		return m.Author == c.author
	}
	return m.Session == c.session
}
