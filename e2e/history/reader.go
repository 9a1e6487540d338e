package history

import (
	"maps"
	"slices"
	"sync"
	"time"

	"livechat/client"
)

// Kind is the kind of an event.
type Kind int

// Kinds of events.
const (
	// At: the room's position; the reader has to receive what follows. Only the
	// first one counts
	Joined  Kind = iota + 1
	Message      // At and ID; also an edit or a delete of a message
	Gap          // the messages of the current epoch from At.Seq to To will not come
	Reset        // another log begins; the next message is the one after At
	// the same in the welcome of a new connection: the log is at At, and what
	// was missed of it follows, from any position
	Resumed
	// the connection broke. It excuses nothing: a reader that resumes receives
	// what it missed
	Disconnected
	Recovered    // a welcome says that all that was missed up to At follows
	NotRecovered // a welcome says that not all of it does
	// ID: the reader was told that it may miss something, asked the store, and
	// has this message from there
	Asked
	Other     // At: an entry of the log that nobody sent
	Tombstone // At and ID: in the place of a deleted message, or of an edit of one
	Counted   // At and ID, which has the counts too: a summary of the reactions to a message
)

// Event is one event of a reader.
type Event struct {
	Kind    Kind
	At      Position
	To      uint64
	ID      string
	When    time.Time
	Content *Content // of a Message or a Tombstone; nil: not checked
}

// isSent reports whether the event is something that was sent: also a
// tombstone, as which that is received.
func (e *Event) isSent() bool { return e.Kind == Message || e.Kind == Tombstone }

// Content is what readers see of a message, an edit or a delete.
type Content struct {
	Name, Session, Text string

	Edits   string // the message's id in an edit, or its tombstone
	Deletes string // the message's id in a delete
	Edited  bool   // the text of a message is said to be that of an edit
	Counts  string // of reactions, in a message from the archive: see CountsOf
}

// Reader records what one client received, in order. Its methods may be called
// from any goroutine, but the order of the calls counts.
type Reader struct {
	Name string

	// Set at construction.

	history *History
	raw     bool // it has no memory of what it has shown
	whole   bool // it joined to read everything
	past    bool // its first message may be older than its welcome

	// Guarded by mu.

	mu     sync.Mutex
	events []Event
	seen   []uint64 // a bit for each message, by its number
	epoch  string   // current number of messages, for Take
	left   bool
	// the edit whose text each message has, or gone; none: its first text
	shows  map[string]string
	counts map[string]string // of the reactions to each message: see CountsOf
	wrong  []string          // messages whose content was altered
	more   int               // of those
}

// Add records one event.
func (r *Reader) Add(e Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.addLocked(e)
}

func (r *Reader) addLocked(e Event) {
	if e.isSent() {
		s := r.history.send(e.ID)
		if s != nil {
			e.ID = s.ID
			r.markLocked(s.number)
			r.showLocked(s, e)
		}
		// Compared now instead of kept: two hundred readers of everything would
		// fill the memory.
		wrong := r.history.contentDiff(s, e)
		if wrong == "" && s != nil && r.whole {
			wrong = r.history.leak(s, e)
		}
		if wrong != "" && len(r.wrong) < maxViolations {
			r.wrong = append(r.wrong, wrong)
		} else if wrong != "" {
			r.more++
		}
		if e.Content != nil {
			r.history.comes(e.ID, e.Content.Session, r.Name)
		}
		e.Content = nil
	}
	r.events = append(r.events, e)
}

// Ask records the store's answer to a reader that was told it may miss
// something: it now has the messages that it had not seen.
func (r *Reader) Ask(kept []Entry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, k := range kept {
		if s := r.history.send(k.ID); s != nil && !r.has(s.number) {
			r.markLocked(s.number)
			r.events = append(r.events, Event{Kind: Asked, ID: s.ID, When: time.Now()})
		}
	}
}

// markLocked notes that the reader has the n-th message.
func (r *Reader) markLocked(n int) {
	for n/64 >= len(r.seen) {
		r.seen = append(r.seen, 0)
	}
	r.seen[n/64] |= 1 << (n % 64)
}

// Saw reports whether the reader received the message.
func (r *Reader) Saw(id string) bool {
	s := r.history.send(id)
	r.mu.Lock()
	defer r.mu.Unlock()
	return s != nil && r.has(s.number)
}

// has reports whether the reader saw the n-th message.
func (r *Reader) has(n int) bool { return n/64 < len(r.seen) && r.seen[n/64]&(1<<(n%64)) != 0 }

