package bus

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"livechat/server/chat"
)

// This file puts logs back in order.
//
// Redis may come back without the newest messages, or without any: from an old snapshot, as a replica that lagged behind, after
// FLUSHALL. The servers still have them in their rings. So a log that is not in order is closed, each server offers what it has beyond it, and
// when all have that follow it and are alive, or after a while, it is opened again in a new epoch. log.lua says how that is noticed, reopen.lua
// why a new epoch, followers.go for whom a log waits.
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
	offerPage    = 200 // messages offered at once
	offerLanes   = 16  // rooms in which messages are offered at the same time
)

// mend looks after the logs that are to be opened, until ctx is done. They are
// taken side by side: a step is one round of scripts for all that are due, and
// those that fail have rounds of their own, so that no log waits for another.
func (b *Bus) mend(ctx context.Context, h Handler) {
	var steps sync.WaitGroup
	defer steps.Wait()
	for {
		due, next := b.mends.take(maxPipeline)
		well, failing := split(due)
		for _, logs := range [][]*closedLog{well, failing} {
			for _, logs := range b.byNode(logs) {
				steps.Go(func() { b.step(ctx, h, logs) })
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-b.mends.wake:
		case <-time.After(next):
		}
	}
}

func split(logs []*closedLog) (well, failing []*closedLog) {
	for _, c := range logs {
		if c.fails == 0 {
			well = append(well, c)
		} else {
			failing = append(failing, c)
		}
	}
	return well, failing
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
	return b.offerLate(ctx, h, room, known.Head)
}

// offerLate gives Redis what it has acknowledged to this server, and has not told it.
func (b *Bus) offerLate(ctx context.Context, h Handler, room string, heard chat.Position) error {
	var args []any
	for _, k := range b.unheard(h, room, heard) {
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
