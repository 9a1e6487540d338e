package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"livechat/internal/localcluster"
	"livechat/internal/testpg"
)

// Private messages: how long it takes to post one over HTTP, and until the
// recipient's feed delivers it. Everything is as in production: two API
// processes and four servers behind HAProxy, Redis, and a PostgreSQL that syncs
// to disk at each commit. For comparison, at the same rate and in the same
// cluster: messages in live rooms of two, which come over sockets and wait for
// no disk.

// postPairs is how many pairs of users write to each other.
const postPairs = 64

// wayPrivate names the way that is measured. The other one is there for
// comparison.
const wayPrivate = "private"

// postRates are the offered messages a second. After them come as many as
// possible: each user posts the next message when the last was answered.
var postRates = []int{250, 500, 1000, 2000}

// posts measures private messages and, for comparison, live rooms.
func (b *bench) posts(ctx context.Context) error {
	w, err := b.openPosts(ctx)
	if err != nil {
		return err
	}
	defer w.close()
	b.row("offered a second", "", "a second", "answered: median ms", "99 % ms", "received: median ms",
		"99 % ms", "lost", "doubled", "refused", "µs CPU each: API", "servers", "Redis", "HAProxy",
		"PostgreSQL", "clients")
	rates := append(slices.Clone(postRates), 0)
	if b.rated {
		rates = b.rates
	}
	for _, rate := range rates {
		ways := []postWay{{wayPrivate, w.private}, {"live rooms", w.live}}
		if rate == 0 {
			ways = ways[:1] // ingest measures the limit of a room
		}
		for _, way := range ways {
			t, err := w.measure(ctx, rate, way)
			if err != nil {
				return fmt.Errorf("%s, %d messages a second: %w", way.name, rate, err)
			}
			b.row(t.cells(rate, way.name)...)
		}
	}
	return nil
}

// postWorld is a whole cluster with users who are logged in.
type postWorld struct {
	*bench
	pg      *testpg.Postgres
	cl      *localcluster.Cluster
	posters []*poster // pairs are adjacent
}

func (b *bench) openPosts(ctx context.Context) (w *postWorld, err error) {
	w = &postWorld{bench: b}
	defer func() {
		if err != nil {
			w.close()
			w = nil
		}
	}()
	if w.pg, err = testpg.Run(); err != nil {
		return w, err
	}
	db, err := w.pg.Database()
	if err != nil {
		return w, err
	}
	w.cl, err = localcluster.Start(ctx, localcluster.Options{
		Servers: 4, API: 2, DB: db, Binary: b.binary,
		Env: map[string]string{
			"MESSAGE_RATE": "0", "ROOM_RATE": "0",
			"POST_RATE": "0", "CHATS_HOUR": "0",
			"REGISTER_RATE": "0",
			"LOG_LEVEL":     "warn",
			"CHECK_TIMEOUT": "5s",
		},
	})
	if err != nil {
		return w, err
	}
	return w, w.admit(ctx)
}

func (w *postWorld) close() {
	for _, p := range w.posters {
		p.leave()
	}
	if w.cl != nil {
		_ = w.cl.Close()
	}
	if w.pg != nil {
		w.pg.Close()
	}
}

// admit registers all users and opens their chats and feeds. Hashing passwords
// is slow on purpose, so this takes seconds.
func (w *postWorld) admit(ctx context.Context) error {
	begin := time.Now()
	problems := make([]error, postPairs)
	var all sync.WaitGroup
	gate := make(chan struct{}, 4)
	for i := range 2 * postPairs {
		w.posters = append(w.posters, newPoster(w.cl.HAProxy.Addr, i))
	}
	for i := range postPairs {
		all.Go(func() {
			gate <- struct{}{}
			defer func() { <-gate }()
			ann, bob := w.posters[2*i], w.posters[2*i+1]
			problems[i] = errors.Join(ann.register(ctx), bob.register(ctx))
			if problems[i] == nil {
				problems[i] = ann.open(ctx, bob)
			}
			if problems[i] == nil {
				room := fmt.Sprint("pair-", i)
				problems[i] = errors.Join(ann.listen(ctx, w.cl.RoomURL(), room),
					bob.listen(ctx, w.cl.RoomURL(), room))
			}
		})
	}
	all.Wait()
	if err := errors.Join(problems...); err != nil {
		return err
	}
	fmt.Printf("%d users in pairs registered, logged in and listening after %.1f s\n", len(w.posters),
		time.Since(begin).Seconds())
	return nil
}
