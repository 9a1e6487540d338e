package private

import (
	"bytes"
	"context"
	"log/slog"
	"time"

	"github.com/go-json-experiment/json"
)

// nudge is the message by which relays wake each other.
var nudge = []byte(`{"type":"relay"}`)

// typingNote tells all servers that someone is writing in a private chat. Those
// that have the other member's feed pass it on.
type typingNote struct {
	Type string `json:"type"` // as in typingPrefix
	User int64  `json:"user"` // whose feed it is for
	Chat string `json:"chat"`
	Name string `json:"name"` // who is writing
}

var typingPrefix = []byte(`{"type":"chat_typing",`)

// typingTimeout bounds how long a note may take; it is worth no longer wait.
const typingTimeout = time.Second

// Gossip is what servers tell each other about private chats, on the gossip
// channel. Servers without private chats receive it as well, for their feeds.
type Gossip struct {
	// Publish tells all servers something. It waits until Redis has it.
	Publish func(ctx context.Context, payload []byte) error
	// Typing tells the feed of a user, if it is on this server, who is writing.
	Typing func(user int64, chatID, name string)
	// Nudged wakes the relay of this server, if it has one.
	Nudged func()
	Logger *slog.Logger
}

// Nudge is RelayOptions.Nudge. Relays also poll, so it may get lost.
func (g *Gossip) Nudge(ctx context.Context) { _ = g.Publish(ctx, nudge) }

// TellTyping is Options.TellTyping. If Redis is away, the note is lost.
func (g *Gossip) TellTyping(ctx context.Context, to int64, chatID, name string) {
	payload, err := json.Marshal(typingNote{Type: "chat_typing", User: to, Chat: chatID, Name: name})
	if err != nil { // names and ids are valid UTF-8
		return
	}
	ctx, cancel := context.WithTimeout(ctx, typingTimeout)
	defer cancel()
	if err := g.Publish(ctx, payload); err != nil {
		g.Logger.Debug("api: cannot tell that someone is typing", "error", err)
	}
}

// Receive handles gossip about private chats, and reports whether the payload is
// that.
func (g *Gossip) Receive(payload []byte) bool {
	if bytes.Equal(payload, nudge) {
		g.Nudged()
		return true
	}
	if !bytes.HasPrefix(payload, typingPrefix) {
		return false
	}
	var note typingNote
	if err := json.Unmarshal(payload, &note); err != nil {
		g.Logger.Debug("api: unreadable typing note", "error", err)
		return true
	}
	g.Typing(note.User, note.Chat, note.Name)
	return true
}
