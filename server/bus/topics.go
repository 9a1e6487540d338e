package bus

import (
	"sync"
	"time"
)

// topics holds which channels are wanted, and what the present subscription has been asked for. Whoever opens and closes rooms
// writes the wishes at any time; the feed makes them come true.
//
// A wish has a number, so that a room which is closed and opened again quickly is a new wish although its channel was never let go:
// it is asked for again, Redis confirms again, and the new room learns that it is subscribed.
type topics struct {
	wake chan struct{} // holds a token while there may be changes to send; never closed

	mu     sync.Mutex
	last   uint64              // guarded by mu: the newest wish's number
	topics map[string]*topic   // guarded by mu: by channel
	dirty  map[string]struct{} // guarded by mu: channels whose wish changed since changes
}

// topic is one channel. Zero means: not.
type topic struct {
	room   string
	wanted uint64 // number of the wish
	// Of the present subscription:
	asked       uint64    // the newest wish for which SUBSCRIBE was sent
	outstanding int       // SUBSCRIBEs that have not been confirmed
	live        uint64    // the wish that has been confirmed: payloads are let through for it alone
	since       time.Time // of the newest SUBSCRIBE
}

func newTopics() *topics {
	return &topics{wake: make(chan struct{}, 1), topics: make(map[string]*topic), dirty: make(map[string]struct{})}
}

// want wishes for a channel, unless it is wished for already.
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

// drop takes the wish back and returns its number; 0 if there is none.
func (s *topics) drop(channel string) (wish uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.topics[channel]; t != nil && t.wanted != 0 {
		wish, t.wanted = t.wanted, 0
		s.changedLocked(channel)
	}
	return wish
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

// wish returns the number of the wish for a channel; 0 if there is none.
func (s *topics) wish(channel string) uint64 {
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

// restart forgets what the last subscription was asked for and returns all that is wanted: the new one asks for it with one SUBSCRIBE.
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

// changes returns what is to be sent to make the subscription what is wanted, and takes it as sent.
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

// confirm takes note that Redis has confirmed a SUBSCRIBE. ok says that it was the newest: from now on the room hears all.
// A confirmation that nobody waited for counts as well, since only a new subscription can have caused it.
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

// lost takes note that Redis has ended the subscription of a channel by itself,
// as it does in a cluster when the slot moves, and says whether that was so.
// (The answer to an UNSUBSCRIBE comes before that of the SUBSCRIBE behind it.)
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

// again asks once more for what was not confirmed in time: an error that answers
// a SUBSCRIBE does not say which. It returns whether there is anything of that.
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

// hears returns the room to which a push on the channel goes. A channel that is no longer wanted, or whose newest SUBSCRIBE has not been
// confirmed, goes to none.
func (s *topics) hears(channel string) (room string, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.topics[channel]
	if t == nil || t.live == 0 || t.live != t.wanted {
		return "", false
	}
	return t.room, true
}

// forgetLocked removes a channel that is neither wanted nor subscribed nor awaited.
func (s *topics) forgetLocked(channel string) {
	if t := s.topics[channel]; t != nil && t.wanted == 0 && t.asked == 0 && t.outstanding == 0 {
		delete(s.topics, channel)
	}
}
