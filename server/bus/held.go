package bus

import "time"

const (
	// maxHeld and maxHeldOfRoom limit how many publications may wait for closed
	// logs, of all rooms and of one. Further ones are refused; their senders
	// try again.
	maxHeld       = 16 * queueLength
	maxHeldOfRoom = 4 * queueLength
	// heldCheck is how often the publisher checks whether one has waited too
	// long.
	heldCheck = 50 * time.Millisecond
)

// held are publications that wait until the log of their room is open. They
// wait apart from the queue, in order, followed by all later ones of their
// room, so that a room whose log is being repaired delays no other.
type held struct {
	rooms   map[string]*heldRoom
	ready   []string // rooms with an open log; each is in rooms
	count   int      // publications of all rooms
	refused []queued // over the limits
}

type heldRoom struct {
	items []queued
	ready bool
}

// admit reports whether p need not wait. Otherwise p is held as the last of its
// room, or refused.
func (h *held) admit(p queued) bool {
	r := h.rooms[p.Room]
	switch {
	case r == nil:
		return true
	case len(r.items) >= maxHeldOfRoom || h.count >= maxHeld:
		h.refused = append(h.refused, p)
	default:
		r.items = append(r.items, p)
		h.count++
	}
	return false
}

// putBack holds publications of a room in front of those that wait.
func (h *held) putBack(room string, items []queued) {
	r := h.rooms[room]
	if r == nil {
		r = &heldRoom{}
		if h.rooms == nil {
			h.rooms = make(map[string]*heldRoom)
		}
		h.rooms[room] = r
	}
	h.count += len(items)
	r.items = append(items, r.items...)
}

// release says that a room's log is open.
func (h *held) release(room string) {
	if r := h.rooms[room]; r != nil && !r.ready {
		r.ready = true
		h.ready = append(h.ready, room)
	}
}

// take appends to buf, up to limit, publications of rooms whose log is open.
func (h *held) take(buf []queued, limit int) []queued {
	for len(h.ready) > 0 && len(buf) < limit {
		room := h.ready[0]
		r := h.rooms[room]
		n := min(len(r.items), limit-len(buf))
		buf = append(buf, r.items[:n]...)
		r.items = r.items[n:]
		h.count -= n
		if len(r.items) == 0 {
			h.ready = h.ready[1:]
			delete(h.rooms, room)
		}
	}
	return buf
}

// expired removes and returns what has waited since before a time, and what was
// refused.
func (h *held) expired(before time.Time) []queued {
	out := h.refused
	h.refused = nil
	for room, r := range h.rooms {
		n := 0
		for n < len(r.items) && r.items[n].since.Before(before) {
			n++
		}
		out = append(out, r.items[:n]...)
		r.items = r.items[n:]
		h.count -= n
		if len(r.items) == 0 && !r.ready {
			delete(h.rooms, room)
		}
	}
	return out
}

// all removes and returns everything.
func (h *held) all() []queued {
	out := h.refused
	for _, r := range h.rooms {
		out = append(out, r.items...)
	}
	*h = held{}
	return out
}
