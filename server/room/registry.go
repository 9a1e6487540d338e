package room

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
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
	// Set at construction.
	opts Options
	ctx  context.Context // of the rooms' owners; done when Run ends
	stop context.CancelFunc

	owners sync.WaitGroup
	queued atomic.Int64 // bytes in all queues, and with owners

	// Guarded by mu, which is never held during I/O.
	mu      sync.Mutex
	rooms   map[string]*Room
	closed  bool       // no owner is started any more
	reading int        // rooms that have a place to read their logs
	waiting waiters    // rooms that wait for one
	pausing int        // rooms that could not read their logs
	warned  time.Time  // when that was logged
	spare   [][][]byte // empty queues
}

// NewRegistry returns a registry without rooms.
func NewRegistry(o Options) *Registry {
	g := &Registry{opts: o, rooms: map[string]*Room{}}
	g.ctx, g.stop = context.WithCancel(context.Background())
	return g
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
		r.registry = g
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

// Subscribed implements the feed's handler: the subscription of the room's channel stands, what was before must be read. It does not block.
func (g *Registry) Subscribed(name string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	r := g.rooms[name]
	if r == nil || r.gone {
		return
	}
	g.putReadLocked(r)
	if r.owner == pausing { // what was in the way may be over
		r.failures = 0
		g.resumeLocked(r)
	}
	g.startLocked(r)
}

// Payload implements the feed's handler: one payload of the room's channel. It does not block.
func (g *Registry) Payload(name string, payload []byte) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if r := g.rooms[name]; r != nil && !r.gone && len(payload) > 0 {
		g.putLocked(r, payload)
		g.startLocked(r)
	}
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

// Run closes rooms that have had no client for the linger time, until ctx is done. When it returns all that the rooms have started has ended,
// and they take in nothing more.
func (g *Registry) Run(ctx context.Context) {
	defer g.close()
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
			g.leaveLocked(r)
			g.opts.Feed.Unsubscribe(name)
		}
	}
}
