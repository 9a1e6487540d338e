package bus

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"livechat/server/chat"
	"livechat/server/metrics"
)

// This file puts logs back in order.
//
// Redis may come back without the newest messages, or without any: from an old snapshot, as a replica that lagged behind, after
// FLUSHALL. The servers still have them in their rings. So a log that is not in order is closed, each server offers what it has beyond it, and
// when all have, or after a while, it is opened again in a new epoch. log.lua says how that is noticed, reopen.lua why a new epoch.
//
// A server that could not offer in time finds out when it opens the log: its newest messages are in an epoch that ended before them.
// They go into the log once more by Republish, with the ids that they had.

// Kept is a message that was in the log once.
type Kept struct {
	Position chat.Position
	Payload  []byte
	ID       string
	Digest   string // see Publication
}

const (
	// mendPatience is how long a log stays closed while there are servers that have not offered what they have: longer than it takes
	// to find a Redis that has come back (maxPause).
	mendPatience = 2 * time.Second
	mendLook     = 20 * time.Millisecond // between two looks whether the others have offered
	offerPage    = 200                   // messages offered at once
)

// mends is what the mender has to do.
type mends struct {
	wake chan struct{} // holds a token while there may be something; never closed

	mu    sync.Mutex
	rooms map[string]chan struct{} // guarded by mu: rooms whose logs are closed; the channel is closed when that is over
	again map[string][]Kept        // guarded by mu: what is to be said again
}

func newMends() *mends {
	return &mends{wake: make(chan struct{}, 1), rooms: make(map[string]chan struct{}), again: make(map[string][]Kept)}
}

// add asks for a room's log to be mended. The channel is closed when it was found open.
func (m *mends) add(room string) <-chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	over, ok := m.rooms[room]
	if !ok {
		over = make(chan struct{})
		m.rooms[room] = over
	}
	m.wakeLocked()
	return over
}

func (m *mends) owe(room string, kept []Kept) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.again[room] = append(m.again[room], kept...)
	m.wakeLocked()
}

func (m *mends) wakeLocked() {
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

func (m *mends) opened(room string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	close(m.rooms[room])
	delete(m.rooms, room)
}

func (m *mends) closed() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Sorted(maps.Keys(m.rooms))
}

func (m *mends) owed() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Sorted(maps.Keys(m.again))
}

// first returns the oldest of what is to be said again in a room.
func (m *mends) first(room string) []Kept {
	m.mu.Lock()
	defer m.mu.Unlock()
	list := m.again[room]
	return slices.Clone(list[:min(len(list), offerPage)])
}

// said forgets the first n.
func (m *mends) said(room string, n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.again[room] = m.again[room][n:]; len(m.again[room]) == 0 {
		delete(m.again, room)
	}
}

// mend looks after the logs that have been found closed, and after what is to be said again, until ctx is done. It goes round: all rooms are
// offered to before any is waited for.
func (b *Bus) mend(ctx context.Context, h Handler) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-b.mends.wake:
		}
		for b.mendAll(ctx, h) {
			select {
			case <-ctx.Done():
				return
			case <-time.After(mendLook):
			}
		}
	}
}

// mendAll takes one step in each room, and says whether there is more to do.
func (b *Bus) mendAll(ctx context.Context, h Handler) (more bool) {
	for _, room := range b.mends.closed() {
		if ctx.Err() != nil {
			return false
		}
		switch open, err := b.mendRoom(ctx, h, room); {
		case err != nil:
			b.options.Metrics.Mends.WithLabelValues(metrics.Failed).Inc()
			b.log.Debug("cannot mend a log yet", "room", room, "error", err)
			return true // if Redis is not there for one room, it is not for the others
		case open:
			b.mends.opened(room)
		default:
			more = true
		}
	}
	for _, room := range b.mends.owed() {
		if ctx.Err() != nil {
			return false
		}
		if err := b.sayAgain(ctx, h, room); err != nil {
			b.log.Debug("cannot say lost messages again yet", "room", room, "error", err)
			more = true
		}
	}
	return more
}

// mendRoom takes the next step towards an open log. It may be called any number of times.
func (b *Bus) mendRoom(ctx context.Context, h Handler, room string) (open bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, b.options.attempt())
	defer cancel()
	known := h.Known(room)
	found, err := b.ask(ctx, mendScript, room, known.Head.Epoch, known.Head.Seq, b.side(), room)
	if err != nil || found.kind == "open" {
		return err == nil, err
	}
	servers := len(h.Servers())
	switch {
	case known.Head.Epoch == "":
		servers = int(^uint32(0) >> 1) // who knows nothing itself gives all others their time
	case found.log.Head.Epoch == "", known.Has(found.log.Head): // what we know goes on where it ends
		if err := b.offer(ctx, h, room, found.log.Head, known); err != nil {
			return false, err
		}
	}
	s, err := b.ask(ctx, reopenScript, room,
		newEpoch(), b.name, servers, mendPatience.Milliseconds(), b.side(), room, chat.MaxLineage, b.options.IDTTL.Milliseconds())
	if err != nil || s.kind != "open" {
		return false, err
	}
	b.options.Metrics.Mends.WithLabelValues(metrics.Mended).Inc()
	b.log.Warn("a log was mended", "room", room, "found", found.log.Head, "log", s.log.Head)
	return true, nil
}

// offer gives Redis what this server has beyond the newest message that was found in the log.
func (b *Bus) offer(ctx context.Context, h Handler, room string, found chat.Position, known chat.Log) error {
	kept := h.Remember(room, found.Seq)
	for found.Epoch == "" || len(kept) > 0 { // a log of which nothing is left gets its epoch back even if it was empty
		epoch, n := known.Head.Epoch, 0
		if len(kept) > 0 {
			epoch = kept[0].Position.Epoch
		}
		keys := []string{b.key(room, "head"), b.key(room, "log")}
		args := []any{found.Epoch, epoch, known.Past.Before(epoch).String(), b.options.IDTTL.Milliseconds(), b.options.HistoryLength}
		for ; n < min(len(kept), offerPage) && kept[n].Position.Epoch == epoch; n++ {
			keys = append(keys, b.key(room, "id", kept[n].ID))
			args = append(args, kept[n].Position.Seq, kept[n].Payload, kept[n].Digest)
		}
		answer, err := offerScript.Run(ctx, b.client, keys, args...).Text()
		if isFinal(err) {
			b.log.Error("Redis does not take back what it has lost", "room", room, "messages", len(kept), "error", err)
			return nil // nor will it another time; the room must go on
		}
		if err != nil {
			return fmt.Errorf("offer to the log of room %s: %w", room, err)
		}
		if answer != "taken" {
			return errors.New("another server has moved the log")
		}
		found.Epoch, kept = epoch, kept[n:]
	}
	return b.offerLate(ctx, room, known.Head)
}

// offerLate gives Redis what it has acknowledged to this server, and has not told it.
func (b *Bus) offerLate(ctx context.Context, room string, heard chat.Position) error {
	var args []any
	for _, k := range b.recent.after(room, heard) {
		args = append(args, k.Position.Seq, k.Position.Epoch, b.key(room, "id", k.ID), k.Digest, k.Payload)
	}
	if len(args) == 0 {
		return nil
	}
	keys := []string{b.key(room, "head"), b.key(room, "log"), b.key(room, "mend")}
	if err := lateScript.Run(ctx, b.client, keys, args...).Err(); err != nil {
		return fmt.Errorf("offer what was not heard in room %s: %w", room, err)
	}
	return nil
}
