// Package room is the log of a room as one server holds it: a ring of its newest entries, each of them a finished frame.
//
// A room hears its messages through Ingest, in the order of the channel, checks that none is missing, and reads from the log
// itself (Redis' stream, behind the interface Log) what it did not hear. For clients that come back from before the log's beginning it reads the
// Archive, never for its ring. Readers are cursors: positions in the ring. Joining,
// resuming and being live differ only in where the cursor begins.
//
// What the channel brings waits in the room's queue for the room's owner, a goroutine that only rooms have that have something to do: see owner.go.
// So no room waits for another, and nobody for any of them.
//
// A room knows no socket and no Redis.
package room

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode"

	"livechat/server/chat"
	"livechat/server/metrics"
	"livechat/server/wire"
)

// Log is where a room's messages are kept for all servers. Its payloads are those that wire.ParseEntry reads.
type Log interface {
	// OpenLog returns where the log stands, beginning it if there is none. seen is the newest message that is known here; zero if none is. While
	// the log is being mended the error is chat.ErrLogClosed, and Sync is to be called again after that.
	OpenLog(ctx context.Context, room string, seen chat.Position) (chat.Log, error)
	// Tail returns the newest n payloads, oldest first.
	Tail(ctx context.Context, room string, n int) ([][]byte, error)
	// After returns the payloads that follow seq, oldest first, at most limit.
	After(ctx context.Context, room string, seq uint64, limit int) ([][]byte, error)
	// Adopt lets the log, found in the epoch now, know epochs that it has nothing of. It returns where the log stands with them. An error
	// chat.ErrLogClosed says that it has moved on.
	Adopt(ctx context.Context, room, now string, epochs []string) (chat.Log, error)
	// Republish puts messages into the log again that it has lost, oldest first. It does not wait for them to be in it.
	Republish(room string, payloads [][]byte)
}

// Archive is where messages are that have left the log. It may be out of reach for a while, and then says so.
type Archive interface {
	// Between returns the payloads of the messages of l behind after and before before, oldest first, at most limit. Fewer mean that it has no others.
	Between(ctx context.Context, room string, l chat.Log, after, before uint64, limit int) ([][]byte, error)
	// Count returns how many of those messages it has.
	Count(ctx context.Context, room string, l chat.Log, after, before uint64) (uint64, error)
}

// pageSize is how many payloads are read from the log at once.
const pageSize = 1000

// maxNotice is how many characters of a text published by hand are shown.
const maxNotice = 4000

// Room is one room on this server. Ingest and Sync are called by one goroutine at a time, the room's owner; everything else from anywhere.
type Room struct {
	// Set at construction.
	Name     string
	ring     *Ring
	log      Log
	old      Archive     // nil: there is none
	wake     func(*Room) // called after something was appended
	slog     logger
	count    *metrics.Set
	registry *Registry     // nil: it is in none
	ready    chan struct{} // closed when the ring has been filled for the first time

	// Owned by the owner.
	opened  bool
	hurried bool   // there is too much to take in to wait for anybody who lags
	place   *place // to read the log; nil: it has none

	begins atomic.Uint64 // the oldest message that the log was last found to have; a hint

	// Guarded by mu, which is never held during I/O.
	mu        sync.Mutex
	pos       chat.Position // newest message
	past      chat.Lineage  // of pos.Epoch
	turned    chan struct{} // closed and replaced when pos.Epoch or past changes
	first     uint64        // position in the ring from which on everything belongs to the log as it is now
	followers map[*Follower]struct{}
	progress  chan struct{} // closed and replaced when a follower advances while somebody waits; nil if nobody does

	queue   queue
	unheard unheard

	// Guarded by the registry's mu.
	clients  int
	idle     int  // sweeps without a client
	gone     bool // closed: another of this name may be open
	owner    ownerState
	failures uint8       // to read the log, one after another
	retry    *time.Timer // of a pause
}

// logger adds the room's name to each line. A logger that has it would take more memory than the room of a quiet feed.
type logger struct {
	to   *slog.Logger
	room string
}

func (l logger) Warn(msg string, args ...any)  { l.to.With("room", l.room).Warn(msg, args...) }
func (l logger) Error(msg string, args ...any) { l.to.With("room", l.room).Error(msg, args...) }

func newRoom(name string, o Options) *Room {
	return &Room{
		Name: name, ring: NewRing(o.RingSize), log: o.Log, old: o.Archive, wake: o.Wake, slog: logger{o.Logger, name}, count: o.Metrics,
		ready: make(chan struct{}), turned: make(chan struct{}), followers: map[*Follower]struct{}{},
	}
}

// Ring returns the room's ring, to read from.
func (r *Room) Ring() *Ring { return r.ring }

// logState returns the log as far as this server has it.
func (r *Room) logState() chat.Log {
	r.mu.Lock()
	defer r.mu.Unlock()
	return chat.Log{Head: r.pos, Past: r.past}
}

// Position returns the newest message's position.
func (r *Room) Position() chat.Position {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.pos
}

// Ingest takes one payload from the room's channel. Its order is the log's order, with two exceptions that it repairs: what was
// read from the log already comes again, and what got lost on the way leaves a hole, which is filled from the log before
// anything behind it is shown.
func (r *Room) Ingest(ctx context.Context, payload []byte) error {
	e, ok := wire.ParseEntry(payload)
	if !ok {
		r.notice(payload)
		return nil
	}
	switch {
	case !r.opened:
		return nil // it is in the log, from which the ring is about to be filled
	case r.isPast(e.Position.Epoch):
		return nil // the log has gone on, and so have we: what it kept of that epoch we have
	case e.Position.Epoch != r.pos.Epoch:
		return r.Sync(ctx)
	case e.Position.Seq <= r.pos.Seq:
		return nil
	case e.Position.Seq > r.pos.Seq+1:
		return r.fill(ctx, e.Position.Seq)
	}
	if err := r.append(ctx, e); err != nil {
		return err
	}
	r.wake(r)
	return nil
}

// isPast says whether an epoch is over. Only the owner calls it.
func (r *Room) isPast(epoch string) bool {
	if epoch == r.pos.Epoch {
		return false
	}
	_, over := r.past.End(epoch)
	return over
}

// append adds the next message, when the followers have room for it.
func (r *Room) append(ctx context.Context, e wire.Entry) error {
	if err := r.waitForFollowers(ctx); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.pos.Seq = e.Position.Seq
	r.ring.Append(e.Position.Seq, Message, e.Frame)
	r.heardLocked()
	r.count.Heard.Inc()
	return nil
}

// Broadcast shows a frame that is no message to everybody who is here now.
func (r *Room) Broadcast(frame []byte) {
	r.mu.Lock()
	r.ring.Append(r.pos.Seq, Side, frame)
	r.mu.Unlock()
	r.wake(r)
}

// notice shows a payload that no server wrote.
func (r *Room) notice(payload []byte) {
	text := strings.Map(func(c rune) rune {
		if unicode.IsControl(c) && c != '\n' && c != '\t' {
			return -1
		}
		return c
	}, strings.ToValidUTF8(string(payload), "\uFFFD"))
	if strings.TrimSpace(text) == "" {
		return
	}
	if runes := []rune(text); len(runes) > maxNotice {
		text = string(runes[:maxNotice-1]) + "…"
	}
	r.Broadcast(wire.Frame(wire.Notice{Type: "notice", Text: text}))
}
