package bus

import (
	"context"
	"fmt"

	"github.com/redis/go-redis/v9"
)

// ownChannel returns the channel on which only the server of that name listens.
func (b *Bus) ownChannel(name string) string { return b.gossipChannel() + ":" + name }

// PublishGossipTo sends each of some servers, by name, a payload of its own, at
// most once: a server that is not connected to Redis misses it. It arrives as
// Subscriber.Gossip.
func (b *Bus) PublishGossipTo(ctx context.Context, names []string, payloads [][]byte) error {
	_, err := b.gossipNode().Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, name := range names {
			p.Publish(ctx, b.ownChannel(name), payloads[i])
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("publish on the channels of %d servers: %w", len(names), err)
	}
	return nil
}
