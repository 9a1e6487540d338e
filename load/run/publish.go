package run

import (
	"context"
	"math"
	"slices"
	"strings"
	"time"

	"livechat/client"
	"livechat/load/plan"
)

// publish sends a member's share of the messages, each when it is due or as
// soon after as the socket accepts it, until the schedule ends. After a
// reconnect it sends unanswered messages again, with the same ids. It returns
// when ctx is done.
func (r *run) publish(ctx context.Context, m *member, next func() time.Duration) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	text := filler(r.settings.Bytes)
	random := r.settings.Random(r.settings.Clients + m.index)
	zero := r.start.Load().zero
	at := zero.Add(next())
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
			id := r.ids.id(number, at.Sub(zero), m.isApart())
			what := m.begin(number, id, r.settings.Mix.Instead(random))
			r.acts.tried(what)
			switch what {
			case plan.Edit:
				r.edits.Add(1)
			case plan.Delete:
				r.deletes.Add(1)
			case plan.React:
				r.reactions.Add(1)
			case plan.Upload:
				r.files.Add(1)
				r.uploads.running.Go(func() { m.upload(ctx, number, id, text) })
			}
			r.sent.Add(1)
			r.expected.Add(int64(math.Round(float64(r.online.Load()+r.elsewhere.Load()) * m.room.share)))
			m.post(number, text)
			r.beside(ctx, m, random, at.Sub(zero))
			at = zero.Add(next())
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

// change is what a message does to another one. Send: nothing.
type change struct {
	id     string // of the message itself
	what   plan.Act
	target client.Target

	over *link  // that it was sent over; only to another server than livechat
	seq  uint64 // of its publisher; as over

	emoji string // of a reaction
	off   bool   // it is taken back

	file client.File // of a message with a file; no ID: it is being uploaded
}

// begin makes a message pending: a change of the last one, or a reaction to the
// newest one of the room, if that is wanted and there is one. It returns which.
func (m *member) begin(number uint64, id string, what plan.Act) plan.Act {
	m.mu.Lock()
	defer m.mu.Unlock()
	does := change{what: what, target: m.last}
	switch {
	case what == plan.React && m.newest.ID != "":
		does = m.reactLocked()
	case what == plan.Upload:
	case what == plan.React || m.last.ID == "":
		does.what = plan.Send
	case what == plan.Delete:
		m.room.reactions.deleted(m.last.ID)
		m.last = client.Target{}
	}
	does.id = id
	m.pending[number] = does
	return does.what
}

// post sends a pending message if there is a connection. Otherwise the message
// stays pending.
func (m *member) post(number uint64, text string) {
	if m.stream != nil {
		m.say(text)
		return
	}
	l := m.current.Load()
	if l == nil {
		return
	}
	m.mu.Lock()
	does, ok := m.pending[number]
	m.mu.Unlock()
	if !ok {
		return
	}
	// A connection that fails ends, and the next one gets the message.
	switch id := does.id; does.what {
	case plan.Edit:
		_ = l.conn.PostEdit(id, does.target, text)
	case plan.Delete:
		_ = l.conn.PostDelete(id, does.target)
	case plan.React:
		_ = l.conn.PostReact(id, does.target, does.emoji, !does.off)
	case plan.Upload:
		if does.file.ID != "" { // else it is sent once it is uploaded
			_ = l.conn.Post(id, text, client.WithFiles(does.file))
		}
	default:
		_ = l.conn.Post(id, text)
	}
}

// unanswered returns the pending messages, oldest first.
func (m *member) unanswered() []uint64 {
	if m.stream != nil {
		return m.awaited()
	}
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
