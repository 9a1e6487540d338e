package bus

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// After a restart of Redis, a log that names no subscribed servers must not be
// opened before every server that might be one had the chance to stage: that it
// is subscribed may be what Redis has lost. Each server announces when it has
// checked in to the logs of all rooms to which it is subscribed:
//
//	livechat:came   hash: by server, the processes of Redis in which it has checked in; expires
//
// So thousands of feeds of users who are offline need not wait for
// repairPatience.

// arrivalsTTL is how long this is remembered. After that repairPatience is long
// over.
const arrivalsTTL = time.Minute

func (b *Bus) arrivalsKey() string { return b.options.Channel + ":came" }

// arrivals are the logs in which this server has to check in since it found
// Redis again.
type arrivals struct {
	wake chan struct{} // holds a token when this server has checked in everywhere; never closed

	mu        sync.Mutex
	rooms     map[string]bool // guarded by mu: not checked in yet
	runs      map[string]bool // guarded by mu: processes of Redis of the others
	announced bool            // guarded by mu
	link      int             // guarded by mu: counts links
}

func newArrivals() *arrivals { return &arrivals{wake: make(chan struct{}, 1)} }

// begin says that these rooms are to be subscribed to over a new link.
func (a *arrivals) begin(rooms []string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.rooms, a.runs, a.announced = make(map[string]bool, len(rooms)), make(map[string]bool), false
	a.link++
	for _, room := range rooms {
		a.rooms[room] = true
	}
}

// now returns the number of the present link. What was found out during another
// one does not count.
func (a *arrivals) now() (link int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.link
}

// remove says that this server is no longer subscribed to a room.
func (a *arrivals) remove(room string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.rooms, room)
}

// add says that this server has checked in to a room's log, in a process of
// Redis.
func (a *arrivals) add(link int, room, run string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if link != a.link || a.rooms == nil {
		return
	}
	delete(a.rooms, room)
	if len(a.runs) < maxRuns {
		a.runs[run] = true
	}
	if len(a.rooms) == 0 && !a.announced {
		a.announced = true
		ring(a.wake)
	}
}

func (a *arrivals) processes() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Sorted(maps.Keys(a.runs))
}

// announceArrivals tells the other servers when this one has checked in
// everywhere, until ctx is done. If that gets lost they wait longer.
func (b *Bus) announceArrivals(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-b.arrivals.wake:
			b.announceArrival(ctx)
		}
	}
}

func (b *Bus) announceArrival(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, b.options.attempt())
	defer cancel()
	pipe := b.client.Pipeline()
	pipe.HSet(ctx, b.arrivalsKey(), b.name, strings.Join(b.arrivals.processes(), " "))
	pipe.Expire(ctx, b.arrivalsKey(), arrivalsTTL)
	_, err := pipe.Exec(ctx)
	if err == nil {
		err = b.PublishGossip(ctx, fmt.Appendf(nil, `{"type":"%s","by":"%s"}`, noticeCame, b.name))
	}
	if err != nil {
		b.logger.Debug("log repair: cannot announce this server", "error", err)
	}
}

// arrivedIn returns the processes of Redis in which all servers that are up
// have checked in, of those that logs wait in.
func (b *Bus) arrivedIn(ctx context.Context, alive []string, waiting []*repairStep) map[string]bool {
	all := make(map[string]bool)
	for _, t := range waiting {
		if t.state.restarted {
			all[t.state.run] = true
		}
	}
	if len(all) == 0 {
		return nil
	}
	// Briefly: in a cluster this is on another node, which may be down.
	ctx, cancel := context.WithTimeout(ctx, b.options.attempt()/8)
	defer cancel()
	came, err := b.client.HGetAll(ctx, b.arrivalsKey()).Result()
	if err != nil {
		return nil
	}
	for run := range all {
		for _, name := range alive {
			all[run] = all[run] && slices.Contains(strings.Fields(came[name]), run)
		}
	}
	return all
}
