package run

import (
	"context"
	"time"

	"livechat/load/plan"
)

// Part is what one of several processes does of a run: Join, Load, Settle and
// Leave, one after the other, at the same time as the others. Whoever
// coordinates them performs the scenario and merges the outcomes. The other
// methods are safe for concurrent use.
type Part struct {
	run  *run
	stop func() // of ticks
}

// Spread is what the processes of a run have in common, and what tells them
// apart.
type Spread struct {
	ID         string // from NewRunID
	Index      int    // of this process, less than MaxParts
	Publishers int    // of all
	Began      time.Time
}

// NewPart returns the part of the settings' share of the clients. It calls tell
// about once a second from one goroutine, from Join to Leave.
func NewPart(s plan.Settings, of Spread, w Watcher, tell func(Live)) *Part {
	r := build(s, w, tell, of.Publishers)
	r.ids, r.began, r.led = ids{of.ID}, of.Began, true
	r.numbers.Store(uint64(of.Index) * perPart)
	return &Part{run: r, stop: func() {}}
}

// Join connects the clients. They are connected until Leave.
func (p *Part) Join(ctx context.Context) error {
	p.stop = p.run.ticks()
	return explain(p.run.join(ctx))
}

// Load sends messages, the first one at zero, and returns when they are
// answered, or when nothing has arrived for the time of -settle, with how far
// the logs reach, and the reactions. It returns early if ctx ends.
func (p *Part) Load(ctx context.Context, zero time.Time) ([]Position, []Reacted) {
	p.run.load(ctx, ctx, zero)
	return p.run.positions(), p.run.reacted()
}

// Settle waits until the clients have everything up to the furthest position
// that one of the processes knows, and the reactions of all of them, or until
// nothing has arrived for the time of -settle, or until ctx ends.
func (p *Part) Settle(ctx context.Context, cut []Position, reacted []Reacted) {
	p.run.adopt(reacted)
	p.run.settle(ctx, cut)
	p.stop()
}

// Leave ends the connections and returns the outcome. It can also end a Part
// early.
func (p *Part) Leave() *Outcome {
	p.stop()
	p.run.end()
	p.run.leave()
	o := p.run.outcome()
	o.Logs = p.run.logs()
	return o
}

// End ends the schedule now.
func (p *Part) End() { p.run.end() }

// DropAll ends all connections at once. The clients reconnect.
func (p *Part) DropAll() { p.run.DropAll() }

// Status is the state of a Part.
type Status struct {
	Online            map[string]int // clients by APPID
	Wanted            int64          // clients that should be connected
	Breaks            int64          // ended connections
	Moved, Reconnects int64
}

// Status returns the state of now.
func (p *Part) Status() Status {
	s := Status{Wanted: p.run.wanted.Load(), Breaks: p.run.breaks.Load()}
	s.Moved, s.Reconnects = p.run.Moves()
	s.Online = p.run.Online()
	return s
}

// Elsewhere tells how many clients other processes have connected.
func (p *Part) Elsewhere(n int64) { p.run.elsewhere.Store(n) }

// Window returns what was measured since the last call: latencies, deliveries,
// and how many were due.
func (p *Part) Window() Measured {
	t := p.run.meter.window()
	expected := p.run.expected.Load()
	return Measured{t.histogram, t.delivered, expected - p.run.windowed.Swap(expected)}
}

// Merge adds what another process has measured. The zero value has measured
// nothing.
func (m *Measured) Merge(other *Measured) {
	if m.Latencies.Histogram == nil {
		m.Latencies = NewHistogram()
	}
	m.Latencies.Merge(other.Latencies.Histogram)
	m.Delivered += other.Delivered
	m.Due += other.Due
}

// Window returns the figures.
func (m *Measured) Window() plan.Window {
	if m.Latencies.Histogram == nil {
		return plan.Window{}
	}
	return (&tally{m.Latencies, m.Delivered}).window(m.Due)
}

// Measured is what was measured in some time.
type Measured struct {
	Latencies Histogram
	Delivered int64
	Due       int64
}
