package presence

import (
	"maps"
	"slices"
	"time"
)

// round is what to send now.
type round struct {
	directs []direct // to one server each
	all     [][]byte // to all servers, in order, after directs
}

// direct is a payload for one server.
type direct struct {
	node    string
	payload []byte
}

// composeLocked returns what to send now, and marks it as sent.
//
// Messages to single servers go out before the report, so that their clients
// get a room's new count and the names in one update.
func (p *Presence) composeLocked(now time.Time) (r round) {
	o := &p.report
	if !now.Before(o.beat) {
		p.requestMissingLocked(now)
	}
	p.composeQuestionsLocked(&r)
	full := o.full && !now.Before(o.fullAt)
	changed := full || !o.at.IsZero() && !now.Before(o.at)
	m := message{
		Type:        typePresence,
		Node:        p.opts.Node,
		App:         p.opts.App,
		Role:        p.opts.Role,
		Total:       o.total,
		Full:        full,
		Unavailable: p.unavailable,
		Every:       p.everyMSLocked(),
	}
	var changes map[string]change
	if changed {
		changes = p.changesLocked()
		p.addLegacyNamesLocked(&m, changes)
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
		r.directs = append(r.directs, direct{p.opts.Node, encode(message{
			Type: typePresence, Node: p.opts.Node, To: p.opts.Node, Sent: now.Sub(p.began).Milliseconds(),
		})})
		o.echo = now.Add(p.opts.Interval)
	}
	r.directs = append(r.directs, p.directsLocked(now, changes)...)
	if report {
		r.all = append(r.all, encode(m))
	}
	return r
}

// composeQuestionsLocked adds the requests that are due.
func (p *Presence) composeQuestionsLocked(r *round) {
	o := &p.report
	ask := message{
		Type:        typePresence,
		Node:        p.opts.Node,
		App:         p.opts.App,
		Role:        p.opts.Role,
		Unavailable: p.unavailable,
		Ask:         true,
	}
	if o.askAll {
		r.all = append(r.all, encode(ask))
	} else {
		for _, to := range slices.Sorted(maps.Keys(o.askSome)) {
			ask.To = to
			if peer := p.peers[to]; peer != nil && peer.legacy() {
				r.all = append(r.all, encode(ask))
				continue
			}
			r.directs = append(r.directs, direct{to, encode(ask)})
		}
	}
	o.askAll = false
	clear(o.askSome)
}
