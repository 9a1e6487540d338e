package run

import (
	"context"
	"time"
)

// Position is how far the log of a room is known to reach.
type Position struct {
	Room  int
	Epoch string
	Seq   uint64
}

// positions returns how far the logs reach: to the last message that was acked
// or received.
func (r *run) positions() (all []Position) {
	for i, room := range r.rooms {
		room.mu.Lock()
		for epoch, l := range room.logs {
			all = append(all, Position{i, epoch, max(l.high.Load(), l.acked.Load())})
		}
		room.mu.Unlock()
	}
	return all
}

// settle waits until every client has what the logs contain up to cut, or until
// nothing has arrived for the time of -settle. The accounts end there: what
// others send meanwhile would reach some clients before they leave, and some
// not.
func (r *run) settle(ctx context.Context, cut []Position) {
	for _, p := range cut {
		l := r.rooms[p.Room].log(p.Epoch)
		raise(&l.acked, p.Seq)
		r.cut[l] = p.Seq
	}
	r.await(ctx, r.allDelivered)
	r.sampler.finish(r)
}

// patience is how long a run has waited for the last messages.
type patience struct {
	came  int64 // deliveries and acks
	since time.Time
}

// await waits until done returns true, or until nothing has arrived for the
// time of -settle.
func (r *run) await(ctx context.Context, done func() bool) {
	w := &r.waiting
	_ = poll(ctx, func() (bool, error) {
		if now := r.meter.count() + r.acked.Load() + r.acts.progress(); w.since.IsZero() || now != w.came {
			w.came, w.since = now, time.Now()
		}
		return done() || time.Since(w.since) > r.settings.Settle, nil
	})
}

func (r *run) allAnswered() bool {
	for _, one := range r.speakers {
		if !one.done.Load() || len(one.unanswered()) > 0 {
			return false
		}
	}
	return r.besides.inFlight.Load() == 0
}

func (r *run) allDelivered() bool {
	for _, m := range r.members {
		if m.away.Load() {
			continue
		}
		if r.target != nil {
			if !m.hasAll() {
				return false
			}
			continue
		}
		log := m.log.Load()
		if log == nil || m.account.high.Load() < log.acked.Load() {
			return false
		}
	}
	return r.wrongReactions() == 0 && r.besides.settled()
}
