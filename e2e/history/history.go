// Package history checks whether a chat room kept its promises. Senders record
// what they sent and what was acked, readers what they received. Afterwards
// [History.Check] compares all of it and names every message that was lost,
// doubled, reordered or made up. An edit or a delete of a message is sent, acked
// and received as a message is, so all of this holds for them as well; and all
// have to end with the same text of each message, or with none. The tombstone of
// a deleted message, or of an edit of one, counts as that message or edit.
//
// It knows nothing of the server and trusts no one. A log that was replaced
// excuses nothing: what was acked before must arrive after, too.
package history

import (
	"fmt"
	"slices"
	"sync"
	"time"
)

// Position is a position in the log. In an ack Epoch may be empty, as the
// protocol does not contain it; then it is that in which readers saw the
// message.
type Position struct {
	Epoch string
	Seq   uint64
}

// String returns the form that the protocol uses, "<epoch>:<seq>".
func (p Position) String() string { return fmt.Sprintf("%s:%d", p.Epoch, p.Seq) }

// Send is one message of one sender.
type Send struct {
	ID   string
	Name string // the sender's; empty: not checked
	Text string // empty: not checked
	// the message's id, if this is an edit, which gives it Text; empty: it is a
	// message
	Edits   string
	Deletes string    // the message's id, if this is a delete
	Sent    time.Time // just before it was sent for the first time
	// when the first ack arrived; zero: none did, so the log may or may not
	// have the message
	Acked time.Time
	At    Position // the position in that ack; Seq 0: unknown

	number  int   // of the message: 0, 1, 2 …
	acks    []Ack // in order
	refused bool
	rule    string    // with which it was refused
	ruled   time.Time // when
}

// Ack is one answer to a message.
type Ack struct {
	At        Position
	When      time.Time
	Duplicate bool // the log had the message from an earlier attempt
	Tries     int  // how often the message had been sent by then; 0: unknown
}

// Entry is one entry that the log and the archive together have at the end. A
// message has the text of its newest edit. Of edits and deletes the archive says
// no more than their numbers: then ID is empty.
type Entry struct {
	At         Position
	ID         string
	Name, Text string
	Deleted    bool   // a deleted message, or an edit of one
	Counts     string // of the reactions to it: see CountsOf
}

// History records what happened. Its methods may be called from any goroutine.
type History struct {
	mu        sync.RWMutex
	sends     map[string]*Send
	edits     map[string][]*Send // by the id of the message
	deletes   map[string][]*Send // likewise
	reactions map[Reaction]bool  // whether each is set
	toggles   []toggle
	silences  []Silence
	died      map[string][]time.Time // when each server did
	doubted   map[Reaction]bool      // those that were refused
	lost      []time.Time            // when Redis lost data
	again     []string               // ids of two messages, which is an error of the test
	readers   []*Reader
	owners    map[string]string // the name of each connection's user, by the session in its welcome
	from      map[origin]string // the first reader that saw a message of that connection
	kept      []Entry
	isKept    bool
}

// New returns an empty history.
func New() *History {
	return &History{
		sends:     map[string]*Send{},
		edits:     map[string][]*Send{},
		deletes:   map[string][]*Send{},
		reactions: map[Reaction]bool{},
		died:      map[string][]time.Time{},
		doubted:   map[Reaction]bool{},
		owners:    map[string]string{},
		from:      map[origin]string{},
	}
}

// Sending records that the message is about to be sent for the first time. It
// is not called when the message is sent again with the same id.
func (h *History) Sending(id string, when time.Time) { h.SendingContent(Send{ID: id, Sent: when}) }

// SendingContent is Sending with text and name, which every reader has to
// receive unchanged.
func (h *History) SendingContent(s Send) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.sends[s.ID] != nil {
		h.again = append(h.again, s.ID)
		return
	}
	sent := &Send{ID: s.ID, Name: s.Name, Text: s.Text, Edits: s.Edits, Deletes: s.Deletes, Sent: s.Sent,
		number: len(h.sends)}
	h.sends[s.ID] = sent
	switch {
	case s.Edits != "":
		h.edits[s.Edits] = append(h.edits[s.Edits], sent)
	case s.Deletes != "":
		h.deletes[s.Deletes] = append(h.deletes[s.Deletes], sent)
	}
}

