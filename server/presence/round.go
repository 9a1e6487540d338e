package presence

import (
	"maps"
	"slices"
	"time"
)

// round is what is to be sent now.
type round struct {
	directs []direct // each for one server
	all     [][]byte // for all servers, in this order, after the others
}

// direct is a payload for one server.
type direct struct {
	node    string
	payload []byte
}

// composeLocked returns what is to be sent now, and takes it as sent.
//
// What is for one server is sent before the report, so that its people are told
// of a room's new count and of the names by one update.
func (p *Presence) composeLocked(now time.Time) (r round) {
	o := &p.report
	if !now.Before(o.beat) {
		p.missLocked(now)
	}
	p.askingLocked(&r)
	full := o.full && !now.Before(o.fullAt)
	changed := full || !o.at.IsZero() && !now.Before(o.at)
	m := message{Type: typePresence, Node: p.opts.Node, App: p.opts.App, Role: p.opts.Role, Total: o.total, Full: full, Away: p.away, Every: p.everyMSLocked()}
	var changes map[string]change
	if changed {
		changes = p.changesLocked()
		p.oldReportLocked(&m, changes)
		clear(o.rooms)
		o.at, o.next = time.Time{}, now.Add(p.opts.Interval)
	}
	m.Counts = p.countsLocked(now, changed, full)
	if full {
		o.full, o.fullAt = false, now.Add(p.opts.Interval)
	}
	report := full || len(m.Counts) > 0 || len(m.Rooms) > 0 || !now.Before(o.beat)
	if report {
		o.n++
		m.N, m.Sent = o.n, now.Sub(p.began).Milliseconds()
		o.beat, o.echo = now.Add(p.everyLocked()), now.Add(p.opts.Interval)
	} else if !now.Before(o.echo) {
		r.directs = append(r.directs, direct{p.opts.Node, encode(message{Type: typePresence, Node: p.opts.Node, To: p.opts.Node, Sent: now.Sub(p.began).Milliseconds()})})
		o.echo = now.Add(p.opts.Interval)
	}
	r.directs = append(r.directs, p.directsLocked(now, changes)...)
	if report {
		r.all = append(r.all, encode(m))
	}
	return r
}

// askingLocked writes down the questions that are due.
func (p *Presence) askingLocked(r *round) {
	o := &p.report
	ask := message{Type: typePresence, Node: p.opts.Node, App: p.opts.App, Role: p.opts.Role, Away: p.away, Ask: true}
	if o.askAll {
		r.all = append(r.all, encode(ask))
	} else {
		for _, to := range slices.Sorted(maps.Keys(o.askSome)) {
			ask.To = to
			if peer := p.peers[to]; peer != nil && peer.old() {
				r.all = append(r.all, encode(ask))
				continue
			}
			r.directs = append(r.directs, direct{to, encode(ask)})
		}
	}
	o.askAll = false
	clear(o.askSome)
}
