package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"livechat/e2e/cluster"
	"livechat/internal/testpg"
)

// Private messages: what it takes to post one over HTTP, and until it is heard on the feed of who it is for. Everything is as in production: two API
// processes and four servers behind HAProxy, Redis, and a PostgreSQL that waits for the disk at each commit. Next to it, at the same rate and in the same
// cluster, messages of live rooms of two, which come over sockets and wait for no disk.

// postPairs is how many pairs of people write to each other.
const postPairs = 64

// wayPrivate is the name of the way that is measured; the other one is there for comparison.
const wayPrivate = "private"

// postRates are how many messages a second are offered; after them as many as go: everybody posts the next when the last was answered.
var postRates = []int{250, 500, 1000, 2000}

// posts measures private messages, and live rooms next to them.
func (b *bench) posts(ctx context.Context) error {
	w, err := b.openPosts(ctx)
	if err != nil {
		return err
	}
	defer w.close()
	b.row("offered a second", "", "a second", "answered: median ms", "99 % ms", "heard: median ms", "99 % ms", "lost", "doubled", "refused",
		"µs CPU each: API", "servers", "Redis", "HAProxy", "PostgreSQL", "clients")
	rates := append(slices.Clone(postRates), 0)
	if b.rated {
		rates = b.rates
	}
	for _, rate := range rates {
		ways := []postWay{{wayPrivate, w.private}, {"live rooms", w.live}}
		if rate == 0 {
			ways = ways[:1] // how much a room takes, ingest tells
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

// postWorld is a whole cluster, and people who are logged in.
type postWorld struct {
	*bench
	pg     *testpg.Postgres
	cl     *cluster.Cluster
	people []*poster // each pair next to each other
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
	w.cl, err = cluster.Start(ctx, cluster.Options{
		Servers: 4, API: 2, DB: db, Binary: b.binary,
		Env: map[string]string{"MESSAGE_RATE": "0", "POST_RATE": "0", "REGISTER_RATE": "0", "LOG_LEVEL": "warn", "CHECK_TIMEOUT": "5s"},
	})
	if err != nil {
		return w, err
	}
	return w, w.admit(ctx)
}

func (w *postWorld) close() {
	for _, p := range w.people {
		p.leave()
	}
	if w.cl != nil {
		_ = w.cl.Close()
	}
	if w.pg != nil {
		w.pg.Close()
	}
}

// admit registers everybody and opens their chats and feeds. Passwords are expensive on purpose, so it takes seconds.
func (w *postWorld) admit(ctx context.Context) error {
	begin := time.Now()
	problems := make([]error, postPairs)
	var all sync.WaitGroup
	gate := make(chan struct{}, 4)
	for i := range 2 * postPairs {
		w.people = append(w.people, newPoster(w.cl.HAProxy.Addr, i))
	}
	for i := range postPairs {
		all.Go(func() {
			gate <- struct{}{}
			defer func() { <-gate }()
			ann, bob := w.people[2*i], w.people[2*i+1]
			problems[i] = errors.Join(ann.register(ctx), bob.register(ctx))
			if problems[i] == nil {
				problems[i] = ann.open(ctx, bob)
			}
			if problems[i] == nil {
				room := fmt.Sprint("pair-", i)
				problems[i] = errors.Join(ann.listen(ctx, w.cl.RoomURL(), room), bob.listen(ctx, w.cl.RoomURL(), room))
			}
		})
	}
	all.Wait()
	if err := errors.Join(problems...); err != nil {
		return err
	}
	fmt.Printf("%d people in pairs registered, logged in and listening after %.1f s\n", len(w.people), time.Since(begin).Seconds())
	return nil
}
