package bus

import (
	"context"
	"fmt"
)

// Servers without a store learn here which names are not for guests. The store is what counts: whoever has one says again and again what is in it.
//
//	livechat:names   set: the names of accounts, in the form in which look-alikes are equal

func (b *Bus) namesKey() string { return b.options.Channel + ":names" }

// AddNames says that these names are accounts'. There may be many.
func (b *Bus) AddNames(ctx context.Context, skeletons ...string) error {
	if len(skeletons) == 0 {
		return nil
	}
	members := make([]any, len(skeletons))
	for i, s := range skeletons {
		members[i] = s
	}
	if err := b.client.SAdd(ctx, b.namesKey(), members...).Err(); err != nil {
		return fmt.Errorf("say which names are taken: %w", err)
	}
	return nil
}

// HasName says whether a name is an account's.
func (b *Bus) HasName(ctx context.Context, skeleton string) (bool, error) {
	has, err := b.HasNames(ctx, []string{skeleton})
	return err == nil && has[0], err
}

// HasNames says of each of some names, at least one, whether it is an account's.
func (b *Bus) HasNames(ctx context.Context, skeletons []string) ([]bool, error) {
	members := make([]any, len(skeletons))
	for i, s := range skeletons {
		members[i] = s
	}
	has, err := b.client.SMIsMember(ctx, b.namesKey(), members...).Result()
	if err != nil {
		return nil, fmt.Errorf("ask whether names are taken: %w", err)
	}
	return has, nil
}

// CountNames returns how many names are accounts'. While nobody has told us of others it stays the same.
func (b *Bus) CountNames(ctx context.Context) (int64, error) {
	n, err := b.client.SCard(ctx, b.namesKey()).Result()
	if err != nil {
		return 0, fmt.Errorf("count the names that are taken: %w", err)
	}
	return n, nil
}
