package bus

import (
	"context"
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"livechat/server/chat"
)

// This file tells those who archive rooms which have something new, so that
// they need not ask all. Each server notes in Redis, twice a second, the rooms
// in which it has put something, or found another epoch. A note may be lost,
// with the server or in Redis; so archivers also look for all rooms, seldom.
//
//	{livechat}:news   sorted set: rooms, by when something was last said in them

const (
	newsEvery = 500 * time.Millisecond
	newsTTL   = 5 * time.Minute // archivers look every second, and for all rooms after an outage
	newsRooms = 50_000          // noted in Redis, and kept here while it does not answer
	newsPage  = 1000            // rooms in one command
)

var (
	//go:embed news.lua
	newsSource string
	newsScript = redis.NewScript(newsSource)
)

// news is the rooms in which something was said, and nobody was told of.
type news struct {
	mu    sync.Mutex
	rooms map[string]struct{} // guarded by mu
}

func newNews() *news { return &news{rooms: make(map[string]struct{})} }

// add notes a room. Feeds are not archived.
func (n *news) add(room string) {
	if chat.IsFeed(room) {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.rooms) < newsRooms {
		n.rooms[room] = struct{}{}
	}
}

// take returns the rooms, and forgets them.
func (n *news) take() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.rooms) == 0 {
		return nil
	}
	rooms := slices.Collect(maps.Keys(n.rooms))
	clear(n.rooms)
	return rooms
}

// tellNews notes in Redis what is new until ctx is done, and then once more.
func (b *Bus) tellNews(ctx context.Context) {
	tick := time.NewTicker(newsEvery)
	defer tick.Stop()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
		for page := range slices.Chunk(b.news.take(), newsPage) {
			if err := b.noteNews(ctx, page); err != nil {
				b.log.Debug("cannot say in which rooms something was said", "rooms", len(page), "error", err)
				for _, room := range page {
					b.news.add(room)
				}
			}
		}
	}
}

func (b *Bus) noteNews(ctx context.Context, rooms []string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), b.options.attempt())
	defer cancel()
	args := []any{newsTTL.Milliseconds(), newsRooms}
	for _, room := range rooms {
		args = append(args, room)
	}
	return newsScript.Run(ctx, b.client, []string{b.newsKey()}, args...).Err()
}

func (b *Bus) newsKey() string { return b.key(chat.DefaultRoom, "news") }

// News returns the rooms in which something was said behind a mark, and the
// next mark; 0 is the first. A room may be named again, and, seldom, none may
// be although something was said.
func (a *Archive) News(ctx context.Context, mark int64) (rooms []string, next int64, err error) {
	found, err := a.bus.client.ZRangeByScoreWithScores(ctx, a.bus.newsKey(), &redis.ZRangeBy{
		Min: "(" + strconv.FormatInt(mark, 10), Max: "+inf",
	}).Result()
	if err == nil && len(found) == 0 && mark > 0 {
		// Redis may have lost them, and count from 1 again.
		newest, err := a.bus.client.ZRevRangeWithScores(ctx, a.bus.newsKey(), 0, 0).Result()
		if err == nil && (len(newest) == 0 || int64(newest[0].Score) < mark) {
			return a.News(ctx, 0)
		}
	}
	if err != nil {
		return nil, mark, fmt.Errorf("ask in which rooms something was said: %w", err)
	}
	next = mark
	for _, z := range found {
		if room, ok := z.Member.(string); ok && (room == chat.DefaultRoom || chat.CheckRoom(room) == nil) {
			rooms = append(rooms, room)
		}
		next = max(next, int64(z.Score))
	}
	return rooms, next, nil
}
