package bus

import (
	"context"
	_ "embed"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"livechat/server/chat"
)

// This file lets go of logs.
//
// Head and stream of a log expire in Redis, together. While a server follows
// the log it puts that off, so a log never leaves under people. The others stay
// for RoomTTL or FeedTTL after the last message, or the last follower.
//
// Nothing is lost by that. A message keeps its log for longer, by archiveTime,
// and the archive takes that back once it has everything (archive.lua). A room
// that begins again goes on behind its archive (OpenLog), so a client that
// comes back finds its epoch and its place. A feed begins anew: its epoch is
// not known any more, by which the client learns that it has to ask for what it
// missed by HTTP, as after any loss of Redis.
//
// A room in which nobody has spoken is only a name. It goes after quietTTL, or
// anybody could fill Redis by looking into rooms.

const (
	quietTTL    = 2 * time.Minute
	archiveTime = 7 * 24 * time.Hour
	keepPage    = 500 // logs that are kept by one pipeline
)

var (
	//go:embed keep.lua
	keepSource string
	keepScript = redis.NewScript(logSource + keepSource)
)

// lifetime says how long a log stays in Redis.
type lifetime struct {
	idle  time.Duration // after the last message or follower
	quiet time.Duration // the same, while nobody has spoken in it
	fresh time.Duration // after a message that may not be archived yet
}

func (b *Bus) lifetime(room string) lifetime {
	if chat.IsFeed(room) {
		return lifetime{b.options.FeedTTL, b.options.FeedTTL, b.options.FeedTTL}
	}
	idle := b.options.RoomTTL
	return lifetime{idle, min(idle, quietTTL), idle + archiveTime}
}

// keeper is when each log that this server follows is to be kept next.
type keeper struct {
	mu  sync.Mutex
	due map[string]time.Time // guarded by mu: by room
}

// follow adds a log; it was kept just now, when it was opened, or will be.
func (k *keeper) follow(room string, due time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.due == nil {
		k.due = make(map[string]time.Time)
	}
	if _, ok := k.due[room]; !ok {
		k.due[room] = due
	}
}

func (k *keeper) forget(room string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.due, room)
}

// before returns those that are due before t, at most keepPage.
func (k *keeper) before(t time.Time) (rooms []string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for room, due := range k.due {
		if due.Before(t) {
			rooms = append(rooms, room)
		}
		if len(rooms) == keepPage {
			break
		}
	}
	return rooms
}

// until puts a log off, unless it is no longer followed.
func (k *keeper) until(room string, due time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if _, ok := k.due[room]; ok {
		k.due[room] = due
	}
}

// keepFollowed keeps the logs that this server follows, each whenever half of its
// time has passed, until ctx is done.
func (b *Bus) keepFollowed(ctx context.Context) {
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
			rooms := b.keeper.before(time.Now())
			if len(rooms) == 0 || !b.keep(ctx, rooms) {
				break
			}
		}
	}
}

// keep keeps logs. ok is false if that is to be tried again later.
func (b *Bus) keep(ctx context.Context, rooms []string) (ok bool) {
	ctx, cancel := context.WithTimeout(ctx, b.options.attempt())
	defer cancel()
	pipe := b.client.Pipeline()
	cmds := make([]*redis.Cmd, len(rooms))
	for i, room := range rooms {
		life := b.lifetime(room)
		cmds[i] = keepScript.EvalSha(ctx, pipe, []string{b.key(room, "head"), b.key(room, "log")}, life.idle.Milliseconds(), life.quiet.Milliseconds())
	}
	_, _ = pipe.Exec(ctx) // its error is that of one of the commands, which have their own
	ok = true
	for i, room := range rooms {
		ms, err := cmds[i].Int64()
		switch {
		case err == nil:
			life := b.lifetime(room).quiet
			if ms > 0 { // else it is being repaired, or its room is about to find out
				life = time.Duration(ms) * time.Millisecond
			}
			b.keeper.until(room, time.Now().Add(life/2))
		case isNoScript(err):
			_ = keepScript.Load(ctx, b.client).Err() // if that fails it is tried again, too
			return false
		default:
			b.log.Debug("cannot keep a log in Redis", "room", room, "error", err)
			ok = false
		}
	}
	return ok
}
