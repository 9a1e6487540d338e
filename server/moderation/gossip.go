package moderation

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"

	"livechat/server/chat"
)

// What servers tell each other about rules and kicks, on the gossip channel.

// rulesWanted asks the API servers to put the rules of a room beside
// its log.
type rulesWanted struct {
	Type string `json:"type"` // as in wantedPrefix
	Room string `json:"room"`
}

// kicked tells all servers whose sockets in a room they are to close.
type kicked struct {
	Type   string       `json:"type"` // as in kickedPrefix
	Room   string       `json:"room"`
	Person chat.Subject `json:"person,omitzero"`
	Name   string       `json:"name,omitzero"`
}

var (
	wantedPrefix = []byte(`{"type":"rules_wanted",`)
	kickedPrefix = []byte(`{"type":"kicked",`)
)

// askTime bounds the question to other servers.
const askTime = time.Second

// errAsked says that another server was asked to load the rules of a room.
var errAsked = &chat.Error{
	Code: chat.CodeUnavailable, Message: "the rules of the room are not known yet; try again in a moment",
	Retryable: true, RetryAfterMS: time.Second.Milliseconds(),
}

// ask asks the API servers. The error says that it has.
func (w *Watch) ask(ctx context.Context, room string) error {
	payload, err := json.Marshal(rulesWanted{Type: "rules_wanted", Room: room})
	if err != nil {
		return fmt.Errorf("ask for the rules of room %s: %w", room, err)
	}
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	if err := w.o.Gossip(ctx, payload); err != nil {
		return fmt.Errorf("ask for the rules of room %s: %w", room, errors.Join(errAsked, err))
	}
	return errAsked
}

// Kick closes the sockets of somebody in a room, on all servers.
func (w *Watch) Kick(ctx context.Context, room string, k Kick) error {
	payload, err := json.Marshal(kicked{"kicked", room, k.Person, k.Name})
	if err != nil {
		return fmt.Errorf("kick from room %s: %w", room, err)
	}
	return w.o.Gossip(ctx, payload)
}

// Receive handles gossip about rules and kicks, and reports whether the payload
// is that. It does not block.
func (w *Watch) Receive(payload []byte) bool {
	if room, ok := w.o.Changed(payload); ok {
		if room != "" {
			w.Doubt(room)
		}
		return true
	}
	switch {
	case bytes.HasPrefix(payload, wantedPrefix):
		w.receiveWanted(payload)
	case bytes.HasPrefix(payload, kickedPrefix):
		w.receiveKicked(payload)
	default:
		return false
	}
	return true
}

func (w *Watch) receiveWanted(payload []byte) {
	var ask rulesWanted
	if err := json.Unmarshal(payload, &ask); err != nil || CheckRoom(ask.Room) != nil {
		w.o.Logger.Debug("rules: unreadable question")
		return
	}
	if w.o.Wanted != nil {
		w.o.Wanted(ask.Room)
	}
}

func (w *Watch) receiveKicked(payload []byte) {
	var k kicked
	if err := json.Unmarshal(payload, &k); err != nil || k.Person == "" && k.Name == "" {
		w.o.Logger.Debug("moderation: unreadable kick")
		return
	}
	w.o.Kicked(k.Room, Kick{Person: k.Person, Name: k.Name})
}
