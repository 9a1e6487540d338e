package run

import (
	"context"
	"strings"
	"time"

	"livechat/client"
	"livechat/load/plan"
)

// handle processes an event.
func (m *member) handle(ctx context.Context, l *link, event client.Event) {
	switch e := event.(type) {
	case *client.Message:
		id := []byte(e.ID)
		if e.Raw != nil {
			_, id, _ = client.Skim(e.Raw)
		}
		if m.entry(e.Seq, id) {
			m.received(e.Seq, id)
		}
	case *client.Edited:
		m.entry(e.Seq, []byte(e.ID))
	case *client.Tombstone: // it has the id and the place of what it stands for
		m.entry(e.Seq, []byte(e.ID))
	case *client.Deleted:
		m.entry(e.Seq, []byte(e.ID))
	case *client.Reactions:
		m.entry(e.Seq, []byte(m.room.reactions.summary(e)))
	case *client.Entry:
		// it is none of our messages, and has its place among them
		m.account.take(e.Seq, 0, hashOf([]byte(e.ID)))
	case *client.Welcome:
		m.welcome(l, e)
	case *client.Ack:
		raise(&m.account.log.acked, e.Seq)
		if does, after, ok := m.answered(e.ID); ok {
			m.run.actAnswered(does.what, m, after)
			m.acked(does, client.Target{Seq: e.Seq, ID: e.ID})
		}
	case *client.Error:
		if does, after, ok := m.answered(e.ID); ok && does.what == plan.React && m.room.reactions.isLate(does, e) {
			m.run.actAnswered(does.what, m, after)
			m.run.acked.Add(1)
		} else if ok && does.what == plan.React && m.run.led && m.room.reactions.later(does, e) {
			// adopt counts it
		} else if ok {
			m.run.refused(e.Code)
			m.run.acts.failed(does.what, e.Code)
		} else if e.RetryAfter() > 0 {
			m.retryAfter = e.RetryAfter()
		}
	case *client.Typing:
		if strings.HasPrefix(e.Name, "load-") {
			m.run.acts.received(plan.Type)
		}
	case *client.Gap:
		m.account.gap(e.From, e.To)
	case *client.Reset:
		m.account.replace(m.room.log(e.Epoch), e.Seq, true)
		m.log.Store(m.account.log)
	case *client.Reconnect:
		m.startSuccessor(ctx, l, e.After())
	}
}

// acked records that what was sent is at that place.
func (m *member) acked(does change, at client.Target) {
	m.run.acked.Add(1)
	switch does.what {
	case plan.Send, plan.Upload:
		m.mu.Lock()
		m.last = at
		m.mu.Unlock()
	case plan.React:
		m.room.reactions.acked(does)
	}
}

// entry accounts for a message, or an edit or a delete of one, or a summary of
// reactions, which is nobody's. It reports whether it is one of ours.
func (m *member) entry(seq uint64, id []byte) bool {
	now := time.Now()
	number, after := m.run.ids.parse(id)
	var hash uint64
	if number == 0 {
		hash = hashOf(id)
	}
	if !m.account.take(seq, number, hash) {
		return false
	}
	start := m.run.start.Load()
	if number == 0 || start == nil { // nil: another process of the run was faster
		m.shard.delivery(0, false)
		return number != 0
	}
	due := start.zero.Add(after)
	measured := !m.slow && !due.Before(start.measured)
	if measured && (m.isApart() || m.run.ids.isSlow(id)) {
		m.run.network.received(now.Sub(due))
		measured = false
	}
	m.shard.delivery(now.Sub(due), measured)
	return true
}

// answered removes a message from the pending ones. It returns what the message
// does, when it was due after the first one, and whether it was there.
func (m *member) answered(id string) (does change, after time.Duration, ok bool) {
	number, after := m.run.ids.parse([]byte(id))
	m.mu.Lock()
	defer m.mu.Unlock()
	does, ok = m.pending[number]
	delete(m.pending, number)
	return does, after, ok
}
