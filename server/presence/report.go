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

// countsEvery is the number of intervals after which all servers learn the new
// count of a room that goes on. That a room has got or lost its people on a
// server is told at once, and servers that share the room know better anyway.
const countsEvery = 5

// reportsHeard is how many reports without news a server hears in an interval at
// most. Each hears those of all, so where there are more servers each reports less
// often, and is missed later when it dies.
const reportsHeard = 100

// message is everything that servers tell each other here; see the package comment.
type message struct {
	Type   string            `json:"type"`
	Node   string            `json:"node"`
	App    string            `json:"app,omitzero"`
	Role   string            `json:"role,omitzero"`
	N      uint64            `json:"n,omitzero"`
	D      uint64            `json:"d,omitzero"`
	Total  int               `json:"total,omitzero"`
	Full   bool              `json:"full,omitzero"`
	Counts map[string]int    `json:"counts,omitempty"`
	Rooms  map[string]change `json:"rooms,omitempty"`
	Away   bool              `json:"away,omitzero"`
	Every  int64             `json:"every,omitzero"` // milliseconds to the next report; left out if that is the interval
	// when, for who sent it: milliseconds of its own clock since it began
	Sent int64 `json:"sent,omitzero"`
	Bye  bool  `json:"bye,omitzero"`

	Ask bool   `json:"ask,omitzero"`
	To  string `json:"to,omitzero"`

	Room    string `json:"room,omitzero"`
	Session string `json:"session,omitzero"`
	Name    string `json:"name,omitzero"`
}

// change is what happened in one room: who came and went, or who is there.
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

	rooms map[string]map[string]bool // by changed room: names that came or went since the last report, and whether they were there
	at    time.Time                  // when to report it; zero: nothing has changed
	next  time.Time                  // not before
	beat  time.Time                  // when to report even if nothing has changed
	echo  time.Time                  // when to hear oneself, if there is nothing to report

	told     map[string]int      // by room: connections, as all servers have been told; rooms without people are not in it
	counts   map[string]struct{} // rooms whose count may not be what was told
	countsAt time.Time           // when all of them are told, if any

	full    bool                // the next report tells all: somebody has asked, or may have missed something
	fullAt  time.Time           // not before
	askAll  bool                // ask everybody for the whole
	askSome map[string]struct{} // ask these nodes
}

func newOutbox() outbox {
	return outbox{
		rooms: make(map[string]map[string]bool), told: make(map[string]int), counts: make(map[string]struct{}), full: true,
		askSome: make(map[string]struct{}),
	}
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
	o.counts[room] = struct{}{}
	at := time.Now().Add(delay)
	if at.Before(o.next) {
		at = o.next
	}
	if o.at.IsZero() || at.Before(o.at) {
		o.at = at
		wake(p.wakeReport)
	}
}

// everyLocked returns the time between two reports without news.
func (p *Presence) everyLocked() time.Duration {
	return p.opts.Interval * time.Duration(1+len(p.peers)/reportsHeard)
}

// everyMS is everyLocked as a report says it.
func (p *Presence) everyMSLocked() int64 {
	if every := p.everyLocked(); every > p.opts.Interval {
		return every.Milliseconds()
	}
	return 0
}

// dueLocked returns when there is something to send.
func (p *Presence) dueLocked(now time.Time) time.Time {
	o := &p.report
	due := earlier(o.beat, o.echo)
	if !o.at.IsZero() {
		due = earlier(due, o.at)
	}
	if o.full {
		due = earlier(due, o.fullAt)
	}
	if o.askAll || len(o.askSome) > 0 {
		due = now
	}
	for _, to := range p.peers {
		if to.owes() {
			due = earlier(due, to.out.at)
		}
	}
	return due
}

// countsLocked returns the counts that all servers are told now: of rooms that
// have got their first people or lost their last ones, if changed, and of the
// others now and then, also if it is what they were told: who shares the room may have
// been told another one since. Of all rooms if full.
func (p *Presence) countsLocked(now time.Time, changed, full bool) map[string]int {
	o := &p.report
	if full {
		for name := range o.told {
			o.counts[name] = struct{}{}
		}
	}
	all := full || !now.Before(o.countsAt) && !now.Before(o.beat) // with a report that is due anyway
	counts := make(map[string]int)
	for name := range o.counts {
		n := p.ownLocked(name)
		crossing := (n > 0) != (o.told[name] > 0)
		if crossing && !changed || !crossing && !all {
			continue
		}
		delete(o.counts, name)
		if n == 0 && o.told[name] == 0 && !full {
			continue
		}
		switch {
		case n == 0:
			delete(o.told, name)
			p.closeLocked(name)
		case crossing:
			p.openLocked(name, now)
			fallthrough
		default:
			o.told[name] = n
		}
		if n > 0 || !full {
			counts[name] = n
		}
	}
	if all {
		o.countsAt = now.Add(countsEvery * p.opts.Interval)
	}
	return counts
}

// ownLocked returns how many connections this server has in a room.
func (p *Presence) ownLocked(name string) int {
	if r := p.rooms[name]; r != nil {
		return len(r.sessions)
	}
	return 0
}

// changesLocked returns what has changed since the last report.
func (p *Presence) changesLocked() map[string]change {
	rooms := make(map[string]change, len(p.report.rooms))
	for name, touched := range p.report.rooms {
		c := change{Online: p.ownLocked(name)}
		own := map[string]int(nil)
		if r := p.rooms[name]; r != nil {
			own = r.own
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

// oldReportLocked puts names into a report while there is a server that is too
// old to be told them alone: it knows only what reports say.
func (p *Presence) oldReportLocked(m *message, changes map[string]change) {
	for _, to := range p.peers {
		if !to.old() {
			continue
		}
		if m.Rooms = changes; m.Full {
			m.Rooms = p.allLocked()
		}
		return
	}
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
