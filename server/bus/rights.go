package bus

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/redis/go-redis/v9"

	"livechat/server/chat"
)

// The user of Redis needs rights. Without INFO a restart of Redis would go
// unnoticed, and numbers would be used twice; without others users would find
// out. So they are checked at the start, and none is assumed later.

// SufficientACL are the rules of a user (ACL SETUSER) that suffice for a
// channel named livechat. They are in docs/configuration.md; rights_test.go
// runs a bus with them.
const SufficientACL = "~livechat:* ~{livechat* &livechat &livechat:* +@all -@dangerous +info"

// ErrNoRight says that the user of Redis lacks a right that the bus needs.
var ErrNoRight = errors.New("the user of Redis lacks a right")

// infoNeeded begins the error of process.lua where INFO is refused.
const infoNeeded = "INFO server is needed to notice a restart of Redis"

// errOldCluster is why a Redis Cluster before version 7 is refused.
var errOldCluster = errors.New("a Redis Cluster needs sharded pub/sub (SPUBLISH), which came with Redis 7")

// isDenied reports that Redis has refused a command because a right is missing,
// in a script or outside. The texts depend on the version.
func isDenied(err error) bool {
	if redis.HasErrorPrefix(err, "NOPERM") {
		return true
	}
	reply, ok := errors.AsType[redis.Error](err)
	return ok && (strings.Contains(reply.Error(), infoNeeded) ||
		strings.Contains(reply.Error(), "executing the script can't "))
}

// CheckRights returns an error that wraps ErrNoRight and names the right if the
// user of Redis lacks one. Other errors mean that it could not be checked:
// Redis may not be up yet. It changes nothing in Redis.
func (b *Bus) CheckRights(ctx context.Context) error {
	err := b.eachNode(ctx, func(ctx context.Context, node redis.UniversalClient) error {
		c, ok := node.(*redis.Client)
		if !ok {
			return nil
		}
		if err := b.checkNode(ctx, c); err != nil {
			return err
		}
		return b.checkSubscribe(ctx, c)
	})
	if isDenied(err) {
		return fmt.Errorf("%w: %w", ErrNoRight, err)
	}
	return err
}

// checkNode begins a transaction, queues each command, and discards it: Redis
// checks the rights for each command at once, and runs none.
func (b *Bus) checkNode(ctx context.Context, node *redis.Client) error {
	info, err := node.Info(ctx, "server").Result()
	if err != nil {
		return fmt.Errorf("%s: %w", infoNeeded, err)
	}
	if !strings.Contains(info, "run_id:") {
		return fmt.Errorf("%w: %s: there is no run_id in it", ErrNoRight, infoNeeded)
	}
	conn := node.Conn()
	defer conn.Close()
	if err := conn.Do(ctx, "MULTI").Err(); err != nil {
		return fmt.Errorf("MULTI: %w", err)
	}
	var failed error
	pipe := conn.Pipeline()
	for _, words := range b.commands() {
		pipe.Do(ctx, words...)
	}
	cmds, err := pipe.Exec(ctx)
	for _, cmd := range cmds {
		switch {
		case failed != nil:
		case isDenied(cmd.Err()):
			failed = fmt.Errorf("%s: %w", cmd.Args(), cmd.Err())
		case cmd.Name() == "spublish" && redis.HasErrorPrefix(cmd.Err(), "unknown command"):
			failed = fmt.Errorf("%w: %w: %w", ErrNoRight, errOldCluster, cmd.Err())
		}
	}
	// The connection of a transaction that was begun cannot be used for
	// anything else.
	if err := conn.Do(ctx, "DISCARD").Err(); err != nil && failed == nil {
		failed = fmt.Errorf("DISCARD: %w", err)
	}
	if failed == nil && err != nil {
		// the link; other objections show when the command is used
		if _, ok := errors.AsType[redis.Error](err); !ok {
			failed = err
		}
	}
	return failed
}

