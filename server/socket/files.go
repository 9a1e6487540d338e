package socket

import (
	"context"
	"errors"
	"time"

	"livechat/server/chat"
	"livechat/server/wire"
)

// FileOptions let clients send files that they have uploaded.
type FileOptions struct {
	// Claim binds files to a message before that is published, and returns what
	// the message says of them. The same claim again has the same answer. A
	// *chat.Error is the client's answer; any other error means that the
	// database is unavailable.
	Claim  func(ctx context.Context, c chat.Claim) ([]chat.File, error)
	Size   int64 // bytes of a file
	Guests bool  // not only accounts may send files
}

// claimTimeout bounds how long a message with files waits for them. Nothing else
// is read from its sender meanwhile.
const claimTimeout = 3 * time.Second

var (
	errNoFiles = chat.Errorf(chat.CodeForbidden,
		"files cannot be sent on this server; send the text without them")
	errNoGuestFiles = chat.Errorf(chat.CodeForbidden, "only accounts may send files here; log in first")
)

// claim returns what the client's message with this id says of its files.
func (c *conn) claim(id string, files []chat.FileRef) ([]chat.File, error) {
	o := c.server.opts.Files
	switch {
	case o == nil:
		return nil, errNoFiles
	case c.user == nil && !o.Guests:
		return nil, errNoGuestFiles
	}
	ctx, cancel := context.WithTimeout(c.server.ctx, claimTimeout)
	defer cancel()
	claimed, err := o.Claim(ctx, chat.Claim{
		Room: c.room.Name, Message: id, Author: c.author, Session: c.session, Files: files,
	})
	if err == nil {
		return claimed, nil
	}
	if _, ok := errors.AsType[*chat.Error](err); ok {
		return nil, err
	}
	c.server.opts.Logger.Debug("socket: cannot claim files", "room", c.room.Name, "error", err)
	return nil, &chat.Error{
		Code: chat.CodeUnavailable, Message: "the files cannot be attached right now; try again",
		Retryable: true, RetryAfterMS: time.Second.Milliseconds(),
	}
}

// unclaimed returns the answer to a message whose files nobody has any more, if
// it is not in the log either: the error of the claim.
func unclaimed(err, claim error) error {
	if claim != nil && chat.AsError(err).Code == chat.CodeUnknownMessage {
		return claim
	}
	return err
}

// limits returns which files the client may send; nil if none.
func (o *FileOptions) limits(c *conn) *wire.FileLimits {
	if o == nil || c.user == nil && !o.Guests {
		return nil
	}
	return &wire.FileLimits{Size: o.Size, Count: chat.MaxFiles}
}