// excused reports whether the reader may lack a message without merely being
// late.
func (r *Reader) excused(s Send) bool {
	return slices.ContainsFunc(r.events, func(e Event) bool { return e.Kind == Gap }) ||
		len(r.events) == 0 || (r.events[0].Kind == Joined || r.past) && s.Sent.Before(r.events[0].When)
}

// Leave records that the reader stopped listening: it need not receive what it
// has not seen.
func (r *Reader) Leave() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.left = true
}

// Take records the events of a client.Session, or of one client.Conn after the
// other whose caller resumes where the last one ended. Either begins without
// history: its log begins at the room's position in its first welcome.
func (r *Reader) Take(event client.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	switch e := event.(type) {
	case *client.Welcome:
		r.welcomeLocked(Position{e.Epoch, e.Seq}, now)
		if e.Recovered != nil {
			kind := map[bool]Kind{true: Recovered, false: NotRecovered}[*e.Recovered]
			r.addLocked(Event{Kind: kind, At: Position{e.Epoch, e.Seq}, When: now})
		}
	case *client.Message:
		r.addLocked(Event{Kind: Message, At: Position{r.epoch, e.Seq}, ID: e.ID, When: now,
			Content: &Content{Name: e.Name, Session: e.Session, Text: e.Text, Edited: e.Edited > 0,
				Counts: CountsOf(e.Reactions)}})
	case *client.Edited:
		r.addLocked(Event{Kind: Message, At: Position{r.epoch, e.Seq}, ID: e.ID, When: now,
			Content: &Content{Name: e.Name, Session: e.Session, Text: e.Text, Edits: e.Target.ID}})
	case *client.Deleted:
		r.addLocked(Event{Kind: Message, At: Position{r.epoch, e.Seq}, ID: e.ID, When: now,
			Content: &Content{Name: e.Name, Session: e.Session, Deletes: e.Target.ID}})
	case *client.Tombstone:
		c := &Content{Name: e.Name, Session: e.Session}
		if e.Target != nil {
			c.Edits = e.Target.ID
		}
		r.addLocked(Event{Kind: Tombstone, At: Position{r.epoch, e.Seq}, ID: e.ID, When: now, Content: c})
	case *client.Reactions:
		r.takeCountsLocked(e.Seq, e.ID, e.Target.ID, e.Counts, now)
	case *client.Entry:
		r.addLocked(Event{Kind: Other, At: Position{r.epoch, e.Seq}, ID: e.ID, When: now})
	case *client.Gap:
		r.addLocked(Event{Kind: Gap, At: Position{r.epoch, e.From}, To: e.To, When: now})
	case *client.Reset:
		if r.raw && r.epoch == e.Epoch && r.resumedLocked() {
			return // what the welcome before it said, and at which position
		}
		r.epoch = e.Epoch
		r.addLocked(Event{Kind: Reset, At: Position{e.Epoch, e.Seq}, When: now})
	case *client.Disconnected:
		r.addLocked(Event{Kind: Disconnected, When: now})
	}
}

// welcomeLocked handles a new connection. One to another log is a reset, which
// a Session has announced itself.
func (r *Reader) welcomeLocked(at Position, now time.Time) {
	last := len(r.events) - 1
	switch {
	case r.epoch == "" && r.past && at.Seq > 0: // the first message says where it begins
	case r.epoch == "":
		r.addLocked(Event{Kind: Joined, At: at, When: now})
	case !r.raw && (r.events[last].Kind != Reset || r.events[last].At != at):
		return // a Session announces another log itself
	case r.raw && r.epoch == at.Epoch:
		return
	default:
		r.addLocked(Event{Kind: Resumed, At: at, When: now})
	}
	r.epoch = at.Epoch
}

// resumedLocked reports whether nothing has come since a welcome to another log
// except that itself.
func (r *Reader) resumedLocked() bool {
	last := len(r.events) - 1
	for last > 0 && slices.Contains([]Kind{Recovered, NotRecovered, Asked}, r.events[last].Kind) {
		last--
	}
	return last >= 0 && r.events[last].Kind == Resumed
}

// snapshot returns a copy that no longer changes.
func (r *Reader) snapshot() *Reader {
	r.mu.Lock()
	defer r.mu.Unlock()
	return &Reader{
		Name:   r.Name,
		raw:    r.raw,
		whole:  r.whole,
		past:   r.past,
		left:   r.left,
		events: slices.Clip(r.events),
		seen:   slices.Clone(r.seen),
		shows:  maps.Clone(r.shows),
		counts: maps.Clone(r.counts),
		wrong:  slices.Clone(r.wrong),
		more:   r.more,
	}
}
