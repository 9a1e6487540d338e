package room

import (
	"context"
	"slices"
	"time"

	"livechat/server/chat"
	"livechat/server/wire"
)

// A server takes in no more than it can give out: whoever wants to publish here
// reserves a place in the room, which is free again when the room has heard the
// message. What was acknowledged is kept until then. Redis may die before it
// tells anybody: then the message is nowhere but here, and this server puts it
// back, when the log is repaired or, if that went on without it, afterwards.

const (
	publishLag   = 256     // messages of this server's own doing that a room may not have heard
	publishBytes = 1 << 20 // of their texts; one message is always allowed
)

// unheard is what this server has put into the log of a room, or is about to. Guarded by the room's mu.
type unheard struct {
	messages, bytes int      // reserved
	kept            []acked  // acknowledged, by seq
	looks           uint64   // into the log, so far
	lost            [][]byte // acknowledged, and no part of the log: to be published again
}

// acked is a message and how often the room had looked into the log when the message was acknowledged.
type acked struct {
	chat.Message
	looks uint64
}

// Admit waits, for a moment at most, for a place for a message of so many bytes. What its clients send meanwhile waits in their
// sockets. false: the moment is over, and nothing has changed. Else Published or Refused gives the place back.
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
	u := &r.unheard
	if u.messages >= publishLag || u.messages > 0 && u.bytes+size > publishBytes {
		return false
	}
	u.messages++
	u.bytes += size
	return true
}

// Refused gives back the place of a message that was not acknowledged.
func (r *Room) Refused(size int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.unheard.free(size)
}

func (u *unheard) free(size int) {
	u.messages--
	u.bytes -= size
}

// Published notes that m is in the log, where its Epoch, Seq and At say. Its place is free when the room has heard it.
func (r *Room) Published(m chat.Message) {
	r.mu.Lock()
	u := &r.unheard
	i := len(u.kept)
	for i > 0 && u.kept[i-1].Seq > m.Seq { // answers come in order, but for duplicates
		i--
	}
	u.kept = slices.Insert(u.kept, i, acked{m, u.looks})
	r.settleLocked()
	unknown := !r.knowsLocked(m.Epoch)
	r.mu.Unlock()
	r.sayLost()
	if unknown && r.registry != nil {
		r.registry.Subscribed(r.Name) // the log has gone on in another epoch, or has forgotten this one
	}
}

// look counts a look into the log that begins.
func (r *Room) look() uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.unheard.looks++
	return r.unheard.looks
}

// looked is for what was acknowledged before a look that found l: if its epoch is none of l's, Redis has lost that with all that was said in
// it. It is published again, and takes no place any more.
func (r *Room) looked(look uint64, l chat.Log) {
	r.mu.Lock()
	defer r.mu.Unlock()
	u := &r.unheard
	u.kept = slices.DeleteFunc(u.kept, func(m acked) bool {
		_, over := l.Past.End(m.Epoch)
		gone := m.looks < look && !over && m.Epoch != l.Head.Epoch && !r.knowsLocked(m.Epoch)
		if gone {
			u.loseLocked(m)
			u.free(len(m.Text))
		}
		return gone
	})
}

// loseLocked notes that m is to be published again.
func (u *unheard) loseLocked(m acked) { u.lost = append(u.lost, wire.MessagePayload(&m.Message)) }

// heardLocked lets go of what the room has heard by now. It is called for each message.
func (r *Room) heardLocked() {
	u := &r.unheard
	n := 0
	for n < len(u.kept) && u.kept[n].Seq <= r.pos.Seq && u.kept[n].Epoch == r.pos.Epoch {
		u.free(len(u.kept[n].Text))
		n++
	}
	if n == 0 {
		return
	}
	clear(u.kept[:n])
	if u.kept = u.kept[n:]; len(u.kept) == 0 {
		u.kept = nil
	}
}

// settleLocked lets go of what was heard and of what belongs to an epoch that ended before it: that is to be published again.
func (r *Room) settleLocked() {
	u := &r.unheard
	rest := u.kept[:0]
	for _, m := range u.kept {
		end, over := r.past.End(m.Epoch)
		switch {
		case m.Epoch == r.pos.Epoch && m.Seq > r.pos.Seq, m.Epoch != r.pos.Epoch && !over:
			rest = append(rest, m) // not heard, or of an epoch that the room has still to hear of
			continue
		case over && m.Seq > end:
			u.loseLocked(m)
		}
		u.free(len(m.Text))
	}
	clear(u.kept[len(rest):])
	if u.kept = rest; len(rest) == 0 {
		u.kept = nil
	}
}

// loseLocked is for messages up to to that the log does not have, although it goes on after them.
func (r *Room) loseLocked(to uint64) {
	u := &r.unheard
	for _, m := range u.kept {
		if m.Epoch == r.pos.Epoch && m.Seq > r.pos.Seq && m.Seq <= to {
			u.loseLocked(m)
		}
	}
}

// sayLost has what was lost published again.
func (r *Room) sayLost() {
	r.mu.Lock()
	lost := r.unheard.lost
	r.unheard.lost = nil
	r.mu.Unlock()
	if len(lost) > 0 {
		r.log.Republish(r.Name, lost)
	}
}

// Unheard returns the payloads that this server has put into the log and that the room has not heard, oldest first.
func (r *Room) Unheard() (list [][]byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, m := range r.unheard.kept {
		list = append(list, wire.MessagePayload(&m.Message))
	}
	return list
}