// Acked records that the server has acked a message, after Sending.
func (h *History) Acked(id string, at Position, when time.Time) {
	h.Answered(id, Ack{At: at, When: when})
}

// Answered is Acked with all that the ack says. A message that is sent again
// after its ack is acked again.
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

// Refused records that the server has declined a message for good: nobody may
// see it.
func (h *History) Refused(id string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if s := h.sends[id]; s != nil {
		s.refused = true
	}
}

// Connected records that the connection with this session belongs to that name.
// From then on no message with this session may have another name.
func (h *History) Connected(session, name string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.owners[session] = name
}

// SetStored records what log and archive have at the end, in order, of what the
// readers could receive. Without it Check does not check them.
func (h *History) SetStored(all []Entry) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.kept, h.isKept = all, true
}

// First returns the position at which the first reader joined. A newcomer that
// wants to read everything begins there.
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

// send returns what was sent under this id, of which the acks may still change;
// nil if nothing was. Its own copy of the id is worth keeping.
func (h *History) send(id string) *Send {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.sends[id]
}

// Reader returns a new reader that shows each message once, as a client.Session
// does.
func (h *History) Reader(name string) *Reader { return h.add(&Reader{Name: name}) }

// RawReader returns a new reader that records everything a server sends. After
// a reset a server may repeat what it sent in the old log; within one log it
// may not.
func (h *History) RawReader(name string) *Reader { return h.add(&Reader{Name: name, raw: true}) }

// LateReader returns a raw reader that receives the newest messages when it
// joins: its log begins with the first of them.
func (h *History) LateReader(name string) *Reader {
	return h.add(&Reader{Name: name, raw: true, past: true})
}

// Newcomer returns a raw reader that joins at the end and reads everything
// after that position: it has to get exactly what SetStored recorded.
func (h *History) Newcomer(name string, from Position) *Reader {
	r := h.add(&Reader{Name: name, raw: true, whole: true, epoch: from.Epoch})
	r.Add(Event{Kind: Joined, At: from})
	return r
}

// add adds a reader to this history. From here on others may look at it, so its
// kind has to be set before.
func (h *History) add(r *Reader) *Reader {
	h.mu.Lock()
	defer h.mu.Unlock()
	r.history = h
	h.readers = append(h.readers, r)
	return r
}

// Lagging returns an error that names a reader which lacks an acked message, or
// what was reacted to one, nil if there is none. Wait for nil before Check. It
// ignores readers that were told of a gap or came late.
func (h *History) Lagging() error {
	sends, readers, _ := h.snapshot()
	counts := h.counts()
	for _, r := range readers {
		if r.left {
			continue
		}
		for _, s := range sends {
			if !s.Acked.IsZero() && !r.has(s.number) && !r.excused(s) {
				return fmt.Errorf("%s lacks %s, which was acked at %v", r.Name, s.ID, s.At)
			}
		}
		gaps := slices.ContainsFunc(r.events, func(e Event) bool { return e.Kind == Gap })
		if err := r.wrongCounts(counts, h.send); err != nil && !gaps {
			return err
		}
	}
	return nil
}

// snapshot returns copies that no longer change, with the sends in a fixed
// order, so that the same history always gives the same errors.
func (h *History) snapshot() (sends []Send, readers []*Reader, again []string) {
	h.mu.RLock()
	all := slices.Clone(h.readers)
	h.mu.RUnlock()
	// Not under the lock: a reader that adds an event holds its own lock and
	// takes ours.
	for _, r := range all {
		readers = append(readers, r.snapshot())
	}
	h.mu.RLock() // after the readers, which saw nothing that is not in it
	defer h.mu.RUnlock()
	sends = make([]Send, len(h.sends))
	for _, s := range h.sends {
		sends[s.number] = *s
	}
	return sends, readers, append([]string(nil), h.again...)
}
