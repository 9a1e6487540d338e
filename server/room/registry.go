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

// Subscriptions subscribes to rooms' channels. It delivers their payloads to
// Registry.Payload, and calls Registry.Subscribed whenever a subscription is
// established.
type Subscriptions interface {
	Subscribe(room string)
	Unsubscribe(room string)
}

// Options configure a registry and its rooms.
type Options struct {
	RingSize  int           // entries, a power of two
	MaxRooms  int           // open at the same time
	Linger    time.Duration // how long a room stays open without clients
	Log       LogReader
	Archive   Archive       // messages that have left the log; may be nil
	Reactions ReactionStore // nil: nobody can react
	App       string        // APPID of this server, in summaries
	Node      string        // unique among all servers
	// Gossip tells all servers something, at most once; not nil if Reactions is
	// not.
	Gossip        func(ctx context.Context, payload []byte) error
	Subscriptions Subscriptions
	Wake          func(*Room) // called after an append to a room
	Logger        *slog.Logger
	Metrics       *metrics.Set
}

// Registry holds the rooms that are open on this server: those with clients,
// and those that had clients until recently.
type Registry struct {
	// Set at construction.
	opts Options
	ctx  context.Context // of the owners; canceled when Run ends
	stop context.CancelFunc

	reactions *reactions // nil: nobody can react

	owners sync.WaitGroup
	queued atomic.Int64 // bytes in all queues and with owners

	// Guarded by mu, which is never held during I/O.
	mu         sync.Mutex
	rooms      map[string]*Room
	closed     bool       // no owner starts any more
	reading    int        // rooms that hold a read slot
	waiting    waiters    // rooms that wait for a read slot
	backingOff int        // rooms whose last read failed
	warned     time.Time  // when that was last logged
	freeLists  [][][]byte // empty queues
}

// NewRegistry returns a registry without rooms.
func NewRegistry(o Options) *Registry {
	g := &Registry{opts: o, rooms: map[string]*Room{}, reactions: newReactions(o)}
	g.ctx, g.stop = context.WithCancel(context.Background())
	return g
}

// Acquire returns the room with that name, for one client. It opens the room if
// necessary, and waits until the ring is filled or ctx is done. Call Release
// when the client leaves. Errors are *chat.Error: too_many_rooms, unavailable.
func (g *Registry) Acquire(ctx context.Context, name string) (*Room, error) {
	g.mu.Lock()
	r := g.rooms[name]
	if r == nil {
		if len(g.rooms) >= g.opts.MaxRooms {
			g.mu.Unlock()
			return nil, &chat.Error{
				Code:         chat.CodeTooManyRooms,
				Message:      "too many rooms are open on this server; try again in a moment",
				Retryable:    true,
				RetryAfterMS: 5000,
			}
		}
		r = newRoom(name, g.opts)
		r.registry = g
		g.rooms[name] = r
		g.opts.Subscriptions.Subscribe(name)
	}
	r.clients++
	r.idle = 0
	g.mu.Unlock()

	select {
	case <-r.ready:
		return r, nil
	case <-ctx.Done():
		g.Release(r)
		return nil, &chat.Error{
			Code:         chat.CodeUnavailable,
			Message:      "the room cannot be opened right now; try again in a moment",
			Retryable:    true,
			RetryAfterMS: 2000,
		}
	}
}

// Release undoes one Acquire.
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

// Subscribed tells the registry that a room's subscription is established.
// Whatever was published before that must be read from the log. It does not
// block.
func (g *Registry) Subscribed(name string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	r := g.rooms[name]
	if r == nil || r.closed {
		return
	}
	g.enqueueReadLocked(r)
	if r.owner == backingOff { // whatever made reads fail may be over
		r.failures = 0
		g.resumeLocked(r)
	}
	g.startLocked(r)
}

// Payload queues one payload from a room's channel. It does not block.
func (g *Registry) Payload(name string, payload []byte) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if r := g.rooms[name]; r != nil && !r.closed && len(payload) > 0 {
		g.enqueueLocked(r, payload)
		g.startLocked(r)
	}
}

// Lag returns how many entries the slowest readers of any room are behind.
func (g *Registry) Lag() (most Lag) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, r := range g.rooms {
		lag := r.lag()
		most = Lag{max(most.Followers, lag.Followers), max(most.Straggler, lag.Straggler)}
	}
	return most
}

// Open returns the number of open rooms.
func (g *Registry) Open() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.rooms)
}

// Run closes rooms that have had no client for the linger time, until ctx is
// done. When it returns, all goroutines of the rooms have ended, and payloads
// are no longer processed.
func (g *Registry) Run(ctx context.Context) {
	defer g.close()
	if g.reactions != nil {
		var reactions sync.WaitGroup
		reactions.Go(func() { g.reactions.run(ctx) })
		defer reactions.Wait()
	}
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
			g.closeRoomLocked(r)
			g.opts.Subscriptions.Unsubscribe(name)
		}
	}
}
