package bus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"livechat/server/chat"
)

// Whoever bans somebody may want to ban their address as well. Only the server
// of the socket knows it, and the person may have left. So servers note the
// keyed hash of the address beside the room while somebody writes.

// AddressTime is how long Redis keeps the address from which somebody wrote.
const AddressTime = time.Hour

func (b *Bus) addressKey(room string, person chat.Subject) string {
	return b.key(room, "address", string(person))
}

// NoteAddress notes from which address somebody writes in a room. The error
// carries a retryable chat.Error.
func (b *Bus) NoteAddress(ctx context.Context, room string, w chat.Writer) error {
	err := b.client.Set(ctx, b.addressKey(room, w.Person), string(w.Address), AddressTime).Err()
	if err != nil {
		return fmt.Errorf("note an address in room %s: %w", room, unavailable(err))
	}
	return nil
}

// AddressOf returns the address from which somebody wrote in a room within
// AddressTime; empty if none was noted. The error carries a retryable
// chat.Error.
func (b *Bus) AddressOf(ctx context.Context, room string, person chat.Subject) (chat.Subject, error) {
	address, err := b.client.Get(ctx, b.addressKey(room, person)).Result()
	if err != nil && !errors.Is(err, redis.Nil) {
		return "", fmt.Errorf("look for an address in room %s: %w", room, unavailable(err))
	}
	return chat.Subject(address), nil
}
