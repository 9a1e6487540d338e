package client

import (
	"bytes"
	"fmt"

	"github.com/go-json-experiment/json"

	"livechat/server/chat"
)

// decode returns the frame's event. For a type that this version does not know
// that is an Entry if the frame is an entry of the log, else nil.
func decode(frame []byte) (Event, error) {
	var head struct {
		Type string `json:"type"`
	}
	if bytes.HasPrefix(frame, []byte(chat.MessagePrefix)) {
		head.Type = "message" // avoids reading the most frequent frame twice
	} else if err := json.Unmarshal(frame, &head); err != nil {
		return nil, fmt.Errorf("decode a frame: %w", err)
	}
	event := newEvent(head.Type)
	if event == nil {
		return decodeEntry(frame), nil
	}
	if err := json.Unmarshal(frame, event); err != nil {
		return nil, fmt.Errorf("decode a frame of type %s: %w", head.Type, err)
	}
	return event, nil
}

// decodeEntry returns the Entry in a frame of an unknown type; nil if it is not
// in the log, whose entries have both a seq and a time.
func decodeEntry(frame []byte) Event {
	var e struct {
		Entry
		At *int64 `json:"at"`
	}
	if json.Unmarshal(frame, &e) != nil || e.Seq == 0 || e.At == nil {
		return nil
	}
	e.Entry.At = *e.At
	return &e.Entry
}

// newEvent returns an empty event of the given type, nil if there is no such
// type.
func newEvent(kind string) Event {
	switch kind {
	case "welcome":
		return new(Welcome)
	case "message":
		return new(Message)
	case "edit":
		return new(Edited)
	case "delete":
		return new(Deleted)
	case "tombstone":
		return new(Tombstone)
	case "reactions":
		return new(Reactions)
	case "ack":
		return new(Ack)
	case "error":
		return new(Error)
	case "presence":
		return new(Presence)
	case "pin":
		return new(Pin)
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
	case "cluster":
		return new(Cluster)
	default:
		return nil
	}
}
