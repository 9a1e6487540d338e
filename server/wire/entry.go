package wire

import (
	"bytes"

	"livechat/server/chat"
)

// Entry is a message as a server received it.
type Entry struct {
	Position chat.Position
	Frame    []byte // the complete frame for clients
}

// ParseEntry parses a payload of the channel or of the stream. ok is false for
// payloads that chat.ParsePayload refuses.
func ParseEntry(payload []byte) (e Entry, ok bool) {
	position, object, ok := chat.ParsePayload(payload)
	if !ok {
		return Entry{}, false
	}
	n := len(object) + 1
	frame := appendHeader(make([]byte, 0, headerLen(n)+n), opText, n)
	frame = append(append(frame, object...), '}')
	return Entry{Position: position, Frame: frame}, true
}

// HasID reports whether a frame is an entry with this id. It decodes nothing.
func HasID(frame []byte, id string) bool {
	_, rest, found := bytes.Cut(frame, []byte(chat.IDPrefix))
	return found && len(rest) > chat.IDLen && string(rest[:chat.IDLen]) == id
}

// IsOfType reports whether a frame is an entry of a type. It decodes nothing.
func IsOfType(frame []byte, kind string) bool {
	return chat.PayloadType(object(frame)) == kind
}

// Payload returns the payload from which ParseEntry made the frame of a
// message, given its epoch. ok is false for other frames.
func Payload(frame []byte, epoch string) (payload []byte, ok bool) {
	return chat.PayloadOf(object(frame), epoch)
}

// object returns the JSON object in a frame of a server.
func object(frame []byte) []byte {
	switch frame[1] {
	case 126: // two more bytes of length
		return frame[4:]
	case 127: // eight more
		return frame[10:]
	}
	return frame[2:] // after the shortest header
}
