package bus

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"

	"livechat/server/chat"
)

// Restored is a message that the log had once, and that a server still has.
type Restored struct {
	Position chat.Position
	Payload  []byte
	ID       string // see Publication
	Digest   string // see Publication
}

// RestoredOf reads the payloads of a room's messages. It drops those that
// publish.lua cannot have written.
func RestoredOf(room string, payloads [][]byte) []Restored {
	list := make([]Restored, 0, len(payloads))
	for _, p := range payloads {
		at, _, ok := chat.ParsePayload(p)
		m, err := chat.DecodePayload(p)
		if ok && err == nil {
			list = append(list, Restored{
				Position: at, Payload: p, ID: chat.LogKey(room, &m), Digest: chat.LogDigest(room, &m),
			})
			if m.Deletes() != "" {
				forget(room, list, &m)
			}
		}
	}
	return list
}

// forget puts tombstones in the place of what the entry d deletes.
func forget(room string, list []Restored, d *chat.Message) {
	id := []byte(d.Deletes())
	for i, k := range list {
		if !bytes.Contains(k.Payload, id) {
			continue
		}
		m, err := chat.DecodePayload(k.Payload)
		if err != nil {
			continue
		}
		if m, ok := m.After(d); ok {
			list[i].Payload, list[i].Digest = chat.MessagePayload(&m), chat.LogDigest(room, &m)
		}
	}
}

const (
	stagePage  = 200     // messages staged by one script
	stageBytes = 1 << 20 // and at most so many bytes, exceeded by one message
)

// stage stages what this server has of a log and the log, as it was found,
// lacks.
func (b *Bus) stage(ctx context.Context, h RepairSource, room string, found state, known chat.Log) error {
	if found.lack == "no" {
		return nil
	}
	var received []Restored
	from, end := uint64(0), found.log.Head.Seq
	if found.lack == "front" {
		received = h.Remember(room, 0, found.first)
	}
	if found.lack != "all" {
		from = end
	}
	received = append(received, h.Remember(room, from, math.MaxUint64)...)
	unreceived := b.unreceived(h, room, known.Head)
	if known.Head.Epoch == "" { // this server publishes there, and is not subscribed
		known = b.recent.log(room)
	}
	if known.Head.Epoch == "" {
		return nil
	}
	n := len(received)
	messages := append(received, unreceived...)
	for first := true; first || len(messages) > 0; first = false { // an empty log gets its epoch back, too
		page, size := 0, 0
		args := []any{known.Head.Epoch, known.Head.Seq, known.Epochs.String(), b.options.HistoryLength}
		for ; page < min(len(messages), stagePage) && size < stageBytes; page++ {
			k, unreceived := messages[page], 0
			if n--; n < 0 {
				unreceived = 1
			}
			args = append(args, k.Position.Seq, k.Position.Epoch, unreceived, b.key(room, "id", k.ID),
				k.Digest, k.Payload)
			size += len(k.Payload)
		}
		messages = messages[page:]
		switch answer, err := stageScript.Run(ctx, b.client, b.logKeys(room), args...).Text(); {
		case isFinal(err):
			b.logger.Error("log repair: Redis refuses lost messages", "room", room, "messages", page,
				"error", err)
			return nil // it would again; the room must go on
		case err != nil:
			return fmt.Errorf("stage messages of room %s: %w", room, err)
		case answer == "another":
			return nil // ours are republished when the room finds out
		case answer != "taken":
			return errors.New("another server has unsealed the log")
		}
	}
	return nil
}
