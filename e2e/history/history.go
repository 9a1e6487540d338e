// Package history judges whether a chat room kept its promises. Senders write down what they sent and what was acked, readers what they were told;
// afterwards [History.Check] compares all of it and names every message that was lost, doubled, reordered or made up.
//
// It knows nothing of the server and believes nobody: a gap that was announced is no loss, a hole that was not is one, however it came about.
package history

import (
	"fmt"
	"sync"
	"time"

	"livechat/client"
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
}

// Kind says what a reader was told.
type Kind int

// What a reader may be told.
const (
	Joined       Kind = iota + 1 // At: where the room stands; what follows that is owed to the reader. Only the first one counts
	Message                      // At and ID
	Gap                          // the messages of the current epoch from At.Seq to To will not come
	Reset                        // another log begins, which stands at At; what the old one had is not owed any more
	Disconnected                 // the connection broke. It excuses nothing: who comes back is told what it missed
)

// Event is one line of a reader's log.
type Event struct {
	Kind Kind
	At   Position
	To   uint64
	ID   string
	When time.Time
}

// Reader is what one client was told, in order. Its methods may be called from any goroutine, but their order is what counts.
type Reader struct {
	Name string

	mu     sync.Mutex
	events []Event
	epoch  string // of the messages now, for Take
	left   bool
}

// Add writes down one event.
func (r *Reader) Add(e Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, e)
}

// Leave says that the reader stopped listening: what came later is not owed to it.
func (r *Reader) Leave() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.left = true
}

// Take writes down what a client.Session delivers. It suits client.NewSession, for a session that begins with no history: the room's position when it
// is welcomed is where its log begins.
func (r *Reader) Take(event client.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	switch e := event.(type) {
	case *client.Welcome:
		if r.epoch == "" {
			r.epoch = e.Epoch
			r.events = append(r.events, Event{Kind: Joined, At: Position{e.Epoch, e.Seq}, When: now})
		}
	case *client.Message:
		r.events = append(r.events, Event{Kind: Message, At: Position{r.epoch, e.Seq}, ID: e.ID, When: now})
	case *client.Gap:
		r.events = append(r.events, Event{Kind: Gap, At: Position{r.epoch, e.From}, To: e.To, When: now})
	case *client.Reset:
		r.epoch = e.Epoch
		r.events = append(r.events, Event{Kind: Reset, At: Position{e.Epoch, e.Seq}, When: now})
	case *client.Disconnected:
		r.events = append(r.events, Event{Kind: Disconnected, When: now})
	}
}

// snapshot returns a copy that nobody changes any more.
func (r *Reader) snapshot() *Reader {
	r.mu.Lock()
	defer r.mu.Unlock()
	return &Reader{Name: r.Name, events: append([]Event(nil), r.events...), left: r.left}
}

// History is everything that happened. Its methods may be called from any goroutine.
type History struct {
	mu      sync.Mutex
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
	h.sends[id] = &Send{ID: id, Sent: when}
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
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, s := range h.sends {
		if !s.Acked.IsZero() {
			n++
		}
	}
	return n
}

// Reader returns a new reader's log.
func (h *History) Reader(name string) *Reader {
	h.mu.Lock()
	defer h.mu.Unlock()
	r := &Reader{Name: name}
	h.readers = append(h.readers, r)
	return r
}

// Summary counts what a history holds.
type Summary struct {
	Sent, Acked, Delivered    int
	Gaps, Resets, Disconnects int
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
		for _, e := range r.events {
			switch e.Kind {
			case Message:
				s.Delivered++
			case Gap:
				s.Gaps++
			case Reset:
				s.Resets++
			case Disconnected:
				s.Disconnects++
			}
		}
	}
	return s
}

func (h *History) snapshot() (map[string]Send, []*Reader, []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	sends := make(map[string]Send, len(h.sends))
	for id, s := range h.sends {
		sends[id] = *s
	}
	var readers []*Reader
	for _, r := range h.readers {
		readers = append(readers, r.snapshot())
	}
	return sends, readers, append([]string(nil), h.again...)
}
