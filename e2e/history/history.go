// Package history judges whether a chat room kept its promises. Senders write down what they sent and what was acked, readers what they were told;
// afterwards [History.Check] compares all of it and names every message that was lost, doubled, reordered or made up.
//
// It knows nothing of the server and believes nobody. A log that was replaced excuses nothing: what was acked before is owed after, too.
package history

import (
	"fmt"
	"sync"
	"time"
)

// Position is a place in the log. In an ack Epoch may be empty, as the protocol does not say it: then it is where the readers saw the message.
type Position struct {
	Epoch string
	Seq   uint64
}

// String returns the form the protocol uses, "<epoch>:<seq>".
func (p Position) String() string { return fmt.Sprintf("%s:%d", p.Epoch, p.Seq) }

// Send is one message of one sender.
type Send struct {
	ID    string
	Sent  time.Time // just before it went out for the first time
	Acked time.Time // when the ack was there; zero: none came, so the log may have the message or not
	At    Position  // where the ack says that it is

	number int // of the messages: 0, 1, 2 …
}

// History is everything that happened. Its methods may be called from any goroutine.
type History struct {
	mu      sync.RWMutex
	sends   map[string]*Send
	again   []string // ids that were taken for two messages, which is the test's mistake
	readers []*Reader
}

// New returns an empty history.
func New() *History { return &History{sends: map[string]*Send{}} }

// Sending says that the message is about to go out for the first time. Sending it again under the same id is not said.
func (h *History) Sending(id string, when time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.sends[id] != nil {
		h.again = append(h.again, id)
		return
	}
	h.sends[id] = &Send{ID: id, Sent: when, number: len(h.sends)}
}

// Acked says that the server has confirmed a message that Sending has told of.
func (h *History) Acked(id string, at Position, when time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if s := h.sends[id]; s != nil {
		s.Acked, s.At = when, at
	}
}

// AckedCount returns how many messages have been acked so far.
func (h *History) AckedCount() (n int) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	for _, s := range h.sends {
		if !s.Acked.IsZero() {
			n++
		}
	}
	return n
}

// number returns the message's number and the one copy of its id that is worth keeping; -1 if nobody sent it.
func (h *History) number(id string) (int, string) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	if s := h.sends[id]; s != nil {
		return s.number, s.ID
	}
	return -1, id
}

// Reader returns the log of a new reader who shows each message once, as a client.Session does.
func (h *History) Reader(name string) *Reader { return h.reader(name, false) }

// RawReader returns the log of a new reader who writes down what a server sends as it is. After a reset a server may send it again what it sent in
// the old log: within one log never.
func (h *History) RawReader(name string) *Reader { return h.reader(name, true) }

func (h *History) reader(name string, raw bool) *Reader {
	h.mu.Lock()
	defer h.mu.Unlock()
	r := &Reader{Name: name, history: h, raw: raw}
	h.readers = append(h.readers, r)
	return r
}

// Behind returns an error that names a reader which lacks an acked message, nil if there is none. It is what to wait for before Check. Of who was told
// of a gap, or came late, it says nothing.
func (h *History) Behind() error {
	sends, readers, _ := h.snapshot()
	for _, r := range readers {
		if r.left {
			continue
		}
		for _, s := range sends {
			if !s.Acked.IsZero() && !r.has(s.number) && !r.excused(s) {
				return fmt.Errorf("%s lacks %s, which was acked at %v", r.Name, s.ID, s.At)
			}
		}
	}
	return nil
}

// Summary counts what a history holds.
type Summary struct {
	Sent, Acked, Delivered    int
	Gaps, Resets, Disconnects int
	Again                     int // messages that a raw reader was shown once more after a reset
}

// Summary counts what has happened so far.
func (h *History) Summary() (s Summary) {
	sends, readers, _ := h.snapshot()
	s.Sent = len(sends)
	for _, send := range sends {
		if !send.Acked.IsZero() {
			s.Acked++
		}
	}
	for _, r := range readers {
		seen := map[string]bool{}
		for i, e := range r.events {
			switch e.Kind {
			case Message:
				s.Delivered++
				if seen[e.ID] {
					s.Again++
				}
				seen[e.ID] = true
			case Gap:
				s.Gaps++
			case Reset:
				s.Resets++
			case Resumed:
				if before := r.events[i-1]; before.Kind != Reset || before.At != e.At {
					s.Resets++
				}
			case Disconnected:
				s.Disconnects++
			}
		}
	}
	return s
}

// snapshot returns copies that nobody changes any more, the sends in a fixed order, so that the same history is always judged in the same words.
func (h *History) snapshot() (sends []Send, readers []*Reader, again []string) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	sends = make([]Send, len(h.sends))
	for _, s := range h.sends {
		sends[s.number] = *s
	}
	for _, r := range h.readers {
		readers = append(readers, r.snapshot())
	}
	return sends, readers, append([]string(nil), h.again...)
}
