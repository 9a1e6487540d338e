package presence

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// Run exchanges reports with the other servers and sends updates to this
// server's clients, until ctx is done. Then it announces the shutdown, which
// takes a second at most. When it returns, all its goroutines have ended.
func (p *Presence) Run(ctx context.Context) error {
	p.mu.Lock()
	p.restartExpiryLocked(time.Now())
	p.mu.Unlock()
	var emitting sync.WaitGroup
	emitting.Go(func() { p.emit(ctx) })
	p.send(ctx)
	emitting.Wait()
	return p.sendBye(ctx)
}

// send sends reports, requests and typing events.
func (p *Presence) send(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		case <-p.wakeReport:
		case m := <-p.typing:
			if !p.sendTyping(ctx, m) {
				continue // only typing
			}
		}
		now := time.Now()
		p.mu.Lock()
		r := p.composeLocked(now)
		p.mu.Unlock()
		p.sendRound(ctx, r)
		p.mu.Lock()
		due := p.dueLocked(time.Now())
		p.mu.Unlock()
		timer.Reset(time.Until(due))
	}
}

// sendRound sends a composed round. A server that may have missed something
// gets the full state next time.
func (p *Presence) sendRound(ctx context.Context, r round) {
	for len(r.directs) > 0 {
		n, size := 0, 0
		for n < len(r.directs) && size < maxBatch {
			size += len(r.directs[n].payload)
			n++
		}
		if batch := r.directs[:n]; !p.sendDirects(ctx, batch) {
			p.mu.Lock()
			for _, d := range batch {
				if to := p.peers[d.node]; to != nil {
					to.out.all = true
				}
			}
			p.mu.Unlock()
		}
		r.directs = r.directs[n:]
	}
	for _, payload := range r.all {
		if !p.sendOne(ctx, payload) {
			p.mu.Lock()
			p.reportFullLocked()
			p.mu.Unlock()
		}
	}
}

// maxBatch is about how many bytes go to single servers at once.
const maxBatch = 1 << 20

// sendDirects sends payloads to single servers and reports success.
func (p *Presence) sendDirects(ctx context.Context, directs []direct) bool {
	ctx, cancel := context.WithTimeout(ctx, p.opts.Interval)
	defer cancel()
	nodes, payloads := make([]string, len(directs)), make([][]byte, len(directs))
	for i, d := range directs {
		nodes[i], payloads[i] = d.node, d.payload
	}
	err := p.opts.SendTo(ctx, nodes, payloads)
	if err != nil {
		p.opts.Logger.Debug("presence: cannot send names to other servers", "error", err)
	}
	return err == nil
}

// sendOne sends one payload to all and reports success. The state of Redis is
// logged elsewhere.
func (p *Presence) sendOne(ctx context.Context, payload []byte) bool {
	ctx, cancel := context.WithTimeout(ctx, p.opts.Interval)
	defer cancel()
	err := p.opts.Send(ctx, payload)
	if err != nil {
		p.opts.Logger.Debug("presence: cannot send report", "error", err)
	}
	return err == nil
}

func (p *Presence) sendBye(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	p.mu.Lock()
	p.report.n++
	payload := encode(message{
		Type: typePresence,
		Node: p.opts.Node,
		App:  p.opts.App,
		Role: p.opts.Role,
		N:    p.report.n,
		Bye:  true,
	})
	p.mu.Unlock()
	if err := p.opts.Send(ctx, payload); err != nil {
		return fmt.Errorf("announce the shutdown to the other servers: %w", err)
	}
	return nil
}

// updatePerClient is the time between two updates per client in the room: a
// write costs about 5 µs of a core, so updates take at most one percent of it,
// however many clients there are.
const updatePerClient = 500 * time.Microsecond

// updatePerConnection is the time between two updates of the same room per
// connection of this server, and maxUpdatePause the most that this comes to.
// While thousands come, each room has changes all the time: one update a second
// to everybody would cost more than their handshakes. So all rooms of a server
// together write some 3,300 updates a second, until the pause is at its longest.
const (
	updatePerConnection = 300 * time.Microsecond
	maxUpdatePause      = 5 * time.Second
)

// dueAtLocked returns when to send a room's pending update: at the time that is
// set, but in a big room, or on a server with many connections, not soon after
// the last one. How big they are counts at the end of the wait: thousands may
// have come meanwhile.
func (p *Presence) dueAtLocked(r *room) time.Time {
	pause := max(time.Duration(len(r.sessions))*updatePerClient,
		min(time.Duration(p.report.total)*updatePerConnection, maxUpdatePause))
	if quiet := r.last.Add(pause); r.at.Before(quiet) {
		return quiet
	}
	return r.at
}

// emit sends updates to this server's clients, and drops servers that time out.
func (p *Presence) emit(ctx context.Context) {
	type told struct {
		room   string
		update Update
	}
	var updates []told
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		case <-p.wakeEmit:
		}
		now := time.Now()
		p.mu.Lock()
		next := p.expireLocked(now)
		updates = updates[:0]
		for name, r := range p.due {
			if at := p.dueAtLocked(r); now.Before(at) {
				next = earlier(next, at)
				continue
			}
			if u, ok := r.takeUpdate(); ok {
				r.last, r.next = now, now.Add(p.opts.Interval)
				if len(r.sessions) > 0 {
					updates = append(updates, told{name, u})
				}
			}
			delete(p.due, name)
			if r.empty() {
				delete(p.rooms, name)
			}
		}
		p.mu.Unlock()
		for _, t := range updates {
			p.opts.Emit(t.room, t.update)
		}
		if !next.IsZero() {
			timer.Reset(time.Until(next))
		}
	}
}

// expireLocked drops servers that have timed out, and returns when to check
// again; zero: no need.
func (p *Presence) expireLocked(now time.Time) (next time.Time) {
	if p.isolatedLocked(now) {
		if len(p.peers) > 0 {
			next = now.Add(p.opts.Interval)
		}
		return next
	}
	for node, from := range p.peers {
		if dead := from.seen.Add(max(p.opts.Expiry, 4*from.every)); now.Before(dead) {
			next = earlier(next, dead)
			continue
		}
		p.opts.Logger.Info("presence: peer timed out", "node", node, "its_app", from.app,
			"connections", from.total)
		p.dropLocked(node)
	}
	return next
}

func earlier(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}
