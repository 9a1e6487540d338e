package api

import (
	"context"
	"strings"

	"livechat/server/chat"
	"livechat/server/store"
)

func (f *fakes) Blocks(ctx context.Context, me int64, after string, limit int) ([]store.Block, bool, error) {
	leave, err := f.enter(ctx, "blocks", me, after, limit)
	defer leave()
	return nil, false, err
}

func (f *fakes) Block(ctx context.Context, me int64, name string) error {
	leave, err := f.enter(ctx, "block", me, name)
	defer leave()
	if err == nil && strings.HasPrefix(name, "nobody") {
		err = chat.Errorf(chat.CodeUnknownUser, "No account has this name.")
	}
	return err
}

func (f *fakes) Unblock(ctx context.Context, me int64, name string) error {
	leave, err := f.enter(ctx, "unblock", me, name)
	defer leave()
	return err
}
