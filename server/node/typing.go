package node

import (
	"bytes"
	"context"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"

	"livechat/server/chat"
	"livechat/server/limit"
	"livechat/server/wire"
)

// typingNote tells all servers, on the gossip channel, that someone is writing
// in a private chat. Those that have the other member's feed pass it on.
type typingNote struct {
	Type string `json:"type"` // as in typingPrefix
	User int64  `json:"user"` // whose feed it is for
	Chat string `json:"chat"`
	Name string `json:"name"` // who is writing
}

var typingPrefix = []byte(`{"type":"chat_typing",`)

const (
	typingTimeout = time.Second // to publish a note; it is worth no longer wait
	typingRate    = 1           // a second, of one account in the long run
	typingBurst   = 10
)

// tellTyping publishes a note. If Redis is away, it is lost.
func (n *Node) tellTyping(ctx context.Context, to int64, chatID, name string) {
	payload, err := json.Marshal(typingNote{Type: "chat_typing", User: to, Chat: chatID, Name: name})
	if err != nil { // names and ids are valid UTF-8
		return
	}
	ctx, cancel := context.WithTimeout(ctx, typingTimeout)
	defer cancel()
	if err := n.bus.PublishGossip(ctx, payload); err != nil {
		n.logger.Debug("api: cannot tell that someone is typing", "error", err)
	}
}

// receiveTyping passes a note on to the feed that it is for. It reports whether
// the payload is one.
func (n *Node) receiveTyping(payload []byte) bool {
	if !bytes.HasPrefix(payload, typingPrefix) {
		return false
	}
	var note typingNote
	if err := json.Unmarshal(payload, &note); err != nil {
		n.logger.Debug("api: unreadable typing note", "error", err)
		return true
	}
	if feed := n.feeds.Get(chat.FeedRoom(note.User)); feed != nil {
		feed.Broadcast(wire.Frame(wire.TypingInChat{Type: "typing", Chat: note.Chat, Name: note.Name}))
	}
	return true
}

// allowTyping limits how often each user can say that they are writing.
func (n *Node) allowTyping() func(user int64) error {
	throttle := limit.NewThrottle(limit.NewRate(typingRate, typingBurst))
	return func(user int64) error {
		if wait := throttle.Take(time.Now(), strconv.FormatInt(user, 10)); wait > 0 {
			return chat.RateLimited("typing was reported too often; every 3 seconds is enough", wait)
		}
		return nil
	}
}
