package run

import (
	"context"
	"slices"
	"strings"
	"time"

	"livechat/client"
)

// publish sends a member's share of the messages, each when it is due or as
// soon after as the socket accepts it, until the schedule ends. After a
// reconnect it sends unanswered messages again, with the same ids. It returns
// when ctx is done.
func (r *run) publish(ctx context.Context, m *member, next func() time.Duration) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	text := filler(r.settings.Bytes)
	random := r.settings.Random(len(r.members) + m.index)
	at := r.zero.Add(next())
	timer.Reset(time.Until(at))
	due, quiet := timer.C, r.quiet
	// There is nothing yet to send again. If the first message is late, its
	// turn and this one's would come together, and it would be sent twice.
	select {
	case <-m.reconnected:
	default:
	}
	for {
		select {
		case <-quiet:
			quiet = nil
			if !at.Before(r.ends()) {
				due = nil
				m.done.Store(true)
			}
		case <-due:
			if !at.Before(r.ends()) {
				due = nil
				m.done.Store(true)
				continue
			}
			number := r.numbers.Add(1)
			r.table.at(number, &m.sent).Store(int64(at.Sub(r.began)))
			if m.begin(number, 100*random.Float64() < r.settings.Edits) {
				r.edits.Add(1)
			}
			r.sent.Add(1)
			r.expected.Add(r.online.Load() / int64(len(r.rooms)))
			m.post(number, text)
			at = r.zero.Add(next())
			timer.Reset(time.Until(at))
		case <-m.reconnected:
			for _, number := range m.unanswered() {
				m.post(number, text)
			}
		case <-ctx.Done():
			return
		}
	}
}

// begin makes a message pending: an edit of the last one, if that is wanted and
// there is one. It reports which.
func (m *member) begin(number uint64, edits bool) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	var target client.Target
	if edits {
		target = m.last
	}
	m.pending[number] = target
	return target.ID != ""
}

// post sends a pending message if there is a connection. Otherwise the message
// stays pending.
func (m *member) post(number uint64, text string) {
	l := m.current.Load()
	if l == nil {
		return
	}
	m.mu.Lock()
	target, ok := m.pending[number]
	m.mu.Unlock()
	// A connection that fails ends, and the next one gets the message.
	switch id := m.run.ids.id(number); {
	case ok && target.ID != "":
		_ = l.conn.PostEdit(id, target, text)
	case ok:
		_ = l.conn.Post(id, text)
	}
}

// unanswered returns the pending messages, oldest first.
func (m *member) unanswered() []uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	numbers := make([]uint64, 0, len(m.pending))
	for n := range m.pending {
		numbers = append(numbers, n)
	}
	slices.Sort(numbers)
	return numbers
}

// filler returns a text of n bytes.
func filler(n int) string {
	const words = "the quick brown fox jumps over the lazy dog, "
	return strings.Repeat(words, n/len(words)+1)[:n]
}
