package run

import (
	"context"
	"slices"
	"strings"
	"time"
)

// publish lets a member send its share of the messages, each when it is due or as soon after as the socket takes it, until the end of the
// schedule; and again, with the same id, whatever had no answer when the connection broke. ctx ends it.
func (r *run) publish(ctx context.Context, m *member, next func() time.Duration) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	text := filler(r.settings.Bytes)
	at := r.zero.Add(next())
	timer.Reset(time.Until(at))
	due, quiet := timer.C, r.quiet
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
			m.mu.Lock()
			m.pending[number] = struct{}{}
			m.mu.Unlock()
			r.sent.Add(1)
			r.owed.Add(r.online.Load() / int64(len(r.rooms)))
			m.post(number, text)
			at = r.zero.Add(next())
			timer.Reset(time.Until(at))
		case <-m.again:
			for _, number := range m.unanswered() {
				m.post(number, text)
			}
		case <-ctx.Done():
			return
		}
	}
}

// post sends a message if there is a connection; without one it waits among the pending ones.
func (m *member) post(number uint64, text string) {
	if l := m.current.Load(); l != nil {
		_ = l.conn.Post(m.run.ids.id(number), text) // a connection that does not take it ends, and it goes over the next one
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

// filler is a text of so many bytes.
func filler(n int) string {
	const words = "the quick brown fox jumps over the lazy dog, "
	return strings.Repeat(words, n/len(words)+1)[:n]
}
