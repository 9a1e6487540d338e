package private

import (
	"context"

	"livechat/server/chat"
	"livechat/server/store"
)

// React puts an emoji of mine on a message, or takes it back. As it is already
// is no error. Codes: not_found, unknown_message, also for a deleted one,
// bad_request if it is no emoji, too_many_reactions, account_deleted if the
// other account is gone, cannot_write if it blocks me, blocking if me blocks it
// (both only to put one), rate_limited.
func (s *Service) React(ctx context.Context, me int64, chatID, message, emoji string, on bool) error {
	chatID, message, err := parseMessage(chatID, message)
	if err != nil {
		return err
	}
	if !chat.IsEmoji(emoji) {
		return errNoEmoji
	}
	if err := s.opts.Allow(me); err != nil {
		return err
	}
	changed, err := s.opts.Store.ReactPrivately(ctx, store.PrivateReaction{
		Chat: chatID, Message: message, User: me, Emoji: emoji, On: on, At: s.opts.Now(),
	})
	if err != nil {
		return translate("react", err)
	}
	if changed {
		s.opts.Wake()
	}
	return nil
}

// WhoReacted returns who reacted to a message: the most frequent emoji first, and
// the newest of their people first. Codes: not_found, unknown_message.
func (s *Service) WhoReacted(ctx context.Context, me int64, chatID, message string) ([]store.Reacted, error) {
	chatID, message, err := parseMessage(chatID, message)
	if err != nil {
		return nil, err
	}
	all, err := s.opts.Store.ReactedPrivately(ctx, chatID, message, me)
	return all, translate("list who reacted", err)
}
