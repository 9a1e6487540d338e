package bus

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/redis/go-redis/v9"

	"livechat/server/chat"
)

var (
	//go:embed open.lua
	openSource string
	//go:embed renew.lua
	renewSource string
	//go:embed publish.lua
	publishSource string

	openScript    = redis.NewScript(openSource)
	renewScript   = redis.NewScript(renewSource)
	publishScript = redis.NewScript(publishSource)
)

// OpenLog returns the newest position of a room's log, and begins the log if there is none. Its error carries a retryable chat.Error.
func (b *Bus) OpenLog(ctx context.Context, room string) (chat.Position, error) {
	p, err := b.position(ctx, openScript, []string{b.key(room, "head"), b.key(room, "log")}, newEpoch())
	if err != nil {
		return p, fmt.Errorf("open log of room %s: %w", room, err)
	}
	return p, nil
}

// Renew is for a room whose log has gone back behind old, which was seen: it begins a new epoch, numbered on above old and above all
// that the log holds. If the log is not behind old or in another epoch, somebody has renewed it already and nothing is done.
// It returns the log's newest position either way. Its error carries a retryable chat.Error.
func (b *Bus) Renew(ctx context.Context, room string, old chat.Position) (chat.Position, error) {
	keys := []string{b.key(room, "head"), b.key(room, "log")}
	p, err := b.position(ctx, renewScript, keys, old.Epoch, strconv.FormatUint(old.Seq, 10), newEpoch())
	if err != nil {
		return p, fmt.Errorf("renew log of room %s: %w", room, err)
	}
	return p, nil
}

// Tail returns the newest n payloads of a room's log, oldest first. Its error carries a retryable chat.Error.
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

// After returns at most limit payloads of a room's log whose seq is greater than seq, oldest first. If the first does not follow seq, what was
// between has left the log. Its error carries a retryable chat.Error.
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

// payloads takes out of the entries what the publish script has put into them.
func payloads(entries []redis.XMessage) [][]byte {
	out := make([][]byte, 0, len(entries))
	for _, e := range entries {
		if m, ok := e.Values["m"].(string); ok {
			out = append(out, []byte(m))
		}
	}
	return out
}

// position runs a script that answers with a position.
func (b *Bus) position(ctx context.Context, s *redis.Script, keys []string, args ...any) (chat.Position, error) {
	reply, err := s.EvalSha(ctx, b.client, keys, args...).Text()
	if isNoScript(err) {
		if err = b.load(ctx, s); err == nil {
			reply, err = s.EvalSha(ctx, b.client, keys, args...).Text()
		}
	}
	if err != nil {
		return chat.Position{}, unavailable(err)
	}
	p, err := chat.ParsePosition(reply)
	if err != nil {
		return p, fmt.Errorf("read position %q: %w", reply, errors.New("not one that this version writes"))
	}
	return p, nil
}

// load gives Redis a script. Only here does one get into Redis, never by EVAL: a Redis that does not know its scripts any more has been
// restarted or replaced, and this is the place to learn of it.
func (b *Bus) load(ctx context.Context, s *redis.Script) error {
	if err := s.Load(ctx, b.client).Err(); err != nil {
		return fmt.Errorf("load script: %w", err)
	}
	b.log.Info("loaded a script into Redis", "sha", s.Hash()[:8])
	return nil
}

// isNoScript says that Redis has not run a script because it does not know it.
func isNoScript(err error) bool { return redis.HasErrorPrefix(err, "NOSCRIPT") }
