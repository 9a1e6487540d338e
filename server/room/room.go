// Package room is the log of a room as one server holds it: a ring of its newest entries, each of them a finished frame.
//
// A room hears its messages through Ingest, in the order of the channel, checks that none is missing, and reads from the log
// itself (Redis' stream, behind the interface Log) what it did not hear. Readers are cursors: positions in the ring. Joining,
// resuming and being live differ only in where the cursor begins.
//
// A room knows no socket and no Redis.
package room

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"unicode"

	"livechat/server/chat"
	"livechat/server/wire"
)

// Log is where a room's messages are kept for all servers. Its payloads are those that wire.ParseEntry reads.
type Log interface {
	// OpenLog returns the log's newest position, beginning the log if there is none.
	OpenLog(ctx context.Context, room string) (chat.Position, error)
	// Tail returns the newest n payloads, oldest first.
	Tail(ctx context.Context, room string, n int) ([][]byte, error)
	// After returns the payloads that follow seq, oldest first, at most limit.
	After(ctx context.Context, room string, seq uint64, limit int) ([][]byte, error)
	// Renew begins a new epoch in a log that fell behind old, in which numbering goes on above old.
	Renew(ctx context.Context, room string, old chat.Position) (chat.Position, error)
}

// pageSize is how many payloads are read from the log at once.
const pageSize = 1000

// maxNotice is how many characters of a text published by hand are shown.
const maxNotice = 4000

// Room is one room on this server. Ingest and Sync are called by one goroutine, the receive loop; everything else from anywhere.
type Room struct {
	// Set at construction.
	Name  string
	ring  *Ring
	log   Log
	wake  func(*Room) // called after something was appended
	slog  *slog.Logger
	ready chan struct{} // closed when the ring has been filled for the first time

	// Owned by the receive loop.
	opened bool

	published atomic.Uint64 // the newest message that this server has put into the log

	// Guarded by mu, which is never held during I/O.
	mu        sync.Mutex
	pos       chat.Position // newest message
	first     uint64        // position in the ring at which the current epoch begins
	followers map[*Follower]struct{}
	progress  chan struct{} // closed and replaced when a follower advances while somebody waits; nil if nobody does

	// Guarded by the registry's mu.
	clients int
	idle    int // sweeps without a client
}

func newRoom(name string, o Options) *Room {
	return &Room{
		Name: name, ring: NewRing(o.RingSize), log: o.Log, wake: o.Wake, slog: o.Logger.With("room", name),
		ready: make(chan struct{}), followers: map[*Follower]struct{}{},
	}
}

// Ring returns the room's ring, to read from.
func (r *Room) Ring() *Ring { return r.ring }

// Position returns the newest message's position.
func (r *Room) Position() chat.Position {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.pos
}

// Sync reads from the log what the ring does not have. The receive loop calls it whenever the subscription of the room's channel
// begins, for the first time or anew: whatever was published before that moment is in the log, whatever comes after is heard.
func (r *Room) Sync(ctx context.Context) error {
	head, err := r.log.OpenLog(ctx, r.Name)
	if err != nil {
		return fmt.Errorf("open log of %s: %w", r.Name, err)
	}
	switch {
	case !r.opened:
		if err := r.load(ctx, head); err != nil {
			return err
		}
		r.opened = true
		close(r.ready)
	case head.Epoch == r.pos.Epoch && head.Seq < r.pos.Seq:
		// The log is older than what its readers have seen. Going on in it would give their numbers to other messages.
		if head, err = r.log.Renew(ctx, r.Name, r.pos); err != nil {
			return fmt.Errorf("renew log of %s: %w", r.Name, err)
		}
		return r.reset(ctx, head)
	case head.Epoch != r.pos.Epoch:
		return r.reset(ctx, head)
	default:
		return r.backfill(ctx)
	}
	return nil
}

// load fills the ring with the newest part of the log. Half of the ring, so that the next messages do not overtake who reads it.
func (r *Room) load(ctx context.Context, head chat.Position) error {
	payloads, err := r.log.Tail(ctx, r.Name, len(r.ring.slots)/2)
	if err != nil {
		return fmt.Errorf("read tail of %s: %w", r.Name, err)
	}
	entries := make([]wire.Entry, 0, len(payloads))
	for _, p := range payloads {
		if e, ok := wire.ParseEntry(p); ok && e.Position.Epoch == head.Epoch {
			entries = append(entries, e)
		}
	}
	start := head
	if len(entries) > 0 {
		start.Seq = entries[0].Position.Seq - 1
	}
	r.mu.Lock()
	r.first = r.ring.Head()
	if r.opened {
		r.ring.Append(start.Seq, Reset, wire.Frame(wire.Reset{Type: "reset", Epoch: start.Epoch, Seq: start.Seq}))
	}
	r.pos = start
	r.mu.Unlock()
	for _, e := range entries {
		if err := r.append(ctx, e); err != nil {
			return err
		}
	}
	r.wake(r)
	return nil
}

// reset goes over to a log that replaced ours.
func (r *Room) reset(ctx context.Context, head chat.Position) error {
	r.slog.Warn("the log was replaced", "old", r.pos, "new", head)
	return r.load(ctx, head)
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
	case e.Position.Epoch != r.pos.Epoch:
		return r.Sync(ctx)
	case e.Position.Seq <= r.pos.Seq:
		return nil
	case e.Position.Seq > r.pos.Seq+1:
		r.slog.Warn("messages were missed on the channel", "have", r.pos.Seq, "heard", e.Position.Seq)
		return r.backfill(ctx)
	}
	if err := r.append(ctx, e); err != nil {
		return err
	}
	r.wake(r)
	return nil
}

// backfill reads what follows the newest message from the log until there is no more.
func (r *Room) backfill(ctx context.Context) error {
	defer r.wake(r)
	for {
		payloads, err := r.log.After(ctx, r.Name, r.pos.Seq, pageSize)
		if err != nil {
			return fmt.Errorf("read log of %s: %w", r.Name, err)
		}
		for _, p := range payloads {
			e, ok := wire.ParseEntry(p)
			if !ok || e.Position.Epoch != r.pos.Epoch || e.Position.Seq <= r.pos.Seq {
				continue
			}
			if missing := e.Position.Seq - r.pos.Seq - 1; missing > 0 {
				r.slog.Error("messages are no longer in the log", "from", r.pos.Seq+1, "to", e.Position.Seq-1)
				r.gap(e.Position.Seq - 1)
			}
			if err := r.append(ctx, e); err != nil {
				return err
			}
		}
		if len(payloads) < pageSize {
			return nil
		}
	}
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
	return nil
}

// gap adds an entry that stands for the messages up to to, which nobody can have any more. It is replayed like a message.
func (r *Room) gap(to uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ring.Append(to, Message, gapFrame(r.pos.Seq+1, to))
	r.pos.Seq = to
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
