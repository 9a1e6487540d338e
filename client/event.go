package client

import (
	"encoding/json"
	"time"
)

// Event is something that the server sent or that happened to a Session: a
// pointer to one of the types in this file. It belongs to the receiver, except
// for a Message under LoadOptions.Skim.
type Event interface{ event() }

// Welcome is the first event of every connection.
type Welcome struct {
	App     string `json:"app"`     // APPID of the server
	Session string `json:"session"` // id of this connection
	// the author of this connection's messages; empty if the server cannot tell
	Author string `json:"author"`
	Name   string `json:"name"` // as the server cleaned or chose it
	Room   string `json:"room"`
	Epoch  string `json:"epoch"` // of the room's log
	Seq    uint64 `json:"seq"`   // of the newest entry of the log
	// nil unless a position was given; true: everything after it follows
	Recovered *bool   `json:"recovered"`
	Pinned    *Pinned `json:"pinned"` // nil: no message is pinned
	Limits    Limits  `json:"limits"` // what the server accepts
}

// Pinned is the message that is pinned in a room, without its text.
type Pinned struct {
	Target  Target `json:"target"`
	Session string `json:"session"` // of the message, as are Author and Name
	Author  string `json:"author"`
	Name    string `json:"name"`
	By      string `json:"by"` // who pinned it
	At      int64  `json:"at"` // when, Unix milliseconds
}

// Pin says that another message is pinned from now on; nil: none.
type Pin struct {
	Pinned *Pinned `json:"pinned"`
}

// Limits are what a server accepts from a client.
type Limits struct {
	Text  int     `json:"text"`  // characters in a message
	Frame int     `json:"frame"` // bytes in a frame
	Rate  float64 `json:"rate"`  // messages per second in the long run; 0: no limit
	Burst int     `json:"burst"` // messages at once
	// seconds for which an author may edit a message, 0 for ever; nil: never
	Edit *int64 `json:"edit_s"`
	// nil: files cannot be sent
	Files *FileLimits `json:"files"`
}

// Message is an entry of the room's log. The Seq of entries counts 1, 2, 3 …
// without holes, so a missing one can be detected.
type Message struct {
	Seq     uint64 `json:"seq"`
	ID      string `json:"id"`
	App     string `json:"app"`     // the server that accepted it
	Session string `json:"session"` // the connection that sent it
	// the author, over all connections; may be empty. An id belongs to its
	// author
	Author string `json:"author"`
	Name   string `json:"name"`
	Text   string `json:"text"`  // may be empty if it has Files
	Reply  *Reply `json:"reply"` // the message that this one answers; nil for none
	Files  []File `json:"files"`
	// whom the text mentions, as the server knows them
	Mentions []string        `json:"mentions"`
	Data     json.RawMessage `json:"data"` // an object of the sender's own; nil for none
	At       int64           `json:"at"`   // Unix milliseconds by Redis' clock
	// when its text was last edited, in a message from the archive; else 0
	Edited int64 `json:"edited"`
	// how many people have set each emoji, in a message from the archive. The
	// summaries of that time come as well, in their places
	Reactions map[string]int `json:"reactions"`
	Raw       []byte         `json:"-"` // the frame, only under LoadOptions.Skim

	// History says that the room had the message before the connection was
	// established: it belongs to the past that a newcomer is sent. For a
	// Session that is its first connection; messages that it missed while it
	// reconnected are not history. A bot answers only messages that are not
	// history.
	History bool `json:"-"`
}

// Reply is the message that another one answers, as it was then.
type Reply struct {
	Target
	Name string `json:"name"`
	Text string `json:"text"` // its beginning; empty once it is deleted
}

// Edited is an entry of the room's log: a message has another text. The newest
// edit of a message counts, by Seq. A Session may deliver edits again in a log
// that replaced another, and edits of messages that it has not delivered.
type Edited struct {
	Seq     uint64 `json:"seq"`
	ID      string `json:"id"`
	App     string `json:"app"`
	Session string `json:"session"`
	Author  string `json:"author"`
	Name    string `json:"name"`
	Target  Target `json:"target"` // the message: the one of this author with that ID
	Text    string `json:"text"`   // may be empty if the message has files
	// whom the new text mentions
	Mentions []string `json:"mentions"`
	At       int64    `json:"at"` // Unix milliseconds by Redis' clock
	History  bool     `json:"-"`  // as in Message
}

// Deleted is an entry of the room's log: a message is deleted. Whoever has it
// forgets its text and its edits.
type Deleted struct {
	Seq     uint64 `json:"seq"`
	ID      string `json:"id"`
	App     string `json:"app"`
	Session string `json:"session"`
	Author  string `json:"author"`
	Name    string `json:"name"`
	Target  Target `json:"target"` // the message: the one of this author with that ID
	By      string `json:"by"`     // author
	At      int64  `json:"at"`     // Unix milliseconds by Redis' clock
	History bool   `json:"-"`      // as in Message
}

// Tombstone is what the room's log has in the place of a deleted message, or, if
// Target is not nil, of an edit of one.
type Tombstone struct {
	Seq     uint64  `json:"seq"`
	ID      string  `json:"id"`
	App     string  `json:"app"`
	Session string  `json:"session"`
	Author  string  `json:"author"`
	Name    string  `json:"name"`
	Target  *Target `json:"target"`
	At      int64   `json:"at"` // Unix milliseconds by Redis' clock
	History bool    `json:"-"`  // as in Message
}

