package connections

import (
	"context"
	_ "embed"
	"fmt"

	"github.com/go-json-experiment/json"
)

// Redis is the part of Redis that following uses. *bus.Bus implements it. Its
// methods may be called from any goroutine.
type Redis interface {
	Eval(ctx context.Context, script string, keys []string, args ...any) (any, error)
	// Do sends one command, whose first argument is a key.
	Do(ctx context.Context, command string, args ...any) (any, error)
}

//go:embed lua/follow.lua
var followScript string

// list is the lists of followed connections in Redis.
type list struct {
	redis  Redis
	prefix string // of all keys
}

func (l list) framesKey(id string) string { return "{" + l.prefix + ":follow:" + id + "}:frames" }
func (l list) wantedKey(id string) string { return "{" + l.prefix + ":follow:" + id + "}:wanted" }

// Commands returns the commands that this package needs, each with its key, so
// that the rights of the user of Redis can be checked.
func Commands(prefix string) [][]any {
	l := list{prefix: prefix}
	frames, wanted := l.framesKey("x"), l.wantedKey("x")
	return [][]any{
		{"RPUSH", frames, ""}, {"PEXPIRE", frames, 1}, {"LRANGE", frames, 0, 0}, {"EXISTS", wanted},
		{"SET", wanted, ""}, {"DEL", wanted},
	}
}

// add adds frames. wanted is false if nobody looks any more.
func (l list) add(ctx context.Context, id string, frames []Followed) (wanted bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	args := []any{keptTime.Milliseconds()}
	for _, f := range frames {
		text, err := json.Marshal(f)
		if err != nil {
			return false, fmt.Errorf("encode a followed frame: %w", err)
		}
		args = append(args, string(text))
	}
	answer, err := l.redis.Eval(ctx, followScript, []string{l.framesKey(id), l.wantedKey(id)}, args...)
	if err != nil {
		return false, fmt.Errorf("add followed frames: %w", err)
	}
	return answer == int64(1), nil
}

// want says that somebody looks, for wantedTime.
func (l list) want(ctx context.Context, id string) error {
	if _, err := l.redis.Do(ctx, "SET", l.wantedKey(id), "1", "PX", wantedTime.Milliseconds()); err != nil {
		return fmt.Errorf("follow: %w", err)
	}
	return nil
}

// read returns up to limit frames after the first so many.
func (l list) read(ctx context.Context, id string, after, limit int) (frames []Followed, err error) {
	answer, err := l.redis.Do(ctx, "LRANGE", l.framesKey(id), after, after+limit-1)
	if err != nil {
		return nil, fmt.Errorf("read followed frames: %w", err)
	}
	texts, _ := answer.([]any)
	for _, text := range texts {
		var f Followed
		if err := json.Unmarshal([]byte(fmt.Sprint(text)), &f); err != nil {
			return nil, fmt.Errorf("decode a followed frame: %w", err)
		}
		frames = append(frames, f)
	}
	return frames, nil
}

// forget ends it: nobody looks any more.
func (l list) forget(ctx context.Context, id string) error {
	if _, err := l.redis.Do(ctx, "DEL", l.wantedKey(id)); err != nil {
		return fmt.Errorf("stop following: %w", err)
	}
	return nil
}
