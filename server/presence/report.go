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

// countsEvery is the number of intervals after which all servers get a room's
// new count. First clients and last leaves are reported at once, and servers
// that share the room know the count anyway.
const countsEvery = 5

// maxReportsReceived is how many idle reports a server receives per interval at
// most. Each server receives those of all others, so in a bigger cluster each
// reports less often, and takes longer to time out.
const maxReportsReceived = 100

// message is the format of all presence messages; see the package comment.
type message struct {
	Type        string            `json:"type"`
	Node        string            `json:"node"`
	App         string            `json:"app,omitzero"`
	Role        string            `json:"role,omitzero"`
	N           uint64            `json:"n,omitzero"`
	D           uint64            `json:"d,omitzero"`
	Total       int               `json:"total,omitzero"`
	Full        bool              `json:"full,omitzero"`
	Counts      map[string]int    `json:"counts,omitempty"`
	Rooms       map[string]change `json:"rooms,omitempty"`
	Unavailable bool              `json:"away,omitzero"`
	// milliseconds to the next report; omitted if that is the interval
	Every int64 `json:"every,omitzero"`
	// when it was sent, for the sender: milliseconds since the sender started
	Sent int64 `json:"sent,omitzero"`
	Bye  bool  `json:"bye,omitzero"`

	Ask bool   `json:"ask,omitzero"`
	To  string `json:"to,omitzero"`

	Room    string `json:"room,omitzero"`
	Session string `json:"session,omitzero"`
	Name    string `json:"name,omitzero"`
}

// change is what happened in one room: who joined and left, or who is there.
type change struct {
	Online int      `json:"online"`
	Joined []string `json:"joined,omitempty"`
	Left   []string `json:"left,omitempty"`
	All    []string `json:"all,omitempty"`
	// those of Joined or All that belong to accounts
	Accounts []string `json:"accounts,omitempty"`
	// connections of those of Joined or All that have more than one
	Connections map[string]int `json:"connections,omitempty"`
}

func encode(m message) []byte {
	b, err := json.Marshal(m)
	// Names are valid UTF-8 by chat's rules, and nothing else can fail.
	if err != nil {
		return nil
	}
	return b
}

// outbox is what this server has to report. Guarded by Presence.mu.
type outbox struct {
	n     uint64 // of the last report
	total int    // connections of this server

	// by changed room: names touched since the last report, and how many
	// connections they had
	rooms map[string]map[string]int
	at    time.Time // when to report that; zero: nothing has changed
	next  time.Time // not before
	beat  time.Time // when to report even without changes
	echo  time.Time // when to send to oneself if there is nothing to report

	// by room: connections as announced to all servers; no rooms with 0
	announced map[string]int
	counts    map[string]struct{} // rooms whose count may differ from the announced one
	countsAt  time.Time           // when to announce them all

	// The next report is a full one: a server has asked, or may have missed
	// something.
	full    bool
	fullAt  time.Time           // not before
	askAll  bool                // ask all servers for their full state
	askSome map[string]struct{} // ask these nodes
}

func newOutbox() outbox {
	return outbox{
		rooms: make(map[string]map[string]int), announced: make(map[string]int),
		counts: make(map[string]struct{}), full: true, askSome: make(map[string]struct{}),
	}
}

func (o *outbox) touch(room, name string, was int) {
	touched := o.change(room)
	if _, ok := touched[name]; !ok {
		touched[name] = was
	}
}

func (o *outbox) change(room string) (touched map[string]int) {
	touched = o.rooms[room]
	if touched == nil {
		touched = make(map[string]int)
		o.rooms[room] = touched
	}
	return touched
}

// reportLocked schedules a report of a change in a room: after delay, but not
// sooner than a second after the last report.
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

// everyLocked returns the time between two idle reports.
func (p *Presence) everyLocked() time.Duration {
	return p.opts.Interval * time.Duration(1+len(p.peers)/maxReportsReceived)
}

// everyMSLocked returns everyLocked as encoded in a report.
func (p *Presence) everyMSLocked() int64 {
	if every := p.everyLocked(); every > p.opts.Interval {
		return every.Milliseconds()
	}
	return 0
}

// dueLocked returns when something must be sent next.
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
		if to.owedFull() {
			due = earlier(due, to.out.at)
		}
	}
	return due
}

// countsLocked returns the counts to announce now: if changed, those of rooms
// that got their first clients or lost their last ones; from time to time,
// those of the others, even if unchanged since announced: servers that share
// the room may have got another count meanwhile. If full, those of all rooms.
func (p *Presence) countsLocked(now time.Time, changed, full bool) map[string]int {
	o := &p.report
	if full {
		for name := range o.announced {
			o.counts[name] = struct{}{}
		}
	}
	all := full || !now.Before(o.countsAt) && !now.Before(o.beat) // with a report that is due anyway
	counts := make(map[string]int)
	for name := range o.counts {
		n := p.ownLocked(name)
		crossing := (n > 0) != (o.announced[name] > 0)
		if crossing && !changed || !crossing && !all {
			continue
		}
		delete(o.counts, name)
		if n == 0 && o.announced[name] == 0 && !full {
			continue
		}
		switch {
		case n == 0:
			delete(o.announced, name)
			p.closeLocked(name)
		case crossing:
			p.openLocked(name, now)
			fallthrough
		default:
			o.announced[name] = n
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

// changesLocked returns the changes since the last report.
func (p *Presence) changesLocked() map[string]change {
	rooms := make(map[string]change, len(p.report.rooms))
	for name, touched := range p.report.rooms {
		c := change{Online: p.ownLocked(name)}
		r := p.rooms[name]
		if r == nil {
			r = &room{}
		}
		for person, was := range touched {
			is := r.own[person]
			_, renewed := r.renewed[person]
			switch {
			case is > 0 && (is != was || renewed):
				c.Joined = append(c.Joined, person)
			case is == 0 && was > 0:
				c.Left = append(c.Left, person)
			}
		}
		clear(r.renewed)
		c.Accounts, c.Connections = r.accountsIn(c.Joined), several(c.Joined, r.own)
		rooms[name] = c
	}
	return rooms
}

// addLegacyNamesLocked adds names to a report while there is a legacy server,
// which reads them nowhere else.
func (p *Presence) addLegacyNamesLocked(m *message, changes map[string]change) {
	for _, to := range p.peers {
		if !to.legacy() {
			continue
		}
		if m.Rooms = changes; m.Full {
			m.Rooms = p.allLocked()
		}
		return
	}
}

// allLocked returns all names on this server.
func (p *Presence) allLocked() map[string]change {
	rooms := make(map[string]change)
	for name, r := range p.rooms {
		if len(r.sessions) > 0 {
			all := slices.Collect(maps.Keys(r.own))
			rooms[name] = change{
				Online: len(r.sessions), All: all, Accounts: r.accountsIn(all), Connections: several(all, r.own),
			}
		}
	}
	return rooms
}
