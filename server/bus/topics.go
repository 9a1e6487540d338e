package bus

import (
	"sync"
	"time"
)

// topics holds which channels are wanted, and what the present subscription has
// asked for. Whoever opens and closes rooms changes what is wanted at any time;
// the link's writer catches up.
//
// A request has a number. So a room that is closed and opened again quickly is
// a new request even if its channel was never unsubscribed: it is sent again,
// Redis confirms it again, and the new room learns that it is subscribed.
type topics struct {
	wake chan struct{} // holds a token while there may be changes to send; never closed

	mu     sync.Mutex
	last   uint64              // guarded by mu: number of the newest request
	topics map[string]*topic   // guarded by mu: by channel
	dirty  map[string]struct{} // guarded by mu: channels that changed since changes was called
}

// topic is one channel. Zero numbers mean none.
type topic struct {
	room   string
	wanted uint64 // number of the request
	// Of the present subscription:
	asked       uint64    // newest request for which SUBSCRIBE was sent
	outstanding int       // SUBSCRIBEs that have not been confirmed
	live        uint64    // confirmed request: payloads are delivered for it alone
	since       time.Time // of the newest SUBSCRIBE
}

func newTopics() *topics {
	return &topics{
		wake: make(chan struct{}, 1), topics: make(map[string]*topic), dirty: make(map[string]struct{}),
	}
}

// want requests a channel, unless it is requested already.
func (s *topics) want(channel, room string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.topics[channel]
	if t == nil {
		t = &topic{room: room}
		s.topics[channel] = t
	}
	if t.wanted == 0 {
		s.last++
		t.wanted = s.last
		s.changedLocked(channel)
	}
}

// drop withdraws the request and returns its number; 0 if there is none.
func (s *topics) drop(channel string) (request uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.topics[channel]; t != nil && t.wanted != 0 {
		request, t.wanted = t.wanted, 0
		s.changedLocked(channel)
	}
	return request
}

// rooms returns the rooms whose channels are wanted.
func (s *topics) rooms() (rooms []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.topics {
		if t.wanted != 0 {
			rooms = append(rooms, t.room)
		}
	}
	return rooms
}

// request returns the number of the request for a channel; 0 if there is none.
func (s *topics) request(channel string) uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.topics[channel]; t != nil {
		return t.wanted
	}
	return 0
}

func (s *topics) changedLocked(channel string) {
	s.dirty[channel] = struct{}{}
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// restart forgets what the last subscription asked for and returns all channels
// that are wanted, which the new one requests with one SUBSCRIBE.
func (s *topics) restart() (channels []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.dirty)
	for channel, t := range s.topics {
		if t.wanted == 0 {
			delete(s.topics, channel)
			continue
		}
		t.asked, t.outstanding, t.live, t.since = t.wanted, 1, 0, time.Now()
		channels = append(channels, channel)
	}
	return channels
}

// changes returns what has to be sent to bring the subscription up to date, and
// counts it as sent.
func (s *topics) changes() (subscribe, unsubscribe []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for channel := range s.dirty {
		switch t := s.topics[channel]; {
		case t == nil || t.wanted == t.asked:
		case t.wanted != 0:
			t.asked, t.since = t.wanted, time.Now()
			t.outstanding++
			subscribe = append(subscribe, channel)
		default:
			t.asked, t.live = 0, 0
			unsubscribe = append(unsubscribe, channel)
		}
		s.forgetLocked(channel)
	}
	clear(s.dirty)
	return subscribe, unsubscribe
}

// confirm notes that Redis has confirmed a SUBSCRIBE. ok says that it was the
// newest: from now on the room receives everything. A confirmation that was not
// expected counts as well, since only a new subscription can have caused it.
func (s *topics) confirm(channel string) (room string, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.topics[channel]
	if t == nil {
		return "", false
	}
	t.outstanding = max(t.outstanding-1, 0)
	if t.outstanding > 0 || t.wanted == 0 || t.wanted != t.asked {
		s.forgetLocked(channel)
		return "", false
	}
	t.live = t.wanted
	return t.room, true
}

// lost notes that Redis has ended the subscription of a channel by itself, as
// it does in a cluster when the slot moves. It reports whether that was so.
// (The answer to an UNSUBSCRIBE comes before that to the SUBSCRIBE that follows
// it.)
func (s *topics) lost(channel string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.topics[channel]
	if t == nil || t.live == 0 || t.live != t.wanted {
		return false
	}
	t.live, t.outstanding, t.since = 0, 1, time.Now()
	return true
}

// again repeats requests that were not confirmed in time: an error that answers
// a SUBSCRIBE does not say which one. It reports whether there were any.
func (s *topics) again(patience time.Duration) (waiting bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for channel, t := range s.topics {
		if t.outstanding == 0 || time.Since(t.since) < patience {
			continue
		}
		t.asked, t.outstanding = 0, 0
		if t.wanted != 0 {
			waiting = true
			s.changedLocked(channel)
		}
		s.forgetLocked(channel)
	}
	return waiting
}

// roomOf returns the room of a message on a channel. A channel that is no
// longer wanted, or whose newest SUBSCRIBE is not confirmed, has none.
func (s *topics) roomOf(channel string) (room string, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.topics[channel]
	if t == nil || t.live == 0 || t.live != t.wanted {
		return "", false
	}
	return t.room, true
}

// forgetLocked removes a channel that is neither wanted nor subscribed nor
// awaited.
func (s *topics) forgetLocked(channel string) {
	if t := s.topics[channel]; t != nil && t.wanted == 0 && t.asked == 0 && t.outstanding == 0 {
		delete(s.topics, channel)
	}
}
