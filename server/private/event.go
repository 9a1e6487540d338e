package private

import (
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"livechat/server/chat"
	"livechat/server/store"
)

// Body returns the part of an event's payload that the publish script wraps
// with type, seq, at and epoch:
//
//	"id":"<event>","app":"…","session":"","name":"<author>","text":"…",
//	"event":"message","chat":"<chat>","n":17,"message":"<message>",
//	"sent":1763770000000
//
// event is "message", "read" (name has read up to n; no text, no message) or
// "chat" (name has created the chat; n is 0). sent is when it happened, in Unix
// milliseconds, by the clock of the server that received it, as in the history
// of the chat. The payload's at is when it was published.
func Body(e store.Event, app string) []byte {
	b := chat.AppendBody(nil, &chat.Message{ID: e.ID, App: app, Name: e.Author, Text: e.Text})
	b = appendString(append(b, `,"event":`...), e.Kind)
	b = appendString(append(b, `,"chat":`...), e.Chat)
	b = strconv.AppendInt(append(b, `,"n":`...), e.N, 10)
	if e.Message != "" {
		b = appendString(append(b, `,"message":`...), e.Message)
	}
	return strconv.AppendInt(append(b, `,"sent":`...), e.At.UnixMilli(), 10)
}

func appendString(dst []byte, s string) []byte {
	dst, _ = jsontext.AppendQuote(dst, s) // fails for invalid UTF-8 only, which chat's rules exclude
	return dst
}
