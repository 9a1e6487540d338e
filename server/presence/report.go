package presence

import (
	"maps"
	"slices"
	"time"

	"github.com/go-json-experiment/json"
)

const (
	typePresence = "presence"
	typeTyping   = "typing"
)

// message is everything that servers tell each other here; see the package comment.
type message struct {
	Type  string            `json:"type"`
	Node  string            `json:"node"`
	App   string            `json:"app,omitzero"`
	Role  string            `json:"role,omitzero"`
	N     uint64            `json:"n,omitzero"`
	Total int               `json:"total,omitzero"`
	Full  bool              `json:"full,omitzero"`
	Rooms map[string]change `json:"rooms,omitempty"`
	Away  bool              `json:"away,omitzero"`
	Bye   bool              `json:"bye,omitzero"`

	Ask bool   `json:"ask,omitzero"`
	To  string `json:"to,omitzero"`

	Room    string `json:"room,omitzero"`
	Session string `json:"session,omitzero"`
	Name    string `json:"name,omitzero"`
}

// change is what happened in one room: who came and went, or, in a full report, who is there.
type change struct {
	Online int      `json:"online"`
	Joined []string `json:"joined,omitempty"`
	Left   []string `json:"left,omitempty"`
	All    []string `json:"all,omitempty"`
}

func encode(m message) []byte {
	b, err := json.Marshal(m)
	if err != nil { // names are valid UTF-8 by chat's rules, and nothing else can fail
		return nil
	}
	return b
}

// outbox is what this server has to report. Everything is guarded by Presence.mu.
type outbox struct {
	n     uint64 // of the last report
	total int    // connections of this server

	rooms   map[string]map[string]bool // by changed room: names that came or went since the last report, and whether they were there
	at      time.Time                  // when to report it; zero: nothing has changed
	next    time.Time                  // not before
	beat    time.Time                  // when to report even if nothing has changed
	full    bool                       // the next report tells all: somebody has asked, or may have missed something
	fullAt  time.Time                  // not before
	askAll  bool                       // ask everybody for the whole
	askSome map[string]struct{}        // ask these nodes
}

func (o *outbox) touch(room, name string, was bool) {
	touched := o.change(room)
	if _, ok := touched[name]; !ok {
		touched[name] = was
	}
}

func (o *outbox) change(room string) (touched map[string]bool) {
	touched = o.rooms[room]
	if touched == nil {
		touched = make(map[string]bool)
		o.rooms[room] = touched
	}
	return touched
}

// reportLocked sees to it that a change in a room is reported when delay is over, and not before a second has passed since the last time.
func (p *Presence) reportLocked(room string, delay time.Duration) {
	o := &p.report
	o.change(room)
	at := time.Now().Add(delay)
	if at.Before(o.next) {
		at = o.next
	}
	if o.at.IsZero() || at.Before(o.at) {
		o.at = at
		wake(p.wakeReport)
	}
}

// due returns when there is something to send.
func (o *outbox) due(now time.Time) time.Time {
	due := o.beat
	if !o.at.IsZero() && o.at.Before(due) {
		due = o.at
	}
	if o.full && o.fullAt.Before(due) {
		due = o.fullAt
	}
	if o.askAll || len(o.askSome) > 0 {
		due = now
	}
	return due
}

// composeLocked returns what is to be sent now, and takes it as sent.
func (p *Presence) composeLocked(now time.Time) (payloads [][]byte) {
	o := &p.report
	if o.askAll {
		payloads = append(payloads, encode(message{Type: typePresence, Node: p.opts.Node, Ask: true}))
	} else {
		for _, to := range slices.Sorted(maps.Keys(o.askSome)) {
			payloads = append(payloads, encode(message{Type: typePresence, Node: p.opts.Node, Ask: true, To: to}))
		}
	}
	o.askAll, o.askSome = false, nil

	full := o.full && !now.Before(o.fullAt)
	changed := !o.at.IsZero() && !now.Before(o.at)
	if !full && !changed && now.Before(o.beat) {
		return payloads
	}
	o.n++
	m := message{Type: typePresence, Node: p.opts.Node, App: p.opts.App, Role: p.opts.Role, N: o.n, Total: o.total, Away: p.away}
	switch {
	case full:
		m.Full, m.Rooms = true, p.allLocked()
		o.full, o.fullAt = false, now.Add(p.opts.Interval)
	case changed:
		m.Rooms = p.changesLocked()
	}
	if full || changed {
		clear(o.rooms)
		o.at, o.next = time.Time{}, now.Add(p.opts.Interval)
	}
	o.beat = now.Add(p.opts.Interval)
	return append(payloads, encode(m))
}

// changesLocked returns what has changed since the last report.
func (p *Presence) changesLocked() map[string]change {
	rooms := make(map[string]change, len(p.report.rooms))
	for name, touched := range p.report.rooms {
		var c change
		own := map[string]int(nil)
		if r := p.rooms[name]; r != nil {
			c.Online, own = len(r.sessions), r.own
		}
		for person, was := range touched {
			switch is := own[person] > 0; {
			case is && !was:
				c.Joined = append(c.Joined, person)
			case !is && was:
				c.Left = append(c.Left, person)
			}
		}
		rooms[name] = c
	}
	return rooms
}

// allLocked returns everybody whom this server has.
func (p *Presence) allLocked() map[string]change {
	rooms := make(map[string]change)
	for name, r := range p.rooms {
		if len(r.sessions) > 0 {
			rooms[name] = change{Online: len(r.sessions), All: slices.Collect(maps.Keys(r.own))}
		}
	}
	return rooms
}
