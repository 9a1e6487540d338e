package bus

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/redis/go-redis/v9"
)

// Tail returns the newest n payloads of a room's log, oldest first. The error
// carries a retryable chat.Error.
func (b *Bus) Tail(ctx context.Context, room string, n int) ([][]byte, error) {
	if n <= 0 {
		return nil, nil
	}
	entries, err := b.client.XRevRangeN(ctx, b.key(room, "log"), "+", "-", int64(n)).Result()
	if err != nil {
		return nil, fmt.Errorf("read tail of room %s: %w", room, unavailable(err))
	}
	slices.Reverse(entries)
	return payloads(entries), nil
}

// After returns up to limit payloads of a room's log whose seq is greater than
// seq, oldest first. If the first does not follow seq, the messages between
// have left the log. The error carries a retryable chat.Error.
func (b *Bus) After(ctx context.Context, room string, seq uint64, limit int) ([][]byte, error) {
	if limit <= 0 {
		return nil, nil
	}
	from := strconv.FormatUint(seq+1, 10) + "-0"
	entries, err := b.client.XRangeN(ctx, b.key(room, "log"), from, "+", int64(limit)).Result()
	if err != nil {
		return nil, fmt.Errorf("read room %s after %d: %w", room, seq, unavailable(err))
	}
	return payloads(entries), nil
}

// payloads returns the payloads in entries of a stream.
func payloads(entries []redis.XMessage) [][]byte {
	out := make([][]byte, 0, len(entries))
	for _, e := range entries {
		if m, ok := e.Values["m"].(string); ok {
			out = append(out, []byte(m))
		}
	}
	return out
}
