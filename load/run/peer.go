package run

import (
	"bytes"
	"context"
	"net/url"
	"slices"
	"strconv"
	"time"

	"livechat/client"
	"livechat/load/peer"
	"livechat/load/plan"
)

// dialPeer opens a connection to another server.
func (m *member) dialPeer(ctx context.Context, resume bool) (*link, error) {
	r := m.run
	o := peer.Options{URL: r.settings.URL(m.index), Room: r.settings.Room(m.index), TLS: r.tls}
	o.LocalAddr = m.source()
	if resume {
		o.Resume = m.position
	}
	conn, err := r.target.Dial(ctx, o)
	return &link{peer: conn, resumed: resume}, err
}

// listenPeer reads a connection to another server until it ends.
func (m *member) listenPeer(ctx context.Context, l *link) {
	m.welcomePeer(l)
	for {
		event, err := l.peer.Next()
		if err != nil {
			m.position = l.peer.Position()
			l.broken.Store(ctx.Err() == nil)
			m.ended(ctx, &client.CloseError{Code: peer.CloseCode(err)})
			return
		}
		switch event.Kind {
		case peer.Text:
			m.receive(event.Text)
		case peer.Acked:
			if m.confirmed(event.Number) {
				m.run.acked.Add(1)
			}
		case peer.Refused:
			m.run.refused(event.Code)
			m.denied(event.Number)
		}
		if m.slow && event.Kind == peer.Text {
			m.pause(ctx, (*client.Message)(nil))
		}
		if !m.leaveAt.IsZero() && time.Now().After(m.leaveAt) {
			m.leave()
			return
		}
	}
}

// welcomePeer begins the accounts of a connection. If the server brings what the
// client missed, they go on, whether or not it can: what does not come is lost.
func (m *member) welcomePeer(l *link) {
	for i := range m.feeds {
		f := &m.feeds[i]
		if l.resumed && m.position != nil {
			f.last = f.high.Load()
			continue
		}
		if !l.resumed {
			f.log, f.known, f.missing = nil, false, nil
			f.high.Store(0)
		}
		f.lowerBound, f.begun = f.stream.said.Load(), false
		f.reach.Store(f.lowerBound)
	}
	app := l.peer.Server()
	if app == "" {
		if u, err := url.Parse(m.run.settings.URL(m.index)); err == nil {
			app = u.Host
		}
	}
	m.arrived(l, app)
}

// receive accounts for a text.
func (m *member) receive(text []byte) {
	now := time.Now()
	number, after, from, seq := m.run.parseText(text)
	rooms := m.run.settings.Rooms
	if number == 0 || from >= len(m.run.streams) || from%rooms != m.index%rooms {
		return // somebody else's
	}
	f := &m.feeds[from/rooms]
	if !f.begun {
		f.begin(m.run, min(seq-1, f.lowerBound))
	}
	if f.stream == m.stream && !m.run.target.Acks {
		m.confirmed(uint32(number))
	}
	if !f.take(seq, number, 0) {
		return
	}
	f.reach.Store(max(f.lowerBound, f.high.Load()))
	start := m.run.start.Load()
	due := start.zero.Add(after)
	m.shard.delivery(now.Sub(due), !m.slow && !due.Before(start.measured))
}

// say sends the pending messages that have not been sent, in order. Nothing is
// sent twice: the server would not notice.
func (m *member) say(text string) {
	l := m.current.Load()
	if l == nil {
		return
	}
	m.mu.Lock()
	var waiting []uint64
	for number, one := range m.pending {
		if one.over == nil {
			waiting = append(waiting, number)
		}
	}
	m.mu.Unlock()
	slices.Sort(waiting)
	for _, number := range waiting {
		m.mu.Lock()
		one := m.pending[number]
		one.over, one.seq = l, m.stream.said.Load()+1
		m.pending[number] = one
		m.mu.Unlock()
		m.stream.said.Store(one.seq)
		// A connection that fails ends. What became of the message is found out
		// at the end.
		_ = l.peer.Publish(uint32(number), m.stream.text(one, text))
	}
}

// text returns what is sent: the id of the message, its publisher and number,
// and the text.
func (s *stream) text(one change, text string) string {
	return one.id + " " + s.log.epoch + " " + strconv.FormatUint(one.seq, 10) + " " + text
}

// parseText returns what a text says: the number of the message in the run, or 0
// if it is not ours, when it was due, its publisher and the number there.
func (r *run) parseText(text []byte) (number uint64, due time.Duration, from int, seq uint64) {
	id, rest, _ := bytes.Cut(text, []byte{' '})
	number, due = r.ids.parse(id)
	publisher, rest, _ := bytes.Cut(rest, []byte{' '})
	last, _, _ := bytes.Cut(rest, []byte{' '})
	from, err := strconv.Atoi(string(publisher))
	if err != nil || from < 0 {
		return 0, 0, 0, 0
	}
	if seq, err = strconv.ParseUint(string(last), 10, 64); err != nil || seq == 0 {
		return 0, 0, 0, 0
	}
	return number, due, from, seq
}

// confirmed removes a message that the server has, and reports whether it was
// pending. Number is the lower half of that in the run.
func (m *member) confirmed(number uint32) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	key := m.run.whole(number)
	_, ok := m.pending[key]
	delete(m.pending, key)
	return ok
}

// denied removes a message that the server has refused: it is due to nobody.
func (m *member) denied(number uint32) {
	m.mu.Lock()
	one, ok := m.pending[m.run.whole(number)]
	m.mu.Unlock()
	if ok && m.confirmed(number) {
		m.stream.refuse(one.seq)
	}
}

// whole returns the number of a message from its lower half. The upper one is
// that of the process.
func (r *run) whole(number uint32) uint64 {
	return r.numbers.Load()/perPart*perPart + uint64(number)
}

// awaited returns the pending messages that may still be sent or answered.
func (m *member) awaited() (numbers []uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for number, one := range m.pending {
		if one.over == nil || m.run.target.Acks && !one.over.broken.Load() {
			numbers = append(numbers, number)
		}
	}
	return numbers
}

// probePeer returns an error if a server does not let us in.
func probePeer(ctx context.Context, s *plan.Settings) error {
	target, err := peer.ByName(s.Target)
	if err != nil {
		return err
	}
	for _, address := range s.URLs {
		conn, err := target.Dial(ctx, peer.Options{URL: address, Room: s.Room(0), TLS: s.TLS()})
		if err != nil {
			return err
		}
		_ = conn.Close()
	}
	return nil
}
