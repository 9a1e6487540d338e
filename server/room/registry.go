package room

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"livechat/server/chat"
	"livechat/server/metrics"
)

// Feed delivers the payloads of rooms' channels to Registry.Payload, and says in Registry.Subscribed when it begins to.
type Feed interface {
	Subscribe(room string)
	Unsubscribe(room string)
}

// Options are what a registry's rooms are made of.
type Options struct {
	RingSize int           // entries, a power of two
	MaxRooms int           // open at the same time
	Linger   time.Duration // how long a room stays open without a client
	Log      Log
	Archive  Archive // of what has left the log; nil: there is none
	Feed     Feed
	Wake     func(*Room) // called after something was appended to a room
	Logger   *slog.Logger
	Metrics  *metrics.Set
}

// Registry holds the rooms that are open on this server: those with clients, and those that had some until a moment ago.
type Registry struct {
	opts Options

	mu    sync.Mutex
	rooms map[string]*Room
}

// NewRegistry returns a registry without rooms.
func NewRegistry(o Options) *Registry {
	return &Registry{opts: o, rooms: map[string]*Room{}}
}

// Acquire returns the room of that name for one client, opening it for the first; it waits until the room's ring is filled or ctx is done.
// The client gives it back by Release. Errors are *chat.Error: too_many_rooms, unavailable.
func (g *Registry) Acquire(ctx context.Context, name string) (*Room, error) {
	g.mu.Lock()
	r := g.rooms[name]
	if r == nil {
		if len(g.rooms) >= g.opts.MaxRooms {
			g.mu.Unlock()
			return nil, &chat.Error{Code: chat.CodeTooManyRooms, Message: "too many rooms are open on this server", Retryable: true, RetryAfterMS: 5000}
		}
		r = newRoom(name, g.opts)
		g.rooms[name] = r
		g.opts.Feed.Subscribe(name)
	}
	r.clients++
	r.idle = 0
	g.mu.Unlock()

	select {
	case <-r.ready:
		return r, nil
	case <-ctx.Done():
		g.Release(r)
		return nil, &chat.Error{Code: chat.CodeUnavailable, Message: "the room cannot be opened right now", Retryable: true, RetryAfterMS: 2000}
	}
}

// Release gives a room back.
func (g *Registry) Release(r *Room) {
	g.mu.Lock()
	defer g.mu.Unlock()
	r.clients--
}

// Get returns an open room, or nil.
func (g *Registry) Get(name string) *Room {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.rooms[name]
}

// Subscribed implements the feed's handler: the subscription of the room's channel stands, what was before must be read.
func (g *Registry) Subscribed(ctx context.Context, name string) error {
	if r := g.Get(name); r != nil {
		return r.Sync(ctx)
	}
	return nil
}

// Payload implements the feed's handler: one payload of the room's channel.
func (g *Registry) Payload(ctx context.Context, name string, payload []byte) error {
	if r := g.Get(name); r != nil {
		return r.Ingest(ctx, payload)
	}
	return nil
}

// Lag returns how many entries the slowest of any room are behind.
func (g *Registry) Lag() (most Lag) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, r := range g.rooms {
		lag := r.lag()
		most = Lag{max(most.Followers, lag.Followers), max(most.Straggler, lag.Straggler)}
	}
	return most
}

// Open returns how many rooms are open.
func (g *Registry) Open() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.rooms)
}

// Run closes rooms that have had no client for the linger time, until ctx is done.
func (g *Registry) Run(ctx context.Context) {
	const sweeps = 4 // per linger time
	tick := time.NewTicker(max(g.opts.Linger/sweeps, time.Millisecond))
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			g.sweep(sweeps)
		case <-ctx.Done():
			return
		}
	}
}

func (g *Registry) sweep(sweeps int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for name, r := range g.rooms {
		if r.clients > 0 {
			continue
		}
		if r.idle++; r.idle > sweeps {
			delete(g.rooms, name)
			g.opts.Feed.Unsubscribe(name)
		}
	}
}
