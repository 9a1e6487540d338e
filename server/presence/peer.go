package presence

import (
	"time"

	"github.com/go-json-experiment/json"
)

// peer is another server. Guarded by Presence.mu.
type peer struct {
	app         string
	role        string        // "" if its reports have none
	n           uint64        // of its last report
	total       int           // connections in all rooms
	unavailable bool          // takes no new clients
	seen        time.Time     // when it was last received from
	every       time.Duration // between two of its reports
	whole       bool          // no report since its last full one was missed
	rooms       map[string]*share

	out out // what it alone is sent
	in  in  // what it has sent to this server alone
}

// legacy reports whether the server is older than messages to single servers:
// it puts all names into its reports, and reads them only there.
func (p *peer) legacy() bool { return p.role == "" }

// share is what one server has in one room.
type share struct {
	online int
	// connections by name; nil until there is one; only for rooms with announced
	// clients here
	names map[string]int
}

// Receive processes a payload from the gossip channel, or from this server's
// own. Payloads of other types are ignored.
func (p *Presence) Receive(payload []byte) {
	var m message
	if err := json.Unmarshal(payload, &m); err != nil || m.Node == "" {
		p.opts.Logger.Debug("presence: unknown payload on the gossip channel", "bytes", len(payload),
			"error", err)
		return
	}
	if m.To != "" && m.To != p.opts.Node {
		return
	}
	switch {
	case m.Type == typeTyping:
		if m.Node != p.opts.Node && p.mayType(m.Room) {
			p.opts.EmitTyping(m.Room, m.Session, m.Name)
		}
	case m.Type != typePresence:
	case m.Node == p.opts.Node:
		p.receiveOwn(m)
	default:
		p.receiveFrom(m)
	}
}

// Resubscribed tells Presence that the channel was subscribed again and
// payloads may have been missed: it asks all servers for their full state.
func (p *Presence) Resubscribed() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.restartExpiryLocked(time.Now())
	p.report.askAll = true
	wake(p.wakeReport)
}

// restartExpiryLocked restarts all timeouts: no server is down just because
// this one was not receiving.
func (p *Presence) restartExpiryLocked(now time.Time) {
	p.lastOwn = now
	for _, peer := range p.peers {
		peer.seen = now
	}
	wake(p.wakeEmit)
}

// isolatedLocked reports whether this server does not even receive its own
// reports. Then its connection is broken, and the other servers may be fine.
func (p *Presence) isolatedLocked(now time.Time) bool { return now.Sub(p.lastOwn) > 2*p.opts.Interval }

func (p *Presence) reportFullLocked() {
	p.report.full = true
	wake(p.wakeReport)
}

// receiveOwn processes this server's own report.
func (p *Presence) receiveOwn(m message) {
	if m.Ask {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if sent := p.began.Add(time.Duration(m.Sent) * time.Millisecond); sent.After(p.echo) {
		p.echo = sent
	}
	if p.isolatedLocked(now) {
		p.restartExpiryLocked(now)
	}
	p.lastOwn = now
}

// receiveFrom processes a payload from another server.
func (p *Presence) receiveFrom(m message) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if m.Bye {
		p.dropLocked(m.Node)
		return
	}
	if m.Ask && m.Role == "" { // a legacy server
		p.reportFullLocked()
		return
	}
	now := time.Now()
	from := p.peers[m.Node]
	if from == nil && m.To != "" && m.Role == "" { // it had timed out, and will send its full state
		p.requestFullLocked(m.Node)
		return
	}
	if from == nil {
		from = &peer{
			app:         m.App,
			role:        m.Role,
			unavailable: m.Unavailable,
			every:       p.opts.Interval,
			rooms:       make(map[string]*share),
		}
		p.peers[m.Node] = from
		if from.legacy() {
			p.reportFullLocked() // it knows no names yet
		}
		wake(p.wakeEmit) // a new timeout to wait for
	}
	from.seen = now
	switch {
	case m.Ask:
		from.out.all = true
		wake(p.wakeReport)
	case m.To != "":
		p.applyDirectLocked(m, from)
	default:
		p.applyReportLocked(m, from)
	}
}

func (p *Presence) requestFullLocked(node string) {
	p.report.askSome[node] = struct{}{}
	wake(p.wakeReport)
}
