package bus

import (
	"context"
	"errors"
	"fmt"
	"math"

	"livechat/server/chat"
)

// Kept is a message that was in the log once.
type Kept struct {
	Position chat.Position
	Payload  []byte
	ID       string
	Digest   string // see Publication
}

const (
	offerPage  = 200     // messages offered at once
	offerBytes = 1 << 20 // but no more than this
)

// offer gives Redis what this server has of a log and the log, as it was found, has not.
func (b *Bus) offer(ctx context.Context, h Handler, room string, found state, known chat.Log) error {
	if found.lack == "no" {
		return nil
	}
	var heard []Kept
	from, end := uint64(0), found.log.Head.Seq
	if found.lack == "front" {
		heard = h.Remember(room, 0, found.first)
	}
	if found.lack != "all" {
		from = end
	}
	heard = append(heard, h.Remember(room, from, math.MaxUint64)...)
	late := b.unheard(h, room, known.Head)
	if known.Head.Epoch == "" { // it says something there, and hears nothing
		known = b.recent.log(room)
	}
	if known.Head.Epoch == "" {
		return nil
	}
	n := len(heard)
	kept := append(heard, late...)
	for first := true; first || len(kept) > 0; first = false { // a log of which nothing is left gets its epoch back even if it was empty
		page, size := 0, 0
		args := []any{known.Head.Epoch, known.Head.Seq, known.Past.String(), b.options.HistoryLength}
		for ; page < min(len(kept), offerPage) && size < offerBytes; page++ {
			k, late := kept[page], 0
			if n--; n < 0 {
				late = 1
			}
			args = append(args, k.Position.Seq, k.Position.Epoch, late, b.key(room, "id", k.ID), k.Digest, k.Payload)
			size += len(k.Payload)
		}
		kept = kept[page:]
		switch answer, err := offerScript.Run(ctx, b.client, b.logKeys(room), args...).Text(); {
		case isFinal(err):
			b.log.Error("Redis does not take back what it has lost", "room", room, "messages", page, "error", err)
			return nil // nor will it another time; the room must go on
		case err != nil:
			return fmt.Errorf("offer to the log of room %s: %w", room, err)
		case answer == "another":
			return nil // ours is said again when the room finds out
		case answer != "taken":
			return errors.New("another server has opened the log")
		}
	}
	return nil
}
