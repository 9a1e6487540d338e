package bus

import (
	"context"
	_ "embed"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"

	"livechat/server/chat"
)

var (
	//go:embed log.lua
	logSource string
	//go:embed open.lua
	openSource string
	//go:embed adopt.lua
	adoptSource string
	//go:embed mend.lua
	mendSource string
	//go:embed offer.lua
	offerSource string
	//go:embed merge.lua
	mergeSource string
	//go:embed reopen.lua
	reopenSource string
	//go:embed publish.lua
	publishSource string

	openScript   = redis.NewScript(logSource + followSource + openSource)
	adoptScript  = redis.NewScript(logSource + mergeSource + adoptSource)
	mendScript   = redis.NewScript(logSource + mergeSource + mendSource)
	offerScript  = redis.NewScript(logSource + mergeSource + offerSource)
	reopenScript = redis.NewScript(logSource + mergeSource + followSource + reopenSource)
)

// OpenLog returns where a room's log stands, and begins the log if there is none, behind what is archived of the room. seen is the newest message that
// this server has of it; zero if it has none. A log that cannot be used is closed (chat.ErrLogClosed), and this server begins to mend it:
// Handler.Subscribed is called again once it is open. Any other error carries a retryable chat.Error.
func (b *Bus) OpenLog(ctx context.Context, room string, seen chat.Position) (chat.Log, error) {
	link := b.came.now()
	c := b.openCall(room, seen, "", "")
	b.askAll(ctx, []*call{c})
	s, err := c.state, c.err
	if err == nil && s.kind == "begins" {
		s, err = b.begin(ctx, room, seen)
	}
	if err != nil {
		return chat.Log{}, fmt.Errorf("open log of room %s: %w", room, err)
	}
	if s.kind != "open" || b.isBack(room, s.log) {
		b.mends.want(room, s.log.Head.Epoch, false)
		return chat.Log{}, fmt.Errorf("open log of room %s: %w", room, chat.ErrLogClosed)
	}
	b.logs.set(room, s.log, s.run)
	b.came.add(link, room, s.run)
	b.sayRecentAgain(room, s.log)
	return s.log, nil
}

// isBack says that a log is where it was before this server saw it go on, in an epoch that has ended: somebody has restored it.
func (b *Bus) isBack(room string, l chat.Log) bool {
	h, ok := b.handler.Load().(Handler)
	if !ok {
		return false
	}
	known := h.Known(room)
	return known.Head.Epoch != "" && !l.Has(known.Head) && known.Has(l.Head)
}

// archived returns a room's log as far as it is archived; zero if nothing is,
// or if that cannot be said now.
func (b *Bus) archived(ctx context.Context, room string) chat.Log {
	if b.options.Archived == nil {
		return chat.Log{}
	}
	l, err := b.options.Archived(ctx, room)
	if err != nil {
		b.log.Warn("a room's log begins anew without a look into the archive, and gives numbers again that may be archived", "room", room, "error", err)
		return chat.Log{}
	}
	return l
}

// Adopt lets a room's log know epochs that this server has seen and the log has nothing of. now is the epoch that the log was found in; if
// that is over the error is chat.ErrLogClosed, and the log is to be opened again.
func (b *Bus) Adopt(ctx context.Context, room, now string, epochs []string) (chat.Log, error) {
	args := []any{now, b.side(), room}
	for _, e := range epochs {
		args = append(args, e)
	}
	s, err := b.ask(ctx, adoptScript, room, args...)
	if err == nil && s.kind != "open" {
		err = chat.ErrLogClosed
	}
	if err != nil {
		return chat.Log{}, fmt.Errorf("adopt epochs of room %s: %w", room, err)
	}
	return s.log, nil
}

// loadPublish gives Redis the script by which it publishes in a room. Only here does that script get into Redis, never by EVAL, and
// only after the room's log has been found open by the process that the script names.
func (b *Bus) loadPublish(ctx context.Context, room string, seen chat.Position) error {
	l := b.logs.get(room)
	node, err := b.nodeOf(ctx, room) // a cluster's client would give it to all nodes, and fail if one is dead
	if err != nil {
		return unavailable(err)
	}
	if err := l.script.Load(ctx, node).Err(); err != nil {
		return fmt.Errorf("load the publish script: %w", err)
	}
	l.loaded.Store(true)
	b.log.Info("loaded the publish script into Redis", "run", l.run[:min(8, len(l.run))])
	if _, err := b.OpenLog(ctx, room, seen); err != nil {
		return err
	}
	if b.logs.get(room).run == l.run {
		return nil
	}
	// Redis restarted just between, and knows the script of the process before, to which its log is still open.
	l.loaded.Store(false)
	if err := node.ScriptFlush(ctx).Err(); err != nil {
		return fmt.Errorf("flush the scripts: %w", err)
	}
	return errors.New("load the publish script: Redis has restarted meanwhile")
}
