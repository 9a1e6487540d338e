package private

import (
	"cmp"

	"github.com/go-json-experiment/json/jsontext"

	"livechat/server/chat"
	"livechat/server/store"
)

// Entry returns the entry of a feed that tells an event. In its payload, which
// the publish script completes with type, seq, at and epoch, that is
//
//	"id":"<event>","app":"…","session":"","name":"<author>","text":"…",
//	"event":"message","chat":"<chat>","n":17,"message":"<message>",
//	"sent":1763770000000
//
// event is "message", "edit" (message n has this text now), "delete" (message n
// is deleted; no text), "reactions" (name has reacted to message n, or has taken
// that back; no text, and "counts":{"👍":2} after "message"), "read" (name has
// read up to n; no text, no message) or "chat" (name has created the chat; n is
// 0). sent is when it happened, in Unix milliseconds, by the clock of the server
// that received it, as in the history of the chat. The payload's at is when it
// was published, and text and counts are those of that moment, as are the files
// of a "message": "files":[…] before "sent". A message or an edit whose text is
// deleted by then has neither, and "deleted":true after "message".
func Entry(e store.Event, app string) chat.Message {
	of := chat.Event{
		Kind: e.Kind, Chat: e.Chat, N: e.N, Message: e.Message, Sent: e.At.UnixMilli(),
		Deleted: e.Deleted && e.Kind != store.EventDelete, Files: e.Files,
	}
	if e.Kind == store.EventReactions {
		of.Counts = jsontext.Value(cmp.Or(e.Reactions, "{}"))
	}
	return chat.Message{ID: e.ID, App: app, Name: e.Author, Text: e.Text, Extra: of.Extra()}
}
