package moderation

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"livechat/server/chat"
	"livechat/server/words"
)

// WatchOptions configure a Watch.
type WatchOptions struct {
	// Read returns the rules of a room as Redis has them. It waits until they are
	// there, for a bounded time.
	Read func(ctx context.Context, room string) (chat.RoomRules, error)
	// Needed reports whether nobody may enter a room whose rules are not known.
	// Once it does it always will.
	Needed func() bool
	// OnlyMade refuses all in rooms that nobody has made, but the default room.
	OnlyMade bool
	// Open reports whether a room is open on this server.
	Open func(room string) bool
	// Expel closes the sockets in a room of those whom Admits refuses. It is called
	// without locks.
	Expel func(room string)
	// Pinned tells those in a room that another message is pinned, or none: nil.
	// It is called without locks.
	Pinned func(room string, pin *chat.Pin)
	// Truth returns the rules of a room from the database; nil: this server has
	// none. Apply puts them beside the log.
	Truth func(ctx context.Context, room string) (chat.RoomRules, error)
	Apply func(ctx context.Context, room string, r chat.RoomRules) error
	// Gossip tells all servers something. It waits until Redis has it.
	Gossip func(ctx context.Context, payload []byte) error
	// Changed reads gossip that says that the rules of a room have changed; room is
	// empty if it cannot be read. It gets all gossip that Receive gets.
	Changed func(payload []byte) (room string, ok bool)
	// Wanted has the rules of a room put beside its log, since a server without a
	// database asks for them. Nil: others do that.
	Wanted func(room string)
	// Kicked closes the sockets of somebody in a room on this server.
	Kicked func(room string, k Kick)
	Logger *slog.Logger
}

const (
	// reread is the pause after rules could not be read.
	reread = time.Second
	// forgetEvery is how often rooms that have been closed are forgotten, and
	// bans that ended looked at.
	forgetEvery = time.Minute
	readers     = 4 // rooms read at the same time
	// awaitTime bounds how long a handshake waits for the rules of its room. A
	// client that is refused comes back later than a busy server answers.
	awaitTime = 3 * time.Second
	again     = time.Millisecond // pause before a handshake looks again
)

// known are the rules of a room.
type known struct {
	chat.RoomRules
	// assumed: nobody has looked in the database. There was none to be asked then,
	// as far as this server knew.
	assumed bool
}

// errNotKnown refuses a client because the rules of its room are not known.
var errNotKnown = &chat.Error{
	Code: chat.CodeUnavailable, Message: "who may be in this room is not known yet; try again in a moment",
	Retryable: true, RetryAfterMS: 2 * time.Second.Milliseconds(),
}

var errNoRoom = chat.Errorf(chat.CodeUnknownRoom, "there is no room of this name")

// Watch knows the rules of the rooms that are open on this server. Sockets ask
// it at their handshake, and it tells them when someone may no longer be there.
// It remembers the rules while Redis or the database is away. All methods may be
// called from any goroutine.
type Watch struct {
	o     WatchOptions
	wake  chan struct{} // holds a token while there may be rooms to read; never closed
	ctx   context.Context
	stop  context.CancelFunc // ends what Await has begun
	reads singleflight.Group
	begun sync.WaitGroup // reads of Await

	mu         sync.Mutex
	over       bool             // guarded by mu: Run has ended
	rooms      map[string]known // guarded by mu
	doubtful   map[string]bool  // guarded by mu: to be read
	unverified map[string]bool  // guarded by mu: put back from memory

	lists map[string]*words.List // guarded by mu: blocked words, of rooms that have any
}

// NewWatch returns a Watch. Run does its work.
func NewWatch(o WatchOptions) *Watch {
	w := &Watch{
		o: o, wake: make(chan struct{}, 1), rooms: make(map[string]known),
		doubtful: make(map[string]bool), unverified: make(map[string]bool),
		lists: make(map[string]*words.List),
	}
	w.ctx, w.stop = context.WithCancel(context.Background())
	return w
}

// Doubt says that the rules of a room have changed, or may have. It does not
// block. The rules of rooms that are not open here are forgotten.
func (w *Watch) Doubt(room string) {
	if chat.IsFeed(room) {
		return
	}
	isOpen := w.o.Open(room)
	w.mu.Lock()
	if isOpen {
		w.doubtful[room] = true
	} else {
		delete(w.rooms, room)
		delete(w.lists, room)
	}
	w.mu.Unlock()
	w.ring()
}

// DoubtAll says that the rules of any room may have changed.
func (w *Watch) DoubtAll() {
	w.mu.Lock()
	for room := range w.rooms {
		w.doubtful[room] = true
	}
	w.mu.Unlock()
	w.ring()
}

func (w *Watch) ring() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// rulesOf returns the rules of a room, and whether they are known.
func (w *Watch) rulesOf(room string) (r chat.RoomRules, ok bool) {
	needed := w.o.Needed()
	w.mu.Lock()
	defer w.mu.Unlock()
	k, ok := w.rooms[room]
	return k.RoomRules, ok && (!k.assumed || !needed)
}

// Await returns when the rules of an open room are known here, or when they
// cannot be read now.
func (w *Watch) Await(ctx context.Context, room string) {
	ctx, cancel := context.WithTimeout(ctx, awaitTime)
	defer cancel()
	for {
		if _, ok := w.rulesOf(room); ok {
			return
		}
		if err := w.readOnce(ctx, room); err != nil {
			w.o.Logger.Debug("rules: cannot be read", "room", room, "error", err)
			w.Doubt(room)
			return
		}
		// That read may have begun before rules were needed, and what it found
		// does not count.
		select {
		case <-ctx.Done():
		case <-time.After(again):
		}
	}
}

// readOnce reads the rules of a room for all that wait for them. Read has a
// bound of its own.
func (w *Watch) readOnce(ctx context.Context, room string) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	read := w.reads.DoChan(room, func() (any, error) {
		if !w.begin() {
			return nil, context.Canceled
		}
		defer w.begun.Done()
		return nil, w.read(w.ctx, room)
	})
	select {
	case result := <-read:
		return result.Err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// begin counts a read for which Run waits; false once Run has ended.
func (w *Watch) begin() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.over {
		w.begun.Add(1)
	}
	return !w.over
}

// end ends the reads of Await.
func (w *Watch) end() {
	w.mu.Lock()
	w.over = true
	w.mu.Unlock()
	w.stop()
	w.begun.Wait()
}

// Admits returns nil if someone may be in an open room, as its rules are known
// here, and else why not: see chat.RoomRules.Admits. Where they are not known it
// is a retryable error. Nobody gets in before they are: what a closed room says
// cannot be taken back. It does not wait.
func (w *Watch) Admits(room string, who chat.Writer) error {
	r, ok := w.rulesOf(room)
	switch none := w.o.OnlyMade && r.Access == "" && room != chat.DefaultRoom; {
	case !w.o.Needed() && none, w.o.Needed() && !ok:
		return errNotKnown
	case none:
		return errNoRoom
	}
	return r.Admits(who, time.Now())
}

// Pinned returns the message that is pinned in a room; nil: none.
func (w *Watch) Pinned(room string) *chat.Pin {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.rooms[room].Pinned
}

// Remembered returns the rules of a room as this server knew them last. The
// caller is going to put them beside the log, since the database does not
// answer; they are compared with it when it does.
func (w *Watch) Remembered(room string) (r chat.RoomRules, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	k, ok := w.rooms[room]
	if !ok || k.assumed {
		return r, false
	}
	w.unverified[room] = true
	return k.RoomRules, true
}