// Reactions is an entry of the room's log: the emoji that people have set under a
// message, as they were then. The newest one of a message counts, by Seq; there
// is at most one a second. What comes for a deleted message means nothing. A
// Session may deliver some again in a log that replaced another.
type Reactions struct {
	Seq    uint64         `json:"seq"`
	ID     string         `json:"id"`
	App    string         `json:"app"`
	Target Target         `json:"target"`
	Counts map[string]int `json:"counts"` // how many people have set each; empty: nobody any
	At     int64          `json:"at"`     // Unix milliseconds by Redis' clock
	// as in Message
	History bool `json:"-"`
}

// Target names a message: its number and its id. If a repair of the log has
// moved the message, the id is right.
type Target struct {
	Seq uint64 `json:"seq"`
	ID  string `json:"id"`
}

// Target returns the Target that names m.
func (m *Message) Target() Target { return Target{Seq: m.Seq, ID: m.ID} }

// Entry is an entry of the room's log of a type that this version does not know.
// It has a place among the messages, and nothing to show. A Session counts it
// and may deliver it again in a log that replaced another; with a Conn, the
// caller counts it.
type Entry struct {
	Type string `json:"type"`
	Seq  uint64 `json:"seq"`
	ID   string `json:"id"`
	At   int64  `json:"at"` // Unix milliseconds by Redis' clock
}

// Time returns At as a time.
func (m *Message) Time() time.Time { return time.UnixMilli(m.At) }

// Ack says that the message posted with this id is in the log. Conn.Send and
// Session.Send consume the acks of their own messages.
type Ack struct {
	ID        string `json:"id"`
	Seq       uint64 `json:"seq"`       // 0 for a reaction
	Duplicate bool   `json:"duplicate"` // it was in the log already, from an earlier attempt
}

// Error is a refusal of one frame, or of one message if ID is set. The
// connection continues.
type Error struct {
	ID           string `json:"id"`
	Code         string `json:"code"`
	Message      string `json:"message"`
	Retryable    bool   `json:"retryable"`
	RetryAfterMS int64  `json:"retry_after_ms"`
}

// Error implements error: Send returns an *Error.
func (e *Error) Error() string { return "the server says " + e.Code + ": " + e.Message }

// RetryAfter returns how long to wait before retrying; 0 if the server did not
// say.
func (e *Error) RetryAfter() time.Duration { return time.Duration(e.RetryAfterMS) * time.Millisecond }

// Presence lists the users in the room: a snapshot (Names, at most 200 of
// them), or the changes since the last one.
type Presence struct {
	Online int      `json:"online"` // connections in the room, in the whole cluster
	Names  []string `json:"names"`
	Joined []string `json:"joined"`
	Left   []string `json:"left"`
	// those of Names or Joined that are names of accounts
	Accounts []string `json:"accounts"`
	// connections of those of Names or Joined that have more than one; a name
	// joins again when its number changes
	Connections map[string]int `json:"connections"`
}

// Typing says that a user is typing in the room, or, on a feed, in a private
// chat.
type Typing struct {
	Session string `json:"session"` // empty on a feed
	Chat    string `json:"chat"`    // the chat's id on a feed; empty in a room
	Name    string `json:"name"`
}

// Notice is text that was published on the room's channel by hand.
type Notice struct {
	Text string `json:"text"`
}

// Cluster says which servers there are. It comes once a second, only over a
// connection to a server's path /cluster, which is in no room.
type Cluster struct {
	Servers []ClusterServer `json:"servers"`
}

// ClusterServer is one server of the cluster.
type ClusterServer struct {
	App         string `json:"app"`
	State       string `json:"state"` // ready, draining, gone and others: see docs/protocol.md
	Connections int    `json:"connections"`
	Version     string `json:"version"`
}

// Gap says that entries From to To, inclusive, will not come over this
// connection: the log no longer reaches back to them.
type Gap struct {
	From uint64 `json:"from"`
	To   uint64 `json:"to"`
}

// Reset says that the log continues in another epoch, after Seq. Messages that
// were delivered are not delivered again, even if they come under other
// numbers.
type Reset struct {
	Epoch string `json:"epoch"`
	Seq   uint64 `json:"seq"`
}

// Reconnect asks for a new connection after the given time, to be opened before
// this one is closed. A Session does so by itself.
type Reconnect struct {
	AfterMS int64 `json:"after_ms"`
}

// After returns how long to wait before opening the new connection.
func (r *Reconnect) After() time.Duration { return time.Duration(r.AfterMS) * time.Millisecond }

// Disconnected comes from a Session, not from the server: the connection was
// lost or could not be made, because of Err. The next attempt follows after
// Wait.
type Disconnected struct {
	Err  error
	Wait time.Duration
}

func (*Welcome) event()      {}
func (*Pin) event()          {}
func (*Message) event()      {}
func (*Edited) event()       {}
func (*Deleted) event()      {}
func (*Tombstone) event()    {}
func (*Reactions) event()    {}
func (*Entry) event()        {}
func (*Ack) event()          {}
func (*Error) event()        {}
func (*Presence) event()     {}
func (*Typing) event()       {}
func (*Notice) event()       {}
func (*Cluster) event()      {}
func (*Gap) event()          {}
func (*Reset) event()        {}
func (*Reconnect) event()    {}
func (*Disconnected) event() {}
