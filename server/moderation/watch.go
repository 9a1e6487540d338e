package moderation

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"livechat/server/chat"
)

// WatchOptions configure a Watch.
type WatchOptions struct {
	// Read returns the rules of a room as Redis has them. It waits until they are
	// there, for a bounded time.
	Read func(ctx context.Context, room string) (chat.RoomRules, error)
	// Open reports whether a room is open on this server.
	Open func(room string) bool
	// Expel closes the sockets in a room of those who are banned. It is called
	// without locks.
	Expel func(room string, banned func(chat.Writer) bool)
	// Truth returns the rules of a room from the database; nil: this server has
	// none. Apply puts them beside the log.
	Truth  func(ctx context.Context, room string) (chat.RoomRules, error)
	Apply  func(ctx context.Context, room string, r chat.RoomRules) error
	Logger *slog.Logger
}

const (
	// reread is the pause after rules could not be read.
	reread = time.Second
	// forgetEvery is how often rooms that have been closed are forgotten, and
	// bans that ended looked at.
	forgetEvery = time.Minute
	readers     = 4 // rooms read at the same time
	// awaitTime bounds how long a handshake waits for the rules of its room.
	awaitTime = time.Second
)

// Watch knows the rules of the rooms that are open on this server. Sockets ask
// it at their handshake, and it tells them when someone is banned. It remembers
// the rules while Redis or the database is away. All methods may be called from
// any goroutine.
type Watch struct {
	o     WatchOptions
	wake  chan struct{} // holds a token while there may be rooms to read; never closed
	ctx   context.Context
	stop  context.CancelFunc // ends what Await has begun
	reads singleflight.Group
	begun sync.WaitGroup // reads of Await

	mu         sync.Mutex
	over       bool                      // guarded by mu: Run has ended
	rooms      map[string]chat.RoomRules // guarded by mu
	doubtful   map[string]bool           // guarded by mu: to be read
	unverified map[string]bool           // guarded by mu: put back from memory
}

// NewWatch returns a Watch. Run does its work.
func NewWatch(o WatchOptions) *Watch {
	w := &Watch{
		o: o, wake: make(chan struct{}, 1), rooms: make(map[string]chat.RoomRules),
		doubtful: make(map[string]bool), unverified: make(map[string]bool),
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

// Await returns when the rules of an open room are known here, or when they
// cannot be read: then who is banned can get in and read, until they are.
func (w *Watch) Await(ctx context.Context, room string) {
	w.mu.Lock()
	_, known := w.rooms[room]
	w.mu.Unlock()
	if known {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, awaitTime)
	defer cancel()
	// Others wait for the same answer, and Read has a bound of its own.
	read := w.reads.DoChan(room, func() (any, error) {
		if !w.begin() {
			return nil, context.Canceled
		}
		defer w.begun.Done()
		return nil, w.read(w.ctx, room)
	})
	select {
	case result := <-read:
		if result.Err == nil {
			return
		}
		w.o.Logger.Debug("rules: cannot be read", "room", room, "error", result.Err)
	case <-ctx.Done():
	}
	w.Doubt(room)
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

// Bans reports whether someone is banned from a room, and until when, Unix
// milliseconds; 0: for ever.
func (w *Watch) Bans(room string, who chat.Writer) (until int64, banned bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	r := w.rooms[room]
	return r.Bans(who, time.Now())
}

// Remembered returns the rules of a room as this server knew them last. The
// caller is going to put them beside the log, since the database does not
// answer; they are compared with it when it does.
func (w *Watch) Remembered(room string) (r chat.RoomRules, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if r, ok = w.rooms[room]; ok {
		w.unverified[room] = true
	}
	return r, ok
}

// Run reads the rules of rooms that are in doubt until ctx is done.
func (w *Watch) Run(ctx context.Context) {
	defer w.end()
	tick := time.NewTicker(reread)
	defer tick.Stop()
	forgotten := time.Now()
	for {
		w.readDoubtful(ctx)
		w.verify(ctx)
		if time.Since(forgotten) >= forgetEvery {
			forgotten = time.Now()
			w.forget()
		}
		select {
		case <-w.wake:
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// readDoubtful reads what is in doubt, a few rooms at a time. What cannot be
// read stays in doubt.
func (w *Watch) readDoubtful(ctx context.Context) {
	w.mu.Lock()
	rooms := w.doubtful
	w.doubtful = make(map[string]bool)
	w.mu.Unlock()
	var all sync.WaitGroup
	slots := make(chan struct{}, readers)
	for room := range rooms {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			if err := w.read(ctx, room); err != nil && ctx.Err() == nil {
				w.mu.Lock()
				w.doubtful[room] = true // for the next tick
				w.mu.Unlock()
			}
		})
	}
	all.Wait()
}

// read reads the rules of a room, and closes the sockets of those who are
// banned.
func (w *Watch) read(ctx context.Context, room string) error {
	r, err := w.o.Read(ctx, room)
	if err != nil {
		return err
	}
	w.mu.Lock()
	known := w.rooms[room]
	if known.Version <= r.Version {
		w.rooms[room] = r
	}
	w.mu.Unlock()
	if known.Version > r.Version {
		// Another answer has overtaken this one; or a server that knew less has
		// put back what it knew.
		if err := w.o.Apply(ctx, room, known); err != nil {
			return err
		}
		r = known
	}
	if len(r.Banned) > 0 {
		w.o.Expel(room, func(who chat.Writer) bool {
			_, banned := r.Bans(who, time.Now())
			return banned
		})
	}
	return nil
}

// verify compares rules that were put back from memory with the database.
func (w *Watch) verify(ctx context.Context) {
	w.mu.Lock()
	var rooms []string
	for room := range w.unverified {
		rooms = append(rooms, room)
	}
	w.mu.Unlock()
	if w.o.Truth == nil {
		return
	}
	for _, room := range rooms {
		r, err := w.o.Truth(ctx, room)
		if err == nil {
			err = w.o.Apply(ctx, room, r)
		}
		if err != nil {
			return // the next room would not fare better
		}
		w.mu.Lock()
		delete(w.unverified, room)
		w.mu.Unlock()
	}
}

// forget forgets rooms that are no longer open here.
func (w *Watch) forget() {
	w.mu.Lock()
	known := make([]string, 0, len(w.rooms))
	for room := range w.rooms {
		known = append(known, room)
	}
	w.mu.Unlock()
	for _, room := range known {
		if w.o.Open(room) {
			continue
		}
		w.mu.Lock()
		delete(w.rooms, room)
		delete(w.doubtful, room)
		w.mu.Unlock()
	}
}
