package bus

import (
	"context"
	"fmt"

	"github.com/redis/go-redis/v9"
)

// direct returns the channel on which the server of that name alone listens.
func (b *Bus) direct(name string) string { return b.side() + ":" + name }

// PublishSideTo tells each of some servers, by their names, a payload of its own,
// at most once: who is not connected to Redis misses it. It comes as Handler.Side.
func (b *Bus) PublishSideTo(ctx context.Context, names []string, payloads [][]byte) error {
	_, err := b.sideNode().Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, name := range names {
			p.Publish(ctx, b.direct(name), payloads[i])
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("publish on the channels of %d servers: %w", len(names), err)
	}
	return nil
}
