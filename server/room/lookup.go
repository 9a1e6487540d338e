package room

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"livechat/server/chat"
	"livechat/server/wire"
)

// Lookup returns the message that a client means by seq and id; an empty id
// leaves it to seq. It asks the ring, the log, and then the archive. A message
// that is no longer at seq, because a repair has moved it, is found in the
// ring, if it is the client's: others may use its id. ok is false if there is no
// such message. Of a deleted message the tombstone is found. While Redis gets
// back what it has lost, or this server does not know the epoch in which the log
// has it, or has to republish it, the error is errBehind.
func (r *Room) Lookup(ctx context.Context, t chat.Target, own func(*chat.Message) bool) (
	m chat.Message, ok bool, err error) {
	is := func(m chat.Message) bool {
		return (m.Type == "" || m.IsDeletedMessage()) && (t.ID == "" || m.ID == t.ID)
	}
	if m, ok = r.inRing(t.Seq); ok && is(m) {
		return m, true, nil
	}
	l := r.logState()
	if !ok {
		if m, ok, err = r.readAt(ctx, l, t.Seq); err != nil || ok && is(m) {
			return m, err == nil, err
		}
	}
	if m, ok = r.byID(t.ID, own); !ok && (r.isUnreceived(t.ID) || !r.stillHas(ctx, l)) {
		return m, false, errBehind
	}
	return m, ok, nil
}

// readAt returns the entry at seq from the log or from the archive.
func (r *Room) readAt(ctx context.Context, l chat.Log, seq uint64) (m chat.Message, ok bool, err error) {
	payloads, err := r.log.After(ctx, r.Name, seq-1, 1)
	if err != nil {
		return m, false, fmt.Errorf("read log of %s: %w", r.Name, err)
	}
	if m, ok = entryAt(l, seq, payloads); ok || r.archive == nil {
		return m, ok, nil
	}
	payloads, err = r.archive.Between(ctx, r.Name, l, seq-1, seq+1, 1)
	if err != nil {
		return m, false, fmt.Errorf("read archive of %s: %w", r.Name, err)
	}
	m, ok = entryAt(l, seq, payloads)
	return m, ok, nil
}

var errBehind = errors.New("this server has not received the message yet")

// entryAt returns the entry of l that is the first of some payloads, if it is
// at seq.
func entryAt(l chat.Log, seq uint64, payloads [][]byte) (m chat.Message, ok bool) {
	if len(payloads) == 0 {
		return m, false
	}
	position, _, ok := chat.ParsePayload(payloads[0])
	if !ok || position.Seq != seq || !l.HasEntry(position) {
		return m, false
	}
	m, err := chat.DecodePayload(payloads[0])
	return m, err == nil
}

// inRing returns the entry at seq if the ring has it.
func (r *Room) inRing(seq uint64) (m chat.Message, ok bool) {
	r.mu.Lock()
	pos := r.ring.Find(max(r.first, r.ring.Tail()), seq-1)
	var e *Entry
	if pos < r.ring.Head() {
		e = r.ring.At(pos)
	}
	epoch := chat.Log{Head: r.pos, Epochs: r.epochs}.EpochOf(seq)
	r.mu.Unlock()
	if e == nil || e.Kind != Message || e.Seq != seq {
		return m, false
	}
	return decode(e, epoch)
}

func decode(e *Entry, epoch string) (m chat.Message, ok bool) {
	p, ok := wire.Payload(e.Frame, epoch)
	if !ok { // a gap
		return m, false
	}
	m, err := chat.DecodePayload(p)
	return m, err == nil
}

// byID returns the newest message in the ring with this id that is the client's.
func (r *Room) byID(id string, own func(*chat.Message) bool) (m chat.Message, ok bool) {
	if id == "" {
		return m, false
	}
	return r.newest(func(frame []byte) bool { return wire.HasID(frame, id) }, func(m *chat.Message) bool {
		return (m.Type == "" || m.IsDeletedMessage()) && own(m)
	})
}

// newest returns the newest entry in the ring whose frame and content are as
// wanted. It holds up nobody: the ring may overtake it.
func (r *Room) newest(frame func([]byte) bool, is func(*chat.Message) bool) (m chat.Message, ok bool) {
	r.mu.Lock()
	l, first, head := chat.Log{Head: r.pos, Epochs: r.epochs}, r.first, r.ring.Head()
	r.mu.Unlock()
	for pos := head; pos > max(first, r.ring.Tail()); pos-- {
		e := r.ring.At(pos - 1)
		if e == nil {
			break
		}
		if e.Kind != Message || !frame(e.Frame) {
			continue
		}
		if m, ok = decode(e, l.EpochOf(e.Seq)); ok && is(&m) {
			return m, true
		}
	}
	return chat.Message{}, false
}

// EditOf returns the text of the newest edit of a message, if the ring has one.
func (r *Room) EditOf(m *chat.Message) (text string, ok bool) {
	edit, ok := r.newest(func(frame []byte) bool {
		return wire.IsOfType(frame, chat.TypeEdit) && bytes.Contains(frame, []byte(m.ID))
	}, func(edit *chat.Message) bool { return edit.Target().ID == m.ID && edit.SameAuthor(m) })
	return edit.Text, ok
}
