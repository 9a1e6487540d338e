package bus

import (
	"context"
	_ "embed"

	"github.com/redis/go-redis/v9"
)

// processSource defines process(). It precedes log.lua and the scripts of Eval.
//
//go:embed lua/process.lua
var processSource string

// Eval runs a script that is not about the log of a room. Its keys must have
// one hash tag. The script may call process(), which returns the name of the
// process of Redis that runs it.
func (b *Bus) Eval(ctx context.Context, script string, keys []string, args ...any) (any, error) {
	compiled, ok := b.scripts.Load(script)
	if !ok {
		compiled, _ = b.scripts.LoadOrStore(script, redis.NewScript(processSource+script))
	}
	return compiled.(*redis.Script).Run(ctx, b.client, keys, args...).Result()
}

// Do sends one command, whose first argument is a key.
func (b *Bus) Do(ctx context.Context, command string, args ...any) (any, error) {
	return b.client.Do(ctx, append([]any{command}, args...)...).Result()
}
