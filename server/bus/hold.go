package bus

import "time"

const (
	// maxHeld and maxHeldOfRoom are how many publications may wait for closed
	// logs, of all rooms and of one. More are refused: who sent them tries again.
	maxHeld       = 16 * queueLength
	maxHeldOfRoom = 4 * queueLength
	// holdLook is how often the publisher looks whether one has waited too long.
	holdLook = 50 * time.Millisecond
)

// holds are publications that wait until the log of their room is open. They
// wait aside, in their order, and all later ones of that room behind them, so
// that a room whose log is being repaired holds up no other.
type holds struct {
	rooms   map[string]*hold
	ready   []string // rooms with an open log; each has a hold
	count   int      // publications in all holds
	refused []queued // for which there was no room
}

type hold struct {
	items []queued
	ready bool
}

// pass says whether the room has no hold. If it has, p is put at its end.
func (h *holds) pass(p queued) bool {
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

// back puts publications of a room in front of those that wait.
func (h *holds) back(room string, items []queued) {
	r := h.rooms[room]
	if r == nil {
		r = &hold{}
		if h.rooms == nil {
			h.rooms = make(map[string]*hold)
		}
		h.rooms[room] = r
	}
	h.count += len(items)
	r.items = append(items, r.items...)
}

// release says that a room's log is open.
func (h *holds) release(room string) {
	if r := h.rooms[room]; r != nil && !r.ready {
		r.ready = true
		h.ready = append(h.ready, room)
	}
}

// take appends to buf, up to limit, publications of rooms whose log is open.
func (h *holds) take(buf []queued, limit int) []queued {
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

// late takes out what has waited since before a time, and what was refused.
func (h *holds) late(before time.Time) []queued {
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

// all takes everything.
func (h *holds) all() []queued {
	out := h.refused
	for _, r := range h.rooms {
		out = append(out, r.items...)
	}
	*h = holds{}
	return out
}
