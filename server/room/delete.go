package room

import (
	"bytes"

	"livechat/server/chat"
	"livechat/server/wire"
)

// A delete leaves tombstones in the ring in the place of its message and of the
// edits of that, and in a feed the events about them without the text. So what
// the ring replays, restores and republishes never has the text again. A log is
// always read in its order, so whatever comes into the ring from an older source
// comes before the delete.

// forgetLocked applies a frame that was just appended, if it is a delete.
func (r *Room) forgetLocked(frame []byte) {
	d, ok := deleteIn(r.Name, frame, r.pos.Epoch)
	if !ok {
		return
	}
	if r.registry != nil && r.registry.reactions != nil {
		r.registry.reactions.taken.forget(r.Name, &d)
	}
	l, id := chat.Log{Head: r.pos, Epochs: r.epochs}, []byte(d.Deletes())
	for pos := r.ring.Head(); pos > r.ring.Tail(); pos-- {
		e := r.ring.At(pos - 1)
		if e.Kind != Message || !bytes.Contains(e.Frame, id) {
			continue
		}
		if after, ok := frameAfter(e.Frame, l.EpochOf(e.Seq), &d); ok {
			r.ring.Replace(pos-1, after)
		}
	}
}

// deleteIn returns the delete in a frame of a room or a feed.
func deleteIn(name string, frame []byte, epoch string) (d chat.Message, ok bool) {
	if !wire.IsOfType(frame, chat.TypeDelete) && (!chat.IsFeed(name) || !chat.MayDelete(frame)) {
		return d, false
	}
	payload, ok := wire.Payload(frame, epoch)
	if !ok {
		return d, false
	}
	d, err := chat.DecodePayload(payload)
	return d, err == nil && d.Deletes() != ""
}

// frameAfter returns the frame that stands in the place of another one after a
// delete; ok is false if it stays.
func frameAfter(frame []byte, epoch string, d *chat.Message) (after []byte, ok bool) {
	payload, ok := wire.Payload(frame, epoch)
	if !ok {
		return nil, false
	}
	m, err := chat.DecodePayload(payload)
	if err != nil {
		return nil, false
	}
	if m, ok = m.After(d); !ok {
		return nil, false
	}
	e, ok := wire.ParseEntry(chat.MessagePayload(&m))
	return e.Frame, ok
}

// forget applies the deletes in the ring to entries from the archive, which may
// not have got them yet.
func (r *Room) forget(entries []wire.Entry) []wire.Entry {
	if len(entries) == 0 {
		return entries
	}
	for _, d := range r.deletes() {
		id := []byte(d.Deletes())
		for i, e := range entries {
			if !bytes.Contains(e.Frame, id) {
				continue
			}
			if after, ok := frameAfter(e.Frame, e.Position.Epoch, &d); ok {
				entries[i].Frame = after
			}
		}
	}
	return entries
}

// deletes returns the deletes in the ring.
func (r *Room) deletes() (list []chat.Message) {
	epoch := r.Position().Epoch // any would do: a delete is known by its target
	for pos := r.ring.Tail(); pos < r.ring.Head(); pos++ {
		if e := r.ring.At(pos); e != nil && e.Kind == Message {
			if d, ok := deleteIn(r.Name, e.Frame, epoch); ok {
				list = append(list, d)
			}
		}
	}
	return list
}
