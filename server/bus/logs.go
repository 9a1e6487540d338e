package bus

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strings"

	"github.com/redis/go-redis/v9"

	"livechat/server/chat"
)

var (
	//go:embed lua/log.lua
	logLua    string
	logSource = processSource + logLua
	//go:embed lua/tombs.lua
	tombsSource string
	//go:embed lua/open.lua
	openSource string
	//go:embed lua/adopt_epochs.lua
	adoptEpochsSource string
	//go:embed lua/seal.lua
	sealSource string
	//go:embed lua/stage.lua
	stageSource string
	//go:embed lua/restore.lua
	restoreSource string
	//go:embed lua/unseal.lua
	unsealSource string
	//go:embed lua/publish.lua
	publishSource string

	openScript        = redis.NewScript(logSource + subscribedSource + openSource)
	adoptEpochsScript = redis.NewScript(logSource + tombsSource + restoreSource + adoptEpochsSource)
	sealScript        = redis.NewScript(logSource + tombsSource + restoreSource + sealSource)
	stageScript       = redis.NewScript(logSource + tombsSource + restoreSource + stageSource)
	unsealScript      = redis.NewScript(logSource + tombsSource + restoreSource + subscribedSource +
		unsealSource)
)

// OpenLog returns the state of a room's log. If there is none it begins the
// log, after what is archived of the room. seen is the newest message that this
// server has; zero if it has none. If the log is closed the error is
// chat.ErrLogClosed, this server joins its repair, and Subscriber.Subscribed is
// called once the log is open. Any other error carries a retryable chat.Error.
func (b *Bus) OpenLog(ctx context.Context, room string, seen chat.Position) (chat.Log, error) {
	link := b.arrivals.now()
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
		b.repairs.want(room, s.log.Head.Epoch, false)
		return chat.Log{}, fmt.Errorf("open log of room %s: %w", room, chat.ErrLogClosed)
	}
	b.logs.set(room, s.log, s.run)
	b.arrivals.add(link, room, s.run)
	b.republishRecent(room, s.log)
	return s.log, nil
}

// isBack reports that a log is where it was before this server saw it continue,
// in an epoch that has ended: Redis was restored from a snapshot.
func (b *Bus) isBack(room string, l chat.Log) bool {
	h, ok := b.source.Load().(RepairSource)
	if !ok {
		return false
	}
	known := h.Known(room)
	return known.Head.Epoch != "" && !l.Has(known.Head) && known.Has(l.Head)
}

// archived returns the log of a room as far as it is archived; zero if nothing
// is, or if that is not known now.
func (b *Bus) archived(ctx context.Context, room string) chat.Log {
	if b.options.Archived == nil {
		return chat.Log{}
	}
	l, err := b.options.Archived(ctx, room)
	if err != nil {
		b.logger.Warn("archive: not readable; a log begins without it and may use numbers twice",
			"room", room, "error", err)
		return chat.Log{}
	}
	return l
}

// Adopt adds to a room's log epochs that this server has seen and the log does
// not know. now is the epoch in which the log was found. If it has ended the
// error is chat.ErrLogClosed, and the log has to be opened again.
func (b *Bus) Adopt(ctx context.Context, room, now string, epochs []string) (chat.Log, error) {
	args := []any{now, b.gossipChannel(), room}
	for _, e := range epochs {
		args = append(args, e)
	}
	s, err := b.ask(ctx, adoptEpochsScript, room, args...)
	if err == nil && s.kind != "open" {
		err = chat.ErrLogClosed
	}
	if err != nil {
		return chat.Log{}, fmt.Errorf("adopt epochs of room %s: %w", room, err)
	}
	return s.log, nil
}

// loadPublish gives Redis the script that publishes in a room. The script gets
// into Redis only here, never by EVAL, and only into the process that it names:
// a restart of Redis ends the connection, so the process that answers INFO is
// the one that gets the script.
func (b *Bus) loadPublish(ctx context.Context, room string) error {
	l := b.logs.get(room)
	node, err := b.nodeOf(ctx, room) // a cluster's client would load it on all nodes, and fail if one is dead
	if err != nil {
		return unavailable(err)
	}
	client, ok := node.(*redis.Client)
	if !ok {
		return fmt.Errorf("load the publish script: a client of type %T has no connections", node)
	}
	conn := client.Conn()
	defer conn.Close()
	info, err := conn.Info(ctx, "server").Result()
	if err != nil {
		return fmt.Errorf("load the publish script: %w", err)
	}
	if !strings.Contains(info, "run_id:"+l.run) {
		return errors.New("load the publish script: Redis has restarted")
	}
	if err := l.script.Load(ctx, conn).Err(); err != nil {
		return fmt.Errorf("load the publish script: %w", err)
	}
	l.loaded.Store(true)
	b.logger.Info("redis: loaded the publish script", "run", l.run[:min(8, len(l.run))])
	return nil
}
