package bus

import (
	"context"
	_ "embed"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"livechat/server/chat"
)

// This file lets logs expire.
//
// The keys of a log expire together. While a server is subscribed to the room it
// postpones that, so a log never expires while users are in its room. Other logs
// stay for RoomTTL or FeedTTL after the last message, or the last subscribed
// server.
//
// Nothing is lost by that. A message keeps its log longer, by archiveTime, and
// the archiver takes that back once everything is archived (archive.lua). A
// room that begins again continues after its archive (OpenLog), so a client
// that comes back finds its epoch and its place. A feed begins a new epoch: the
// client learns from the unknown epoch that it has to fetch what it missed over
// HTTP, as after any loss of Redis.
//
// A room without messages is only a name. It expires after quietTTL, or anyone
// could fill Redis by visiting rooms.

const (
	quietTTL    = 2 * time.Minute
	archiveTime = 7 * 24 * time.Hour
	extendPage  = 500 // logs in one pipeline
)

var (
	//go:embed lua/extend.lua
	extendSource string
	extendScript = redis.NewScript(logSource + extendSource)
)

// lifetime is how long a log stays in Redis.
type lifetime struct {
	idle  time.Duration // after the last message or subscribed server
	quiet time.Duration // the same, while it has had no message
	fresh time.Duration // after a message that may not be archived yet
}

func (b *Bus) lifetime(room string) lifetime {
	if chat.IsFeed(room) {
		return lifetime{b.options.FeedTTL, b.options.FeedTTL, b.options.FeedTTL}
	}
	idle := b.options.RoomTTL
	return lifetime{idle, min(idle, quietTTL), idle + archiveTime}
}

// expiries holds when to extend the log of each room to which this server is
// subscribed.
type expiries struct {
	mu  sync.Mutex
	due map[string]time.Time // guarded by mu: by room
}

// add adds a log. It was extended when it was opened, or will be.
func (k *expiries) add(room string, due time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.due == nil {
		k.due = make(map[string]time.Time)
	}
	if _, ok := k.due[room]; !ok {
		k.due[room] = due
	}
}

func (k *expiries) forget(room string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.due, room)
}

// before returns the logs that are due before t, at most extendPage.
func (k *expiries) before(t time.Time) (rooms []string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for room, due := range k.due {
		if due.Before(t) {
			rooms = append(rooms, room)
		}
		if len(rooms) == extendPage {
			break
		}
	}
	return rooms
}

// until postpones a log, unless its room is no longer subscribed to.
func (k *expiries) until(room string, due time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if _, ok := k.due[room]; ok {
		k.due[room] = due
	}
}

// extendSubscribed extends the logs of the rooms to which this server is
// subscribed, each when half of its time has passed, until ctx is done.
func (b *Bus) extendSubscribed(ctx context.Context) {
	every := min(b.lifetime(chat.DefaultRoom).quiet, b.options.FeedTTL) / 8
	tick := time.NewTicker(max(every, time.Millisecond))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		for ctx.Err() == nil {
			rooms := b.expiries.before(time.Now())
			if len(rooms) == 0 || !b.extendExpiry(ctx, rooms) {
				break
			}
		}
	}
}

// extendExpiry extends logs. ok is false if it has to be tried again later.
func (b *Bus) extendExpiry(ctx context.Context, rooms []string) (ok bool) {
	ctx, cancel := context.WithTimeout(ctx, b.options.attempt())
	defer cancel()
	pipe := b.client.Pipeline()
	cmds := make([]*redis.Cmd, len(rooms))
	for i, room := range rooms {
		life := b.lifetime(room)
		cmds[i] = extendScript.EvalSha(ctx, pipe, b.lastingKeys(room),
			life.idle.Milliseconds(), life.quiet.Milliseconds())
	}
	_, _ = pipe.Exec(ctx) // the commands have errors of their own
	ok = true
	for i, room := range rooms {
		ms, err := cmds[i].Int64()
		switch {
		case err == nil:
			life := b.lifetime(room).quiet
			if ms > 0 { // else it is being repaired, or its room will find out
				life = time.Duration(ms) * time.Millisecond
			}
			b.expiries.until(room, time.Now().Add(life/2))
		case isNoScript(err):
			_ = extendScript.Load(ctx, b.client).Err() // a failure is tried again as well
			return false
		default:
			b.logger.Debug("log: cannot extend its expiry", "room", room, "error", err)
			ok = false
		}
	}
	return ok
}
