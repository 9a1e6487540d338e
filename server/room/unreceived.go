package room

import (
	"context"
	"slices"
	"time"

	"livechat/server/chat"
)

// Flow control for publishing. A server accepts no more messages than it can
// deliver: a publisher reserves a place in the room, which is released when the
// room has received the message from the subscription. Acknowledged messages
// are kept until then. If Redis dies before it has told any server, a message
// exists only here: this server puts it back when the log is repaired or, if
// the repair went on without it, afterwards.

const (
	publishLag   = 256     // messages published here and not received yet
	publishBytes = 1 << 20 // bytes of their texts; one message is always allowed
)

// unreceived is what this server has published to a room, or is about to, and
// the room has not received yet. Guarded by the room's mu.
type unreceived struct {
	messages, bytes int            // reserved
	acked           []ackedMessage // acknowledged, by seq
	opens           uint64         // calls of OpenLog so far
	// acknowledged but not in the log: to be republished
	republish [][]byte
}

// ackedMessage is a message, and the number of times the log had been opened
// when it was acknowledged.
type ackedMessage struct {
	chat.Message
	opens uint64
}

// Admit reserves a place for a message of size bytes, waiting for at most
// moment; until then what clients send waits in their sockets. It returns false
// if there is no place in time, and nothing is reserved. Otherwise Published or
// Refused releases the place.
func (r *Room) Admit(ctx context.Context, moment time.Duration, size int) bool {
	if r.reserve(size) {
		return true
	}
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	over := time.NewTimer(moment)
	defer over.Stop()
	for !r.reserve(size) {
		select {
		case <-tick.C:
		case <-over.C:
			return false
		case <-ctx.Done():
			return false
		}
	}
	return true
}

func (r *Room) reserve(size int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	u := &r.unreceived
	if u.messages >= publishLag || u.messages > 0 && u.bytes+size > publishBytes {
		return false
	}
	u.messages++
	u.bytes += size
	return true
}

// Refused releases the place of a message that was not acknowledged.
func (r *Room) Refused(size int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.unreceived.release(size)
}

func (u *unreceived) release(size int) {
	u.messages--
	u.bytes -= size
}

// Published records that m is in the log at its Epoch, Seq and At. Its place is
// released when the room has received it.
func (r *Room) Published(m chat.Message) {
	r.mu.Lock()
	u := &r.unreceived
	i := len(u.acked)
	for i > 0 && u.acked[i-1].Seq > m.Seq { // acks arrive in order, except for duplicates
		i--
	}
	u.acked = slices.Insert(u.acked, i, ackedMessage{m, u.opens})
	r.reconcileLocked()
	unknown := !r.knowsLocked(m.Epoch)
	r.mu.Unlock()
	r.republishLost()
	if unknown && r.registry != nil {
		// The log has moved to another epoch, or does not know this one any
		// more.
		r.registry.Subscribed(r.Name)
	}
}

// startOpen counts a call of OpenLog that is about to start.
func (r *Room) startOpen() uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.unreceived.opens++
	return r.unreceived.opens
}

// dropForgotten handles messages that were acknowledged before the OpenLog that
// returned l. If a message's epoch is not part of l, Redis has lost that epoch
// with everything in it: the message is republished and its place released.
func (r *Room) dropForgotten(open uint64, l chat.Log) {
	r.mu.Lock()
	defer r.mu.Unlock()
	u := &r.unreceived
	u.acked = slices.DeleteFunc(u.acked, func(m ackedMessage) bool {
		_, over := l.Epochs.End(m.Epoch)
		gone := m.opens < open && !over && m.Epoch != l.Head.Epoch && !r.knowsLocked(m.Epoch)
		if gone {
			u.republishLocked(m)
			u.release(len(m.Text))
		}
		return gone
	})
}

// republishLocked queues m for republishing.
func (u *unreceived) republishLocked(m ackedMessage) {
	u.republish = append(u.republish, chat.MessagePayload(&m.Message))
}

// receivedLocked releases what the room has received. It is called for each
// message.
func (r *Room) receivedLocked() {
	u := &r.unreceived
	n := 0
	for n < len(u.acked) && u.acked[n].Seq <= r.pos.Seq && u.acked[n].Epoch == r.pos.Epoch {
		u.release(len(u.acked[n].Text))
		n++
	}
	if n == 0 {
		return
	}
	clear(u.acked[:n])
	if u.acked = u.acked[n:]; len(u.acked) == 0 {
		u.acked = nil
	}
}

// reconcileLocked releases what the room has received, and what belongs to an
// epoch that ended before it: that is republished.
func (r *Room) reconcileLocked() {
	u := &r.unreceived
	rest := u.acked[:0]
	for _, m := range u.acked {
		end, over := r.epochs.End(m.Epoch)
		switch {
		case m.Epoch == r.pos.Epoch && m.Seq > r.pos.Seq, m.Epoch != r.pos.Epoch && !over:
			rest = append(rest, m) // not received, or of an epoch that the room does not know yet
			continue
		case over && m.Seq > end:
			u.republishLocked(m)
		}
		u.release(len(m.Text))
	}
	clear(u.acked[len(rest):])
	if u.acked = rest; len(rest) == 0 {
		u.acked = nil
	}
}

// republishGapLocked republishes messages up to to that the log has lost,
// although it continues after them.
func (r *Room) republishGapLocked(to uint64) {
	u := &r.unreceived
	for _, m := range u.acked {
		if m.Epoch == r.pos.Epoch && m.Seq > r.pos.Seq && m.Seq <= to {
			u.republishLocked(m)
		}
	}
}

// republishLost republishes what was queued.
func (r *Room) republishLost() {
	r.mu.Lock()
	lost := r.unreceived.republish
	r.unreceived.republish = nil
	r.mu.Unlock()
	if len(lost) > 0 {
		r.log.Republish(r.Name, lost)
	}
}

// isUnreceived reports whether this server has published a message with this id
// and the room has not received it.
func (r *Room) isUnreceived(id string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.ContainsFunc(r.unreceived.acked, func(m ackedMessage) bool { return m.ID == id })
}

// Unreceived returns the payloads that this server has published and the room
// has not received, oldest first.
func (r *Room) Unreceived() (list [][]byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, m := range r.unreceived.acked {
		list = append(list, chat.MessagePayload(&m.Message))
	}
	return list
}
