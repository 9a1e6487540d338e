package history

import (
	"slices"
	"sync"
	"time"

	"livechat/client"
)

// Kind says what a reader was told.
type Kind int

// What a reader may be told.
const (
	Joined       Kind = iota + 1 // At: where the room stands; what follows that is owed to the reader. Only the first one counts
	Message                      // At and ID
	Gap                          // the messages of the current epoch from At.Seq to To will not come
	Reset                        // another log begins, and the next message is the one behind At
	Resumed                      // the same by the welcome of a new connection: the log stands at At, and what was missed of it follows, from wherever
	Disconnected                 // the connection broke. It excuses nothing: who comes back is told what it missed
	Recovered                    // a welcome says that all that was missed up to At follows
	NotRecovered                 // a welcome says that not all of it does
	// ID: it was told that it may miss something, asked the store, and has this
	// message from there
	Asked
	Other // At: an entry of the log that is no message, but has its place in it
)

// Event is one line of a reader's log.
type Event struct {
	Kind Kind
	At   Position
	To   uint64
	ID   string
	When time.Time
	Said *Said // of a Message; nil: not judged
}

// Said is what a message is to its readers.
type Said struct{ Name, Session, Text string }

// Reader is what one client was told, in order. Its methods may be called from any goroutine, but their order is what counts.
type Reader struct {
	Name string

	// Set at construction.

	history *History
	raw     bool // it has no memory of what it has been shown
	whole   bool // it has come to read everything
	past    bool // its first message may be older than its welcome

	// Guarded by mu.

	mu     sync.Mutex
	events []Event
	seen   []uint64 // a bit for each message, by its number
	epoch  string   // of the messages now, for Take
	left   bool
	wrong  []string // what messages said that were not sent so
	more   int      // of them
}

// Add writes down one event.
func (r *Reader) Add(e Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.addLocked(e)
}

func (r *Reader) addLocked(e Event) {
	if e.Kind == Message {
		var n int
		if n, e.ID = r.history.number(e.ID); n >= 0 {
			r.markLocked(n)
		}
		// Compared now, not kept: two hundred readers of everything would fill the memory.
		if wrong := r.history.altered(e); wrong != "" && len(r.wrong) < maxViolations {
			r.wrong = append(r.wrong, wrong)
		} else if wrong != "" {
			r.more++
		}
		if e.Said != nil {
			r.history.comes(e.ID, e.Said.Session, r.Name)
		}
		e.Said = nil
	}
	r.events = append(r.events, e)
}

// Ask writes down what the store answered to a reader that was told it may miss
// something: what it has not seen it has now.
func (r *Reader) Ask(kept []Entry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, k := range kept {
		if n, id := r.history.number(k.ID); n >= 0 && !r.has(n) {
			r.markLocked(n)
			r.events = append(r.events, Event{Kind: Asked, ID: id, When: time.Now()})
		}
	}
}

// markLocked notes that it has the n-th message.
func (r *Reader) markLocked(n int) {
	for n/64 >= len(r.seen) {
		r.seen = append(r.seen, 0)
	}
	r.seen[n/64] |= 1 << (n % 64)
}

// Saw reports whether it was told of the message.
func (r *Reader) Saw(id string) bool {
	n, _ := r.history.number(id)
	r.mu.Lock()
	defer r.mu.Unlock()
	return n >= 0 && r.has(n)
}

// has reports whether it saw the n-th message.
func (r *Reader) has(n int) bool { return n/64 < len(r.seen) && r.seen[n/64]&(1<<(n%64)) != 0 }

// excused reports whether it may lack a message without being merely late.
func (r *Reader) excused(s Send) bool {
	return slices.ContainsFunc(r.events, func(e Event) bool { return e.Kind == Gap }) ||
		len(r.events) == 0 || (r.events[0].Kind == Joined || r.past) && s.Sent.Before(r.events[0].When)
}

// Leave says that the reader stopped listening: what it has not seen is not owed to it.
func (r *Reader) Leave() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.left = true
}

// Take writes down what a client.Session delivers, or a client.Conn after the other whose caller resumes where the last one ended. Whichever it is,
// it begins with no history: the room's position when it is welcomed is where its log begins.
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
		r.addLocked(Event{Kind: Message, At: Position{r.epoch, e.Seq}, ID: e.ID, When: now, Said: &Said{e.Name, e.Session, e.Text}})
	case *client.Gap:
		r.addLocked(Event{Kind: Gap, At: Position{r.epoch, e.From}, To: e.To, When: now})
	case *client.Reset:
		if r.raw && r.epoch == e.Epoch && r.resumedLocked() {
			return // what the welcome before it said, and where exactly
		}
		r.epoch = e.Epoch
		r.addLocked(Event{Kind: Reset, At: Position{e.Epoch, e.Seq}, When: now})
	case *client.Disconnected:
		r.addLocked(Event{Kind: Disconnected, When: now})
	}
}

// welcomeLocked takes note of a new connection. One to another log is a reset; a Session has just said so itself.
func (r *Reader) welcomeLocked(at Position, now time.Time) {
	last := len(r.events) - 1
	switch {
	case r.epoch == "" && r.past && at.Seq > 0: // the first message says where it begins
	case r.epoch == "":
		r.addLocked(Event{Kind: Joined, At: at, When: now})
	case !r.raw && (r.events[last].Kind != Reset || r.events[last].At != at):
		return // a Session says itself when it goes to another log
	case r.raw && r.epoch == at.Epoch:
		return
	default:
		r.addLocked(Event{Kind: Resumed, At: at, When: now})
	}
	r.epoch = at.Epoch
}

// resumedLocked reports whether nothing has come since a welcome to another log but what that says.
func (r *Reader) resumedLocked() bool {
	last := len(r.events) - 1
	for last > 0 && slices.Contains([]Kind{Recovered, NotRecovered, Asked}, r.events[last].Kind) {
		last--
	}
	return last >= 0 && r.events[last].Kind == Resumed
}

// snapshot returns a copy that nobody changes any more.
func (r *Reader) snapshot() *Reader {
	r.mu.Lock()
	defer r.mu.Unlock()
	return &Reader{Name: r.Name, raw: r.raw, whole: r.whole, past: r.past, left: r.left, events: slices.Clip(r.events), seen: slices.Clone(r.seen),
		wrong: slices.Clone(r.wrong), more: r.more}
}
