package chat

import (
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Kinds of events of a feed.
const (
	EventChat    = "chat"    // a private chat was created
	EventMessage = "message" // a new message
	EventRead    = "read"    // a read mark has moved
	EventEdit    = "edit"    // a message has another text
	EventDelete  = "delete"  // a message is deleted

	EventReactions = "reactions" // somebody reacted to a message, or took that back
)

// Event is what an entry of a feed tells, beside a name and a text: the Extra of
// the entry, in this order. The scripts in Redis rely on it.
type Event struct {
	Kind    string `json:"event"`
	Chat    string `json:"chat"`
	N       int64  `json:"n"`                // of a message in the chat; 0: none
	Message string `json:"message,omitzero"` // its id, if the event is about its text
	Deleted bool   `json:"deleted,omitzero"` // the text that the event had is deleted

	Counts jsontext.Value `json:"counts,omitzero"` // of the reactions, by emoji
	Files  []File         `json:"files,omitzero"`  // of a new message

	Sent int64 `json:"sent"` // Unix milliseconds
}

// Extra returns the Extra of an entry that tells e.
func (e Event) Extra() string {
	b, _ := json.Marshal(e) // of strings in UTF-8 and numbers
	return string(b[1 : len(b)-1])
}

// Event returns what an entry of a feed tells.
func (m *Message) Event() (e Event, ok bool) {
	if m.Type != "" || m.Extra == "" || json.Unmarshal([]byte("{"+m.Extra+"}"), &e) != nil {
		return Event{}, false
	}
	return e, e.Kind != ""
}
