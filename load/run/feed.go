package run

import (
	"strconv"
	"sync"
	"sync/atomic"

	"livechat/load/peer"
)

// Other servers than livechat number no messages. Each publisher numbers its
// own instead, and each client has an account for each publisher of its room.
// The order of messages of different publishers cannot be compared, and is left
// out.

// stream is the messages of one publisher.
type stream struct {
	log  *roomLog      // its seqs are the numbers of the publisher's messages
	said atomic.Uint64 // the last message that was written to a connection

	mu      sync.Mutex
	refused []uint64 // messages that are due to nobody
}

// feed is what a client must receive of one stream. Reach is safe for concurrent
// use, everything else is owned by the goroutine that reads.
type feed struct {
	account
	stream *stream
	// The publisher's newest message when the connection began. It may come or
	// not.
	lowerBound uint64
	begun      bool          // a message has come since
	reach      atomic.Uint64 // how far the client has what it must
}

// aim prepares a run for another target than livechat.
func (r *run) aim(publishers int) {
	r.target, _ = peer.ByName(r.settings.Target) // known, or probePeer would have failed
	r.streams = make([]*stream, publishers)
	for i := range r.streams {
		r.streams[i] = &stream{log: &roomLog{epoch: strconv.Itoa(i)}}
	}
	for _, one := range r.speakers {
		one.stream = r.streams[one.number]
	}
	for _, m := range r.members {
		counts := &r.counts
		if m.slow {
			counts = &r.slowCounts
		}
		rooms := r.settings.Rooms
		first := m.index % rooms
		m.feeds = make([]feed, (publishers-first+rooms-1)/rooms)
		for i := range m.feeds {
			m.feeds[i].stream, m.feeds[i].counts = r.streams[first+i*rooms], counts
		}
	}
}

// begin says that what follows the base is due. The client may have missed what
// came before it while it had no connection.
func (f *feed) begin(r *run, base uint64) {
	f.begun = true
	if f.log == nil {
		f.log, f.first, f.known = f.stream.log, base, true
	} else if high := f.high.Load(); base > high {
		r.missed.Add(int64(base - high))
	} else {
		base = high
	}
	f.last = base
	f.high.Store(base)
}

// forget ends the accounts of a client that has left.
func (m *member) forget() {
	for i := range m.feeds {
		m.feeds[i].log, m.feeds[i].begun = nil, true
	}
}

func (s *stream) refuse(seq uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refused = append(s.refused, seq)
}

// hasAll reports whether the client has what is due to it.
func (m *member) hasAll() bool {
	for i := range m.feeds {
		if f := &m.feeds[i]; f.reach.Load() < f.stream.said.Load() {
			return false
		}
	}
	return true
}

// closePeer closes the accounts after all goroutines have stopped, and returns
// how many messages ended with their connections: no client received them.
func (r *run) closePeer() (unsent int64) {
	for _, one := range r.speakers {
		for _, sent := range one.pending {
			if sent.over == nil {
				continue
			}
			var cursor cursor[atomic.Uint64]
			got := one.stream.log.places.at(sent.seq, &cursor).Load() != 0
			if sent.over.broken.Load() && !got {
				one.stream.refuse(sent.seq)
				unsent++
			}
		}
	}
	for _, m := range r.members {
		for i := range m.feeds {
			if f := &m.feeds[i]; !m.away.Load() {
				f.close(r, m.present)
			}
		}
	}
	return unsent
}

// close counts what was due to a client that is connected at the end, or has
// missed what came after it was.
func (f *feed) close(r *run, present bool) {
	switch {
	case f.begun && f.log == nil:
		return // has left
	case !f.begun:
		f.begin(r, f.lowerBound)
	}
	final := f.stream.said.Load()
	if high := f.high.Load(); !present && final > high {
		r.missed.Add(int64(final - high))
		return
	}
	f.end(final)
	for _, seq := range f.stream.refused {
		f.fill(seq)
	}
}
