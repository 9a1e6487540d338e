package wire

import (
	"encoding/binary"
	"fmt"

	"github.com/go-json-experiment/json"

	"livechat/server/chat"
)

// First byte of an unfragmented frame: FIN and the opcode (RFC 6455 section
// 5.2).
const (
	opText  = 0x80 | OpText
	opClose = 0x80 | OpClose
	opPing  = 0x80 | OpPing
	opPong  = 0x80 | OpPong
)

// maxControl is the longest payload of a control frame in bytes (RFC 6455
// section 5.5).
const maxControl = 125

// TextFrame returns a complete text frame, as a server sends it: not
// fragmented, not masked (RFC 6455 section 5.1).
func TextFrame(payload []byte) []byte {
	frame := appendHeader(make([]byte, 0, headerLen(len(payload))+len(payload)), opText, len(payload))
	return append(frame, payload...)
}

// Ping returns the ping frame that servers send. Its payload is empty.
func Ping() []byte { return control(opPing, nil) }

// PongFrame returns the answer to a ping with this payload (RFC 6455 section
// 5.5.3).
func PongFrame(payload []byte) []byte { return control(opPong, payload) }

func control(op byte, payload []byte) []byte {
	if len(payload) > maxControl {
		payload = payload[:maxControl]
	}
	return append(appendHeader(make([]byte, 0, 2+len(payload)), op, len(payload)), payload...)
}

func headerLen(n int) int {
	switch {
	case n <= maxControl:
		return 2
	case n <= 0xFFFF:
		return 4
	}
	return 10
}

// appendHeader appends op and the length in its shortest form (RFC 6455 section
// 5.2).
func appendHeader(b []byte, op byte, n int) []byte {
	switch headerLen(n) {
	case 2:
		return append(b, op, byte(n))
	case 4:
		return binary.BigEndian.AppendUint16(append(b, op, 126), uint16(n))
	}
	return binary.BigEndian.AppendUint64(append(b, op, 127), uint64(n))
}

// Welcome is the first frame of every connection.
type Welcome struct {
	Type    string `json:"type"` // "welcome"
	App     string `json:"app"`
	Session string `json:"session"`
	// the author of this connection's messages; absent if it has none: see
	// chat.Message.Key
	Author    string `json:"author,omitempty"`
	Name      string `json:"name"`
	Room      string `json:"room"`
	Epoch     string `json:"epoch"`
	Seq       uint64 `json:"seq"`                 // newest in the room
	Recovered *bool  `json:"recovered,omitempty"` // only with `after`: all messages after it follow
	// the pinned message; absent: none
	Pinned *chat.Pin `json:"pinned,omitempty"`
	Limits Limits    `json:"limits"`
}

// Pin says that another message of the room is pinned from now on.
type Pin struct {
	Type   string    `json:"type"`             // "pin"
	Pinned *chat.Pin `json:"pinned,omitempty"` // absent: none is
}

// Limits tells a client what it may send.
type Limits struct {
	Text  int     `json:"text"`  // characters in a message
	Frame int     `json:"frame"` // bytes in a frame
	Rate  float64 `json:"rate"`  // messages per second in the long run; 0: no limit
	Burst int     `json:"burst"` // messages at once
	// seconds for which an author may edit a message, 0 for ever; absent: never
	Edit *int64 `json:"edit_s,omitempty"`
	// absent: files cannot be sent
	Files *FileLimits `json:"files,omitempty"`
}

// FileLimits tells a client which files it may send.
type FileLimits struct {
	Size  int64 `json:"size"`  // bytes of a file
	Count int   `json:"count"` // files of a message
}

// Ack says that a message is in the log, or that a reaction is kept.
type Ack struct {
	Type      string `json:"type"` // "ack"
	ID        string `json:"id"`
	Seq       uint64 `json:"seq"`       // 0 for a reaction
	Duplicate bool   `json:"duplicate"` // this id was in the log already
}

// Error says that something was refused, and why.
type Error struct {
	Type         string `json:"type"` // "error"
	ID           string `json:"id,omitempty"`
	Code         string `json:"code"`
	Message      string `json:"message"`
	Retryable    bool   `json:"retryable"`
	RetryAfterMS int64  `json:"retry_after_ms,omitzero"`
}

// Presence lists the users in the room: a snapshot has Names, a change has
// Joined and Left.
type Presence struct {
	Type   string   `json:"type"`   // "presence"
	Online int      `json:"online"` // connections
	Names  []string `json:"names,omitempty"`
	Joined []string `json:"joined,omitempty"`
	Left   []string `json:"left,omitempty"`
	// those of Names or Joined that are names of accounts
	Accounts []string `json:"accounts,omitempty"`
	// connections of those of Names or Joined that have more than one
	Connections map[string]int `json:"connections,omitempty"`
}

// Typing says that a user is typing in the room.
type Typing struct {
	Type    string `json:"type"` // "typing"
	Session string `json:"session"`
	Name    string `json:"name"`
}

// TypingInChat says in a feed that the other user of a private chat is typing.
type TypingInChat struct {
	Type string `json:"type"` // "typing"
	Chat string `json:"chat"`
	Name string `json:"name"`
}

// Notice is text that was published on the room's channel by hand.
type Notice struct {
	Type string `json:"type"` // "notice"
	Text string `json:"text"`
}

// Gap says that entries From to To, inclusive, are no longer available.
type Gap struct {
	Type string `json:"type"` // "gap"
	From uint64 `json:"from"`
	To   uint64 `json:"to"`
}

// Reset says that the log continues in another epoch: the next entry is the
// one after Seq. If the client has entries after Seq, they are not in the log
// under those numbers.
type Reset struct {
	Type  string `json:"type"` // "reset"
	Epoch string `json:"epoch"`
	Seq   uint64 `json:"seq"`
}

// Reconnect asks the client to open another connection after a time, and then
// to close this one.
type Reconnect struct {
	Type    string `json:"type"` // "reconnect"
	AfterMS int64  `json:"after_ms"`
}

// Frame returns the complete text frame of v, one of the structs above with its
// Type set.
func Frame(v any) []byte {
	payload, err := json.Marshal(v)
	if err != nil {
		// unreachable: our own plain structs, with text that was checked
		panic(fmt.Sprintf("wire: encode %T: %v", v, err))
	}
	return TextFrame(payload)
}
