package client

import (
	"github.com/go-json-experiment/json/jsontext"
	"time"
)

// Event is something the server sent, or something that happened to a Session: one of the pointer types in this file. What it points to
// belongs to the receiver, except for a Message under Options.Skim.
type Event interface{ event() }

// Welcome is the first event of every connection.
type Welcome struct {
	App       string         `json:"app"`     // the server's APPID
	Session   string         `json:"session"` // this connection's id, new each time
	Author    string         `json:"author"`  // of what this connection says; empty if the server cannot tell
	Name      string         `json:"name"`    // as the server cleaned or chose it
	Room      string         `json:"room"`
	Epoch     string         `json:"epoch"`     // of the room's log
	Seq       uint64         `json:"seq"`       // newest message of the room
	Recovered *bool          `json:"recovered"` // nil unless a position was given; true: everything behind it follows
	Limits    jsontext.Value `json:"limits"`    // what the server accepts, as it words it
}

// Message is one entry of the room's log. Seq counts 1, 2, 3 … without holes, so a missing one can be seen.
type Message struct {
	Seq     uint64 `json:"seq"`
	ID      string `json:"id"`
	App     string `json:"app"`     // the server that took it
	Session string `json:"session"` // the connection that sent it
	Author  string `json:"author"`  // who sent it, over all connections; may be empty. An id belongs to its author
	Name    string `json:"name"`
	Text    string `json:"text"`
	At      int64  `json:"at"` // Unix milliseconds by Redis's clock
	Raw     []byte `json:"-"`  // the frame, only under Options.Skim

	// History says that the room had the message before the connection stood: it
	// came with what a newcomer is told of the past. For a Session that is its
	// first connection; what it missed while it reconnected is not history. A bot
	// answers only what is not.
	History bool `json:"-"`
}

// Time returns At as a time.
func (m *Message) Time() time.Time { return time.UnixMilli(m.At) }

// Ack says that the log holds the message that was posted with this id. Conn.Send and Session.Send take the acks of their own messages.
type Ack struct {
	ID        string `json:"id"`
	Seq       uint64 `json:"seq"`
	Duplicate bool   `json:"duplicate"` // it was there already, from an earlier try
}

// Error is the server's complaint about one frame, or about one message if ID is set. The connection goes on.
type Error struct {
	ID           string `json:"id"`
	Code         string `json:"code"`
	Message      string `json:"message"`
	Retryable    bool   `json:"retryable"`
	RetryAfterMS int64  `json:"retry_after_ms"`
}

// Error makes it an error, which Send returns.
func (e *Error) Error() string { return "the server says " + e.Code + ": " + e.Message }

// RetryAfter returns how long to wait before another try; 0 if the server did not say.
func (e *Error) RetryAfter() time.Duration { return time.Duration(e.RetryAfterMS) * time.Millisecond }

// Presence says who is in the room: either a snapshot (Names, at most 200 of them) or what changed since the last one.
type Presence struct {
	Online int      `json:"online"` // connections in the room, in the whole cluster
	Names  []string `json:"names"`
	Joined []string `json:"joined"`
	Left   []string `json:"left"`
}

// Typing says that somebody is writing.
type Typing struct {
	Session string `json:"session"`
	Name    string `json:"name"`
}

// Notice is text that somebody published on the room's channel by hand.
type Notice struct {
	Text string `json:"text"`
}

// Gap says that the messages From to To, both included, will not come over this socket: the log no longer reaches them.
type Gap struct {
	From uint64 `json:"from"`
	To   uint64 `json:"to"`
}

// Reset says that the log goes on in another epoch, behind Seq. What was delivered is not delivered again, even if it comes under other numbers.
type Reset struct {
	Epoch string `json:"epoch"`
	Seq   uint64 `json:"seq"`
}

// Reconnect asks for a new connection after the given time, to be opened before this one is closed. A Session does it by itself.
type Reconnect struct {
	AfterMS int64 `json:"after_ms"`
}

// After returns how long to wait before opening the new connection.
func (r *Reconnect) After() time.Duration { return time.Duration(r.AfterMS) * time.Millisecond }

// Disconnected comes from a Session, not from the server: the connection was lost, or could not be made, for the reason Err; the next try
// is due in Wait.
type Disconnected struct {
	Err  error
	Wait time.Duration
}

func (*Welcome) event()      {}
func (*Message) event()      {}
func (*Ack) event()          {}
func (*Error) event()        {}
func (*Presence) event()     {}
func (*Typing) event()       {}
func (*Notice) event()       {}
func (*Gap) event()          {}
func (*Reset) event()        {}
func (*Reconnect) event()    {}
func (*Disconnected) event() {}
