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

// This file tells archivers which rooms have new messages, so that they need
// not ask for all. Twice a second each server notes in Redis the rooms in which
// it has published, or found another epoch. A note may be lost, with the server
// or in Redis, so archivers also check all rooms from time to time.
//
//	{livechat}:news   sorted set: rooms, by when they last had new messages

const (
	newsEvery = 500 * time.Millisecond
	newsTTL   = 5 * time.Minute // archivers look every second, and at all rooms after an outage
	newsRooms = 50_000          // in Redis, and here while it does not answer
	newsPage  = 1000            // rooms in one command
)

var (
	//go:embed lua/news.lua
	newsSource string
	newsScript = redis.NewScript(newsSource)
)

// news is the set of rooms with new messages that has not been noted in Redis.
type news struct {
	mu    sync.Mutex
	rooms map[string]struct{} // guarded by mu
}

func newNews() *news { return &news{rooms: make(map[string]struct{})} }

// add adds a room. Feeds are not archived.
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

// take returns the rooms and empties the set.
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

// announceNews notes new messages in Redis until ctx is done, and then once
// more.
func (b *Bus) announceNews(ctx context.Context) {
	tick := time.NewTicker(newsEvery)
	defer tick.Stop()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
		for page := range slices.Chunk(b.news.take(), newsPage) {
			if err := b.noteNews(ctx, page); err != nil {
				b.logger.Debug("news: cannot note rooms with new messages", "rooms", len(page), "error", err)
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

// News returns the rooms with messages newer than a mark, and the next mark; 0
// is the first. A room may be returned again, and rarely one may be missing.
func (a *Archive) News(ctx context.Context, mark int64) (rooms []string, next int64, err error) {
	found, err := a.bus.client.ZRangeByScoreWithScores(ctx, a.bus.newsKey(), &redis.ZRangeBy{
		Min: "(" + strconv.FormatInt(mark, 10), Max: "+inf",
	}).Result()
	if err == nil && len(found) == 0 && mark > 0 {
		// Redis may have lost them and count from 1 again.
		newest, err := a.bus.client.ZRevRangeWithScores(ctx, a.bus.newsKey(), 0, 0).Result()
		if err == nil && (len(newest) == 0 || int64(newest[0].Score) < mark) {
			return a.News(ctx, 0)
		}
	}
	if err != nil {
		return nil, mark, fmt.Errorf("read the rooms with new messages: %w", err)
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
