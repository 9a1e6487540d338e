package files

import (
	"context"
	"errors"
	"fmt"
	"time"

	"livechat/server/chat"
	"livechat/server/store"
)

var (
	errUnknown = chat.Errorf(chat.CodeUnknownFile,
		"There is no such file, or it is not yours, or another message has it.")
	errNoFiles  = chat.Errorf(chat.CodeForbidden, "Files cannot be sent here.")
	errNoGuests = chat.Errorf(chat.CodeForbidden, "Log in to send files.")
	errBadID    = chat.Errorf(chat.CodeBadRequest,
		"The id of an upload must be a UUID such as "+chat.ExampleUUID)
	errEmpty    = chat.Errorf(chat.CodeBadRequest, "The file is empty. Choose another one.")
	errConflict = chat.Errorf(chat.CodeIDConflict,
		"This id is taken by another file. Send the file again with a new id.")
	errAgain = &chat.Error{Code: chat.CodeUnavailable,
		Message: "This upload was given up. Send the file again.", Retryable: true, RetryAfterMS: 2000}
	errCutOff = &chat.Error{Code: chat.CodeBadRequest,
		Message: "The upload was cut off. Send the file again.", Retryable: true}
	errMoreBytes = chat.Errorf(chat.CodeBadRequest,
		"The file is longer than announced. Send it again with the right size.")
	errFewerBytes = chat.Errorf(chat.CodeBadRequest,
		"The file is shorter than announced. Send it again.")
	errNoSize = chat.Errorf(chat.CodeBadRequest,
		"A resumable upload needs the size of the file when it begins.")
	errPieces = chat.Errorf(chat.CodeBadRequest,
		"The upload came in too many small pieces. Begin it again with larger ones.")
)

// ErrOffset is the error for a piece that does not begin where the upload is. Ask
// for the offset, and go on from there. The HTTP status is 409.
var ErrOffset = &chat.Error{Code: chat.CodeIDConflict,
	Message: "The upload is at another place. Ask where it is, and go on from there.", Retryable: true}

// ErrIncomplete is the error for an upload of which not all bytes are there.
var ErrIncomplete = chat.Errorf(chat.CodeUnknownFile, "Not all bytes of this file have come yet.")

// translate maps an error of the database to one for users, if there is one.
func translate(err error) error {
	switch {
	case errors.Is(err, store.ErrNoFile):
		return errUnknown
	case errors.Is(err, store.ErrConflict):
		return errConflict
	}
	return err
}

// away hides an error of the blob store, which may pass.
func (s *Service) away(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("use the file store: %w", err)
	}
	s.mu.Lock()
	due := s.Now().Sub(s.warned) >= time.Minute
	if due {
		s.warned = s.Now()
	}
	s.mu.Unlock()
	if due {
		s.Logger.WarnContext(ctx, "files: the file store is unavailable", "error", err)
	}
	return &chat.Error{
		Code: chat.CodeUnavailable, Message: "Files are not available right now. Try again in a few seconds.",
		Retryable: true, RetryAfterMS: 2000,
	}
}

// tooLarge returns the error for a file above a limit.
func tooLarge(limit int64) error {
	return chat.Errorf(chat.CodeTooLarge,
		"This file is larger than %s, the most that can be sent.", human(limit))
}

// overQuota returns the error for an upload that a limit leaves no room for.
func overQuota(q *store.QuotaError, now time.Time) error {
	left := human(q.Left)
	switch q.Of {
	case "user":
		return chat.Errorf(chat.CodeQuota,
			"Your files have used up your space; %s are left. Delete messages with files to make room.", left)
	case "guests":
		return chat.Errorf(chat.CodeQuota,
			"The space for guests' files is used up; %s are left. Log in to send files, or try again later.",
			left)
	case "day":
		utc := now.UTC()
		midnight := time.Date(utc.Year(), utc.Month(), utc.Day()+1, 0, 0, 0, 0, time.UTC)
		return &chat.Error{
			Code: chat.CodeQuota, Retryable: true, RetryAfterMS: midnight.Sub(utc).Milliseconds(),
			Message: fmt.Sprintf(
				"Guests at your address have sent enough files for today; %s are left. "+
					"Log in, or try again tomorrow.",
				left),
		}
	}
	return chat.Errorf(chat.CodeQuota,
		"The file store is full; %s are left. Tell whoever runs this chat, or try again later.", left)
}

// refused tells the metrics of refusals, and returns err.
func (s *Service) refused(err error) error {
	if q, ok := errors.AsType[*store.QuotaError](err); ok {
		err = overQuota(q, s.Now())
	}
	err = translate(err)
	if e, ok := errors.AsType[*chat.Error](err); ok {
		s.Refused(e.Code)
	}
	return err
}

// human returns bytes in the largest unit that leaves a number above 1, without
// promising more than there is.
func human(n int64) string {
	for _, unit := range []struct {
		size int64
		name string
	}{{1 << 30, "GB"}, {1 << 20, "MB"}, {1 << 10, "KB"}} {
		if n >= unit.size {
			return fmt.Sprintf("%d %s", n/unit.size, unit.name)
		}
	}
	return fmt.Sprintf("%d bytes", n)
}
