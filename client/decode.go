package client

import (
	"bytes"
	"fmt"

	"github.com/go-json-experiment/json"
)

// Every message frame begins like this, because the server puts type first and seq behind it.
const messagePrefix = `{"type":"message","seq":`

// decode returns the frame's event, or nil for a type that this version does not know.
func decode(frame []byte) (Event, error) {
	var head struct {
		Type string `json:"type"`
	}
	if bytes.HasPrefix(frame, []byte(messagePrefix)) {
		head.Type = "message" // saves reading the most frequent frame twice
	} else if err := json.Unmarshal(frame, &head); err != nil {
		return nil, fmt.Errorf("decode a frame: %w", err)
	}
	event := newEvent(head.Type)
	if event == nil {
		return nil, nil
	}
	if err := json.Unmarshal(frame, event); err != nil {
		return nil, fmt.Errorf("decode a frame of type %s: %w", head.Type, err)
	}
	return event, nil
}

// newEvent returns an empty event of the given type, nil if there is no such type.
func newEvent(kind string) Event {
	switch kind {
	case "welcome":
		return new(Welcome)
	case "message":
		return new(Message)
	case "ack":
		return new(Ack)
	case "error":
		return new(Error)
	case "presence":
		return new(Presence)
	case "typing":
		return new(Typing)
	case "notice":
		return new(Notice)
	case "gap":
		return new(Gap)
	case "reset":
		return new(Reset)
	case "reconnect":
		return new(Reconnect)
	default:
		return nil
	}
}

// Skim reads seq and id of a message frame without decoding the rest and without allocating; id is a part of frame. ok is false for every other
// frame, and for a message that is written in an unusual way, which is then decoded as usual.
func Skim(frame []byte) (seq uint64, id []byte, ok bool) {
	rest, found := bytes.CutPrefix(frame, []byte(messagePrefix))
	if !found {
		return 0, nil, false
	}
	digits := 0
	for digits < len(rest) && '0' <= rest[digits] && rest[digits] <= '9' {
		seq = seq*10 + uint64(rest[digits]-'0')
		digits++
	}
	rest, found = bytes.CutPrefix(rest[digits:], []byte(`,"id":"`))
	if !found || digits == 0 || digits > 16 { // 2^53 has 16 digits
		return 0, nil, false
	}
	end := bytes.IndexByte(rest, '"')
	if end < 0 || bytes.IndexByte(rest[:end], '\\') >= 0 {
		return 0, nil, false
	}
	return seq, rest[:end], true
}
