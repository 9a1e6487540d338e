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

// After a restart of Redis a log that nobody is known to follow must not be
// opened before every server that might follow it after all has had the chance
// to offer: that it follows may be what Redis has lost. Each server says when it
// is done with all logs that it follows:
//
//	livechat:came   hash: by server, in which processes of Redis it has checked in; expires
//
// So thousands of feeds of people who are away need not wait for mendPatience.

// cameTTL is for how long it is known; afterwards mendPatience is long over.
const cameTTL = time.Minute

func (b *Bus) cameKey() string { return b.options.Channel + ":came" }

// arrivals are the logs in which this server has to check in since it found
// Redis again.
type arrivals struct {
	wake chan struct{} // holds a token when this server has checked in everywhere; never closed

	mu    sync.Mutex
	rooms map[string]bool // guarded by mu: that are missing
	runs  map[string]bool // guarded by mu: processes of Redis in which the others were found
	said  bool            // guarded by mu
	link  int             // guarded by mu: counts links
}

func newArrivals() *arrivals { return &arrivals{wake: make(chan struct{}, 1)} }

// begin says that these rooms are to be followed over a new link.
func (a *arrivals) begin(rooms []string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.rooms, a.runs, a.said = make(map[string]bool, len(rooms)), make(map[string]bool), false
	a.link++
	for _, room := range rooms {
		a.rooms[room] = true
	}
}

// now names the present link. What was found out during another one does not count.
func (a *arrivals) now() (link int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.link
}

// remove says that this server does not follow a room any longer.
func (a *arrivals) remove(room string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.rooms, room)
}

// add says that this server has checked in, in a process of Redis.
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
	if len(a.rooms) == 0 && !a.said {
		a.said = true
		ring(a.wake)
	}
}

func (a *arrivals) processes() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Sorted(maps.Keys(a.runs))
}

// sayArrivals tells the others when this server has checked in everywhere, until
// ctx is done. If that gets lost they wait for longer.
func (b *Bus) sayArrivals(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-b.came.wake:
			b.sayArrived(ctx)
		}
	}
}

func (b *Bus) sayArrived(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, b.options.attempt())
	defer cancel()
	pipe := b.client.Pipeline()
	pipe.HSet(ctx, b.cameKey(), b.name, strings.Join(b.came.processes(), " "))
	pipe.Expire(ctx, b.cameKey(), cameTTL)
	_, err := pipe.Exec(ctx)
	if err == nil {
		err = b.PublishSide(ctx, fmt.Appendf(nil, `{"type":"came","by":"%s"}`, b.name))
	}
	if err != nil {
		b.log.Debug("cannot say that this server is back", "error", err)
	}
}

// cameTo returns the processes of Redis in which all servers that are alive have
// checked in, of those that logs wait in.
func (b *Bus) cameTo(ctx context.Context, alive []string, waiting []*turn) map[string]bool {
	all := make(map[string]bool)
	for _, t := range waiting {
		if t.state.restarted {
			all[t.state.run] = true
		}
	}
	if len(all) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, b.options.attempt()/8) // in a cluster it is at a node of its own, which may be away
	defer cancel()
	came, err := b.client.HGetAll(ctx, b.cameKey()).Result()
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