func (b *Bus) checkSubscribe(ctx context.Context, node *redis.Client) error {
	for _, channel := range []string{b.gossipChannel(), b.channel(chat.DefaultRoom), b.channel("rights")} {
		pubsub := node.Subscribe(ctx)
		err := pubsub.Subscribe(ctx, channel)
		if err == nil {
			_, err = pubsub.Receive(ctx)
		}
		_ = pubsub.Close()
		if err != nil {
			return fmt.Errorf("SUBSCRIBE %s: %w", channel, err)
		}
	}
	return nil
}

// commands are the commands of the bus and its scripts, with keys or channels.
func (b *Bus) commands() [][]any {
	room := b.key("rights", "log")
	stage := b.key(chat.DefaultRoom, repairKey, stagedKey)
	head, log := b.key(chat.DefaultRoom, "head"), b.key(chat.DefaultRoom, "log")
	id := b.key(chat.DefaultRoom, "id", "x")
	list := [][]any{
		{"TIME"}, {"PING"}, {"SCRIPT", "LOAD", "return 1"}, {"EVAL", "return 1", 1, head},
		{"EVALSHA", "x", 3, head, log, id},
		{"SCAN", 0}, {"PUBSUB", "CHANNELS", "x"}, {"PUBSUB", "NUMSUB", "x"},
		{"PUBLISH", b.channel(chat.DefaultRoom), ""}, {"PUBLISH", b.channel("rights"), ""},
		{"PUBLISH", b.gossipChannel(), ""},
		{"DEL", id}, {"EXISTS", head}, {"GET", id}, {"MGET", id}, {"SET", id, ""},
		{"PEXPIRE", id, 1}, {"PTTL", id},
		{"HGET", head, "x"}, {"HGETALL", head}, {"HMGET", head, "x"}, {"HSET", head, "x", ""},
		{"HEXISTS", head, "x"}, {"HDEL", head, "x"}, {"HKEYS", head}, {"HLEN", head},
		{"HSCAN", b.reactionsKey(chat.DefaultRoom, "x"), 0},
		{"XADD", log, "*", "m", ""}, {"XLEN", log}, {"XRANGE", log, "-", "+"}, {"XREVRANGE", log, "+", "-"},
		{"XSETID", log, "0-1"}, {"ZCOUNT", stage, 0, 0}, {"ZCARD", stage},
		{"XDEL", log, "0-1"}, {"TYPE", log}, {"PERSIST", log},
		{"RENAME", b.key(chat.DefaultRoom, repairKey, mergedKey), log},
		{"ZADD", stage, 1, "x"}, {"ZRANGE", stage, 0, 0}, {"ZREVRANGE", stage, 0, 0},
		{"ZRANGEBYSCORE", stage, 0, 0},
		{"ZREMRANGEBYSCORE", stage, 0, 0},
		{"XLEN", room}, {"XACK", log, "g", "0-1"}, {"XCLAIM", log, "g", "c", 1, "0-1"},
		{"XPENDING", log, "g"},
		{"XREADGROUP", "GROUP", "g", "c", "STREAMS", log, ">"}, {"XGROUP", "CREATE", log, "g", "0"},
		{"XINFO", "STREAM", log},
	}
	if b.nodes != nil {
		list = append(list, []any{"SPUBLISH", b.channel(chat.DefaultRoom), ""},
			[]any{"SPUBLISH", b.channel("rights"), ""}, []any{"PUBSUB", "SHARDNUMSUB", "x"})
	}
	list = append(list, b.options.Commands...)
	list = append(list, []any{"SET", b.writeKey(0), ""}, []any{"ZREVRANGE", b.newsKey(), 0, 0},
		[]any{"ZREMRANGEBYRANK", b.newsKey(), 0, 0})
	return list
}

// noteRights logs once that Redis refuses a command because a right is missing,
// and once, when a log was found open, that it no longer does.
func (b *Bus) noteRights(err error, open bool) {
	switch {
	case isDenied(err):
		if !b.denied.Swap(true) {
			b.logger.Error("redis: the user lacks a right, logs are closed until it is granted", "error", err)
		}
	case open && b.denied.Load() && b.denied.Swap(false):
		b.logger.Info("redis: the user has all rights again")
	}
}
