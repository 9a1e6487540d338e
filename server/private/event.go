package private

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"livechat/server/chat"
	"livechat/server/store"
	"livechat/server/wire"
)

// Body returns the part of an event's payload that the publish script puts type, seq, at and epoch around:
//
//	"id":"<event>","app":"…","session":"","name":"<author>","text":"…","event":"message","chat":"<chat>","n":17,"message":"<message>","sent":1763770000000
//
// event is "message", "read" (name has read up to n; no text, no message) or "chat" (name has created it; n is 0). sent is when it
// happened, in Unix milliseconds, by the clock of who took it, as in the history of the chat; the at of a payload is when it was published.
func Body(e store.Event, app string) []byte {
	b := wire.AppendBody(nil, &chat.Message{ID: e.ID, App: app, Name: e.Author, Text: e.Text})
	b = appendString(append(b, `,"event":`...), e.Kind)
	b = appendString(append(b, `,"chat":`...), e.Chat)
	b = strconv.AppendInt(append(b, `,"n":`...), e.N, 10)
	if e.Message != "" {
		b = appendString(append(b, `,"message":`...), e.Message)
	}
	return strconv.AppendInt(append(b, `,"sent":`...), e.At.UnixMilli(), 10)
}

func appendString(dst []byte, s string) []byte {
	dst, _ = jsontext.AppendQuote(dst, s) // its one error is invalid UTF-8, which chat's rules exclude
	return dst
}

// Digest tells one event from another under the same id. It is made of the text alone, as it is for the messages of a room: servers that
// put back what a log has lost make it of the payload, and it has to be the same then, or the event could not be published again.
func Digest(e store.Event) string {
	sum := sha256.Sum256([]byte(e.Text))
	return hex.EncodeToString(sum[:8])
}
