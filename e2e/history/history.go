// Package history judges whether a chat room kept its promises. Senders write down what they sent and what was acked, readers what they were told;
// afterwards [History.Check] compares all of it and names every message that was lost, doubled, reordered or made up.
//
// It knows nothing of the server and believes nobody. A log that was replaced excuses nothing: what was acked before is owed after, too.
package history

import (
	"fmt"
	"slices"
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
	Name  string    // of its sender; empty: not judged
	Text  string    // empty: not judged
	Sent  time.Time // just before it went out for the first time
	Acked time.Time // when the first ack was there; zero: none came, so the log may have the message or not
	At    Position  // where that ack says that it is. Seq 0: it does not say

	number int   // of the messages: 0, 1, 2 …
	acks   []Ack // all of them, in order
}

// Ack is one answer to a message.
type Ack struct {
	At        Position
	When      time.Time
	Duplicate bool // it says that the log had the message from an earlier try
	Tries     int  // how often the message had gone out by then; 0: nobody has counted
}

// Entry is one message that the log and the archive together have when all is over.
type Entry struct {
	At         Position
	ID         string
	Name, Text string
}

// History is everything that happened. Its methods may be called from any goroutine.
type History struct {
	mu      sync.RWMutex
	sends   map[string]*Send
	again   []string // ids that were taken for two messages, which is the test's mistake
	readers []*Reader
	owners  map[string]string // the name of who has the connection, by the session that its welcome names
	from    map[origin]string // who saw a message of that connection first
	kept    []Entry
	isKept  bool
}

// New returns an empty history.
func New() *History {
	return &History{sends: map[string]*Send{}, owners: map[string]string{}, from: map[origin]string{}}
}

// Sending says that the message is about to go out for the first time. Sending it again under the same id is not said.
func (h *History) Sending(id string, when time.Time) { h.Saying(Send{ID: id, Sent: when}) }

// Saying is Sending with what is said and by whom: every reader must be told the same.
func (h *History) Saying(s Send) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.sends[s.ID] != nil {
		h.again = append(h.again, s.ID)
		return
	}
	h.sends[s.ID] = &Send{ID: s.ID, Name: s.Name, Text: s.Text, Sent: s.Sent, number: len(h.sends)}
}

// Acked says that the server has confirmed a message that Sending has told of.
func (h *History) Acked(id string, at Position, when time.Time) {
	h.Answered(id, Ack{At: at, When: when})
}

// Answered is Acked with all that the ack says. A message that is sent again after its ack is acked again.
func (h *History) Answered(id string, a Ack) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.sends[id]
	if s == nil {
		return
	}
	if s.Acked.IsZero() {
		s.Acked, s.At = a.When, a.At
	}
	s.acks = append(s.acks, a)
}

// Connected says that the connection with this session is that person's. Once one is known, no message may name another person's.
func (h *History) Connected(session, name string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.owners[session] = name
}

// Keep says what log and archive have in the end, in order, of what the readers could hear. Without it Check does not ask.
func (h *History) Keep(all []Entry) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.kept, h.isKept = all, true
}

// First returns where the first reader came in, which is where a newcomer begins that wants to read everything.
func (h *History) First() (Position, bool) {
	_, readers, _ := h.snapshot()
	for _, r := range readers {
		if len(r.events) > 0 && r.events[0].Kind == Joined {
			return r.events[0].At, true
		}
	}
	return Position{}, false
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
func (h *History) Reader(name string) *Reader { return h.add(&Reader{Name: name}) }

// RawReader returns the log of a new reader who writes down what a server sends as it is. After a reset a server may send it again what it sent in
// the old log: within one log never.
func (h *History) RawReader(name string) *Reader { return h.add(&Reader{Name: name, raw: true}) }

// LateReader returns the log of a raw reader who is given the newest messages when it comes: its log begins with the first of them.
func (h *History) LateReader(name string) *Reader {
	return h.add(&Reader{Name: name, raw: true, past: true})
}

// Newcomer returns the log of a raw reader who comes when all is over and reads everything behind that place: it gets exactly what Keep was told.
func (h *History) Newcomer(name string, from Position) *Reader {
	r := h.add(&Reader{Name: name, raw: true, whole: true, epoch: from.Epoch})
	r.Add(Event{Kind: Joined, At: from})
	return r
}

// add makes a reader one of this history. From here on others look at it, so what
// kind of reader it is must have been said.
func (h *History) add(r *Reader) *Reader {
	h.mu.Lock()
	defer h.mu.Unlock()
	r.history = h
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

// Plus adds another history's.
func (s Summary) Plus(o Summary) Summary {
	return Summary{s.Sent + o.Sent, s.Acked + o.Acked, s.Delivered + o.Delivered, s.Gaps + o.Gaps, s.Resets + o.Resets, s.Disconnects + o.Disconnects,
		s.Again + o.Again}
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
	all := slices.Clone(h.readers)
	h.mu.RUnlock()
	// Not under the lock: a reader that takes an event holds its own and asks for ours.
	for _, r := range all {
		readers = append(readers, r.snapshot())
	}
	h.mu.RLock() // after the readers, who saw nothing that is not in it
	defer h.mu.RUnlock()
	sends = make([]Send, len(h.sends))
	for _, s := range h.sends {
		sends[s.number] = *s
	}
	return sends, readers, append([]string(nil), h.again...)
}
