package run

import (
	"context"
	"time"
)

// followStep is how often clients join and leave with stages.
const followStep = 20 * time.Millisecond

// enter makes a client join. It may do so again after exit.
func (r *run) enter(reading context.Context, m *member) {
	ctx, cancel := context.WithCancel(reading)
	before, gone := m.gone, make(chan struct{})
	m.hangUp, m.gone = cancel, gone
	m.away.Store(false)
	r.wanted.Add(1)
	r.readers.Go(func() {
		defer close(gone)
		defer cancel()
		if before != nil {
			<-before
		}
		m.live(ctx)
		if m.away.Load() || reading.Err() == nil {
			m.depart()
		}
	})
}

// exit makes a client leave. Later messages are not due to it any more. One that
// publishes stays until its messages are answered, but not longer than -settle.
func (r *run) exit(reading context.Context, m *member) {
	m.away.Store(true)
	r.wanted.Add(-1)
	hangUp := m.hangUp
	if m.pending == nil {
		hangUp()
		return
	}
	r.readers.Go(func() {
		defer hangUp()
		ctx, cancel := context.WithTimeout(reading, r.settings.Settle)
		defer cancel()
		// After that time the messages count as unanswered, unless it joins again.
		_ = poll(ctx, func() (bool, error) { return len(m.unanswered()) == 0, nil })
	})
}

// depart ends the account of a client that has left. One that was told to leave
// before it had joined counts as neither.
func (m *member) depart() {
	if m.joined {
		m.run.left.Add(1)
	}
	m.joined = false
	m.immediate.Store(false)
	m.account.leave()
	m.forget()
}

// own returns how many of the first n clients of the run are of this process.
func (r *run) own(n int) int {
	first, _ := r.settings.Own()
	return min(max(0, n-first), len(r.members))
}

// follow makes clients join and leave as the stages say until no more messages
// are sent.
func (r *run) follow(measured time.Time) {
	there := r.own(r.settings.ClientsAt(0))
	ticker := time.NewTicker(followStep)
	defer ticker.Stop()
	for {
		want := r.own(r.settings.ClientsAt(time.Since(measured)))
		for ; there < want; there++ {
			r.enter(r.reading, r.members[there])
		}
		for there > want {
			there--
			r.exit(r.reading, r.members[there])
		}
		select {
		case <-ticker.C:
		case <-r.quiet:
			return
		}
	}
}
