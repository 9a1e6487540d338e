// Package room holds one server's copy of a room's log: a ring with the newest
// entries, each an encoded frame.
//
// A room receives its messages through Ingest, in the order of the
// subscription, checks that none is missing, and reads missed ones from the log
// itself (a Redis stream, behind the interface LogReader). For clients that
// resume from before the log's beginning it reads the Archive, but never into
// its ring. Readers are cursors: positions in the ring. Joining, resuming and
// reading live differ only in where the cursor starts.
//
// Messages from the subscription wait in the room's queue for the room's owner,
// a goroutine that exists only while a room has something to do: see owner.go.
// So no room waits for another, and the subscription waits for none.
//
// The package knows neither sockets nor Redis.
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

// LogReader is where a room's messages are kept for all servers.
// wire.ParseEntry reads its payloads.
type LogReader interface {
	// OpenLog returns the state of the log, creating it if there is none. seen
	// is the newest message known here; zero if there is none. While the log is
	// sealed for repair the error is chat.ErrLogClosed; call Sync again once it
	// is unsealed.
	OpenLog(ctx context.Context, room string, seen chat.Position) (chat.Log, error)
	// Tail returns the newest n payloads, oldest first.
	Tail(ctx context.Context, room string, n int) ([][]byte, error)
	// After returns the payloads that follow seq, oldest first, at most limit.
	After(ctx context.Context, room string, seq uint64, limit int) ([][]byte, error)
	// Adopt adds epochs to the history of the log, found in the epoch now,
	// which has no messages of them. It returns the new state of the log.
	// chat.ErrLogClosed means that the log has left that epoch.
	Adopt(ctx context.Context, room, now string, epochs []string) (chat.Log, error)
	// Republish puts messages back into the log that it has lost, oldest first.
	// It does not wait for the result.
	Republish(room string, payloads [][]byte)
}

// Archive holds messages that have left the log. It may be unavailable for a
// while; its methods then return an error.
type Archive interface {
	// Between returns the payloads of l's messages between after and before,
	// both exclusive, oldest first, at most limit. Fewer mean that it has no
	// others.
	Between(ctx context.Context, room string, l chat.Log, after, before uint64, limit int) ([][]byte, error)
	// Count returns how many of those messages it has.
	Count(ctx context.Context, room string, l chat.Log, after, before uint64) (uint64, error)
	// Reactions returns who reacted to the message with this id, and who took
	// that back; none if it does not know.
	Reactions(ctx context.Context, room, id string) ([]chat.Reaction, error)
}

// pageSize is how many payloads one read of the log returns.
const pageSize = 1000

// maxNotice is how many characters of a hand-published text are shown.
const maxNotice = 4000

// Room is one room on this server. Only the room's owner calls Ingest and Sync,
// one at a time; all other methods are safe for concurrent use.
type Room struct {
	// Set at construction.
	Name     string
	ring     *Ring
	log      LogReader
	archive  Archive     // may be nil
	wake     func(*Room) // called after an append
	logger   roomLogger
	count    *metrics.Set
	registry *Registry     // nil in some tests
	ready    chan struct{} // closed when the ring has been filled for the first time

	// Owned by the owner.
	opened bool
	// The backlog is too large to wait for readers.
	skipWait bool
	slot     *readSlot // to read the log; nil if none is held

	// hint: the oldest message that the log had at the last read
	logBegins atomic.Uint64

	// Guarded by mu, which is never held during I/O.
	mu     sync.Mutex
	pos    chat.Position     // newest message
	epochs chat.EpochHistory // history of the log before pos.Epoch
	// closed and replaced when pos.Epoch or epochs change
	epochChanged chan struct{}
	// Ring entries from this position on belong to the current log.
	first uint64
	// The newest message that is missing in the log: the end of a gap. A client
	// that resumes from before it does not get everything.
	lost      uint64
	followers map[*Follower]struct{}
	// closed and replaced when a follower advances while the owner waits; nil
	// if it does not wait
	progress chan struct{}

	queue      queue
	unreceived unreceived

	// Guarded by the registry's mu.
	clients  int
	idle     int  // sweeps without a client
	closed   bool // another room with this name may be open
	owner    ownerState
	failures uint8       // consecutive failed reads
	retry    *time.Timer // ends the backoff
}

// roomLogger adds the room's name to each line. A *slog.Logger with that
// attribute would take more memory than the room of a quiet feed.
type roomLogger struct {
	to   *slog.Logger
	room string
}

// Debug is for events that clients can cause: nobody outside may be able to
// fill the log. Outages of Redis and the database are logged once, elsewhere.
func (l roomLogger) Debug(msg string, args ...any) { l.to.With("room", l.room).Debug(msg, args...) }
func (l roomLogger) Warn(msg string, args ...any)  { l.to.With("room", l.room).Warn(msg, args...) }
func (l roomLogger) Error(msg string, args ...any) { l.to.With("room", l.room).Error(msg, args...) }

func newRoom(name string, o Options) *Room {
	return &Room{
		Name: name, ring: NewRing(o.RingSize), log: o.Log, archive: o.Archive, wake: o.Wake,
		logger: roomLogger{o.Logger, name}, count: o.Metrics,
		ready: make(chan struct{}), epochChanged: make(chan struct{}), followers: map[*Follower]struct{}{},
	}
}

// Ring returns the room's ring, for reading.
func (r *Room) Ring() *Ring { return r.ring }

// logState returns the log as this server knows it.
func (r *Room) logState() chat.Log {
	r.mu.Lock()
	defer r.mu.Unlock()
	return chat.Log{Head: r.pos, Epochs: r.epochs}
}

// Position returns the position of the newest message.
func (r *Room) Position() chat.Position {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.pos
}

// Ingest processes one payload from the room's channel. Payloads arrive in the
// order of the log, with two exceptions that it repairs: a message already read
// from the log arrives again, or messages are missing, which are then read from
// the log before anything after them is shown.
func (r *Room) Ingest(ctx context.Context, payload []byte) error {
	e, ok := wire.ParseEntry(payload)
	if !ok {
		r.notice(payload)
		return nil
	}
	switch {
	case !r.opened:
		return nil // it is in the log, from which the ring is about to be filled
	case r.hasEnded(e.Position.Epoch):
		// The log has moved on, and we have what it kept of that epoch.
		return nil
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

// hasEnded reports whether an epoch is over. Only the owner calls it.
func (r *Room) hasEnded(epoch string) bool {
	if epoch == r.pos.Epoch {
		return false
	}
	_, over := r.epochs.End(epoch)
	return over
}

// append adds the next message when the followers have room for it.
func (r *Room) append(ctx context.Context, e wire.Entry) error {
	if err := r.waitForFollowers(ctx); err != nil {
		return err
	}
	r.appendNow(e)
	r.noteSummary(e.Frame)
	return nil
}

func (r *Room) appendNow(e wire.Entry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.pos.Seq = e.Position.Seq
	r.ring.Append(e.Position.Seq, Message, e.Frame)
	r.forgetLocked(e.Frame)
	r.receivedLocked()
	r.count.SubscriptionMessages.Inc()
}

// Broadcast shows a frame that is not a message to all connected clients.
func (r *Room) Broadcast(frame []byte) {
	r.mu.Lock()
	r.ring.Append(r.pos.Seq, Ephemeral, frame)
	r.mu.Unlock()
	r.wake(r)
}

// notice shows a payload that was not published by a server.
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
