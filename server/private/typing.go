package private

import (
	"context"

	"livechat/server/store"
)

// Typing tells the other member of a chat that me is writing. Nothing is
// stored, and it may get lost; if one of them blocks the other, it is.
// Codes: not_found, account_deleted, rate_limited.
func (s *Service) Typing(ctx context.Context, me store.User, chatID string) error {
	if err := s.opts.AllowTyping(me.ID); err != nil {
		return err
	}
	c, err := s.Get(ctx, me.ID, chatID)
	if err != nil {
		return err
	}
	if c.Other.Name == store.DeletedName {
		return errDeleted
	}
	if c.Blocking || c.Blocked {
		return nil
	}
	s.opts.TellTyping(ctx, c.Other.ID, c.ID, me.Name)
	return nil
}
