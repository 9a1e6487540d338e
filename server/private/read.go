package private

import (
	"context"
	"time"

	"livechat/server/chat"
)

// Since returns the number of the first message of a chat at or after a time; 0
// if there is none. Codes: not_found, bad_request.
func (s *Service) Since(ctx context.Context, me int64, chatID string, at time.Time) (int64, error) {
	chatID, err := parseChat(chatID)
	if err != nil {
		return 0, err
	}
	n, err := s.opts.Store.MessageSince(ctx, chatID, me, at)
	return n, translate("find a message by its time", err)
}

// Read marks a chat as read up to message n. The mark never moves back, nor
// past the last message. read is where it is now; moved reports whether it
// moved. Codes: not_found, bad_request.
func (s *Service) Read(ctx context.Context, me int64, chatID string, n int64) (moved bool, read int64,
	err error) {
	if n < 0 {
		return false, 0, chat.Errorf(chat.CodeBadRequest, "n must be the number of a message.")
	}
	if chatID, err = parseChat(chatID); err != nil {
		return false, 0, err
	}
	moved, read, err = s.opts.Store.MarkRead(ctx, chatID, me, n)
	if err != nil {
		return false, 0, translate("mark as read", err)
	}
	if moved {
		s.opts.Wake()
	}
	return moved, read, nil
}
