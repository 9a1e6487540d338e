package bus

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"livechat/server/chat"
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
	if len(entries) == 0 {
		return nil, nil
	}
	from := seqOf(entries[0])
	if len(entries) < n { // tombstones may come before the first of the stream
		from = max(1, from-min(from, uint64(n-len(entries))))
	}
	list, err := b.withTombs(ctx, room, from, entries)
	if err != nil {
		return nil, fmt.Errorf("read tail of room %s: %w", room, unavailable(err))
	}
	return dense(list[max(0, len(list)-n):], len(entries)), nil
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
	list, err := b.withTombs(ctx, room, seq+1, entries)
	if err != nil {
		return nil, fmt.Errorf("read room %s after %d: %w", room, seq, unavailable(err))
	}
	return list[:min(limit, len(list))], nil
}

// withTombs returns the payloads in entries of a stream, and, from a seq on,
// what stands for those that were removed: see tombs.lua. A log without holes
// costs no question. The tombstones are read after the stream, so what is
// deleted meanwhile is in one of the two.
func (b *Bus) withTombs(ctx context.Context, room string, from uint64, entries []redis.XMessage) (
	[][]byte, error) {
	if len(entries) == 0 {
		return nil, nil
	}
	last := seqOf(entries[len(entries)-1])
	if last-from+1 == uint64(len(entries)) {
		return payloads(entries), nil
	}
	tombs, err := b.client.ZRangeByScoreWithScores(ctx, b.key(room, "tombs"), &redis.ZRangeBy{
		Min: strconv.FormatUint(from, 10), Max: strconv.FormatUint(last, 10),
	}).Result()
	if err != nil {
		return nil, fmt.Errorf("read tombstones: %w", err)
	}
	out := make([][]byte, 0, len(entries)+len(tombs))
	for _, e := range entries {
		seq := float64(seqOf(e))
		for len(tombs) > 0 && tombs[0].Score <= seq {
			m, ok := tombs[0].Member.(string)
			switch {
			case ok && tombs[0].Score < seq:
				out = append(out, []byte(m))
			case ok: // it was deleted just now
				e.Values = map[string]any{"m": m}
			}
			tombs = tombs[1:]
		}
		out = append(out, payloads([]redis.XMessage{e})...)
	}
	return out, nil
}

// dense leaves out what comes before a hole ahead of the newest n payloads:
// tombstones that the stream has left behind.
func dense(list [][]byte, n int) [][]byte {
	for i := len(list) - n; i > 0; i-- {
		before, _, _ := chat.ParsePayload(list[i-1])
		if next, _, ok := chat.ParsePayload(list[i]); ok && before.Seq+1 != next.Seq {
			return list[i:]
		}
	}
	return list
}

func seqOf(e redis.XMessage) uint64 {
	digits, _, _ := strings.Cut(e.ID, "-")
	seq, _ := strconv.ParseUint(digits, 10, 64) // anything else was added by hand
	return seq
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
