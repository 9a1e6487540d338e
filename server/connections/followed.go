package connections

import (
	"encoding/binary"
	"strings"

	"github.com/go-json-experiment/json"

	"livechat/server/chat"
	"livechat/server/wire"
)

// Followed is what an admin sees of a frame of a connection that is being
// followed, or of several like it in a row. It has no text, no name and nothing
// else that somebody has written.
type Followed struct {
	At   int64  `json:"at"`  // Unix milliseconds; of the first
	Dir  string `json:"dir"` // one of the directions below
	Type string `json:"type,omitzero"`
	// of a frame of a feed: what kind of event it is
	Event string `json:"event,omitzero"`
	ID    string `json:"id,omitzero"`
	Seq   uint64 `json:"seq,omitzero"`   // of the first
	Last  uint64 `json:"last,omitzero"`  // seq of the last, if there are several
	Code  string `json:"code,omitzero"`  // of an error, or a close frame
	Size  int    `json:"size,omitzero"`  // bytes of all, without their headers
	Count int    `json:"count,omitzero"` // absent: 1
}

// Values of Followed.Dir.
const (
	FollowedIn   = "in"   // from the client
	FollowedOut  = "out"  // to it
	FollowedEnd  = "end"  // the connection is over: Type says who ended it, Code how
	FollowedLost = "lost" // Count frames came too fast to be shown
)

// Values of Followed.Type where the frame is no message.
const (
	followedClose  = "close"
	followedPing   = "ping"
	followedPong   = "pong"
	followedBroken = "unreadable"
)

// FollowPayload describes a message, in either direction, or the payload of a
// control frame.
func FollowPayload(dir string, op byte, payload []byte) Followed {
	f := Followed{Dir: dir, Size: len(payload)}
	switch op {
	case wire.OpClose:
		f.Type = followedClose
		if len(payload) >= 2 {
			f.Code = wire.CloseCode(binary.BigEndian.Uint16(payload)).Label()
		}
		return f
	case wire.OpPing:
		f.Type = followedPing
		return f
	case wire.OpPong:
		f.Type = followedPong
		return f
	}
	var known struct {
		Type  string `json:"type"`
		Event string `json:"event"`
		ID    string `json:"id"`
		Code  string `json:"code"`
		Seq   uint64 `json:"seq"`
	}
	if err := json.Unmarshal(payload, &known); err != nil {
		f.Type = followedBroken
		return f
	}
	f.Type, f.Event, f.Code, f.Seq = word(known.Type), word(known.Event), word(known.Code), known.Seq
	f.ID, _ = chat.ParseUUID(known.ID)
	return f
}

// FollowFrame describes a whole frame of the server. ok is false for what is not
// one, such as the rest of a frame.
func FollowFrame(frame []byte) (f Followed, ok bool) {
	if len(frame) < 2 || frame[0]&0x70 != 0 || frame[0]&0x80 == 0 {
		return f, false
	}
	at, length := 2, uint64(frame[1])
	switch {
	case length == 126 && len(frame) >= 4:
		at, length = 4, uint64(binary.BigEndian.Uint16(frame[2:]))
	case length == 127 && len(frame) >= 10:
		at, length = 10, binary.BigEndian.Uint64(frame[2:])
	}
	if uint64(len(frame)-at) != length {
		return f, false
	}
	return FollowPayload(FollowedOut, frame[0]&0xF, frame[at:]), true
}

// word returns what is a word of the protocol, or could be one later. Whatever
// else a client has sent in its place may be a text.
func word(s string) string {
	if len(s) > 24 || strings.ContainsFunc(s, func(r rune) bool { return (r < 'a' || r > 'z') && r != '_' }) {
		return followedBroken
	}
	return s
}
