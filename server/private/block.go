package private

import (
	"context"
	"errors"
	"fmt"

	"livechat/server/chat"
	"livechat/server/store"
)

var (
	// Not why: that is for whoever blocks to tell.
	errBlocked  = chat.Errorf(chat.CodeCannotWrite, "You cannot write to this account.")
	errBlocking = chat.Errorf(chat.CodeBlocking,
		"You have blocked this account. Unblock it, then try again.")
	errOneself   = chat.Errorf(chat.CodeBadRequest, "You cannot block yourself. Choose another user.")
	errTooBlocks = chat.Errorf(chat.CodeLimitReached,
		"You have blocked %d accounts, which is the limit. Unblock some first.", store.MaxBlocks)
)

// Block has me block the named account: neither of the two can write to the
// other then, open a chat, or see what the other reads and when it writes. What
// was written stays. Blocking it again is no error. Codes: unknown_user,
// bad_request for oneself, limit_reached, rate_limited.
func (s *Service) Block(ctx context.Context, me int64, name string) error {
	other, err := s.otherUser(ctx, me, name)
	if err != nil {
		return err
	}
	_, err = s.opts.Store.Block(ctx, me, other.ID, s.opts.Now())
	switch {
	case errors.Is(err, store.ErrNotFound): // deleted meanwhile
		return errUnknownUser
	case errors.Is(err, store.ErrTooManyBlocks):
		return errTooBlocks
	case err != nil:
		return fmt.Errorf("block: %w", err)
	}
	return nil
}

// Unblock ends that. If me does not block the account, it is no error. Codes:
// unknown_user, bad_request for oneself, rate_limited.
func (s *Service) Unblock(ctx context.Context, me int64, name string) error {
	other, err := s.otherUser(ctx, me, name)
	if err != nil {
		return err
	}
	if _, err := s.opts.Store.Unblock(ctx, me, other.ID); err != nil {
		return fmt.Errorf("unblock: %w", err)
	}
	return nil
}

// otherUser finds an account by name. It counts to what me may do, so that
// nobody can probe names in bulk.
func (s *Service) otherUser(ctx context.Context, me int64, name string) (store.User, error) {
	if err := s.opts.Allow(me); err != nil {
		return store.User{}, err
	}
	other, err := s.user(ctx, name)
	if err == nil && other.ID == me {
		err = errOneself
	}
	return other, err
}

// Blocks returns a page of the accounts that me blocks, by name, after a name,
// and whether there are more. limit 0 means 50. Codes: bad_request.
func (s *Service) Blocks(ctx context.Context, me int64, after string, limit int) (page []store.Block,
	more bool, err error) {
	if limit, err = chat.PageSize(limit); err != nil {
		return nil, false, err
	}
	if after != "" && !canBeName(after) {
		return nil, false, errBadCursor
	}
	// One more shows whether another page follows.
	page, err = s.opts.Store.Blocks(ctx, me, after, limit+1)
	if err != nil {
		return nil, false, fmt.Errorf("list blocks: %w", err)
	}
	return page[:min(limit, len(page))], len(page) > limit, nil
}
