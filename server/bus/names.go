package bus

import (
	"context"
	_ "embed"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// Servers without a store learn here which names are not for guests. The store is what counts: whoever has one says again and again what is in it,
// and at once when Redis may have lost some.
//
//	livechat:names           set: the names of accounts, in the form in which look-alikes are equal
//	{livechat:names}:whole   "<process of Redis> <count>": the set had all of them; see names.lua. It lies in the set's slot.

// namesTime is how long names are kept after somebody has last said them.
const namesTime = 30 * 24 * time.Hour

var (
	//go:embed names.lua
	namesSource string
	namesScript = redis.NewScript(logSource + namesSource)
)

func (b *Bus) namesKey() string    { return b.options.Channel + ":names" }
func (b *Bus) namesKeys() []string { return []string{b.namesKey(), "{" + b.namesKey() + "}:whole"} }

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

// Names is what Redis knows of the names of accounts.
type Names struct {
	Has   []bool // of each name that was asked for, whether it is an account's
	Whole bool   // all accounts' names are known
	Count int64  // of names; they only become more, unless Redis loses some
	run   string
}

// HasNames asks for some names, or for none.
func (b *Bus) HasNames(ctx context.Context, skeletons ...string) (Names, error) {
	args := make([]any, 1, 1+len(skeletons))
	args[0] = "has"
	for _, s := range skeletons {
		args = append(args, s)
	}
	reply, err := namesScript.Run(ctx, b.client, b.namesKeys(), args...).Slice()
	if err == nil && len(reply) != 3+len(skeletons) {
		err = fmt.Errorf("%d values", len(reply))
	}
	if err != nil {
		return Names{}, fmt.Errorf("ask whether names are taken: %w", err)
	}
	n := Names{Whole: reply[0] == int64(1), Has: make([]bool, len(skeletons))}
	n.Count, _ = reply[1].(int64)
	n.run, _ = reply[2].(string)
	for i := range skeletons {
		n.Has[i] = reply[3+i] == int64(1)
	}
	return n, nil
}

// NamesWhole says that all names were added, count of them, since before was asked for. If Redis has lost any meanwhile nothing changes.
func (b *Bus) NamesWhole(ctx context.Context, before Names, count int64) error {
	if err := namesScript.Run(ctx, b.client, b.namesKeys(), "whole", before.run, count, namesTime.Milliseconds()).Err(); err != nil {
		return fmt.Errorf("say that all names are known: %w", err)
	}
	return nil
}

// CountNames returns how many names are accounts'. While nobody has told us of others it stays the same.
func (b *Bus) CountNames(ctx context.Context) (int64, error) {
	n, err := b.client.SCard(ctx, b.namesKey()).Result()
	if err != nil {
		return 0, fmt.Errorf("count the names that are taken: %w", err)
	}
	return n, nil
}
