package private

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"livechat/server/chat"
	"livechat/server/store"
	"livechat/server/wire"
)

const (
	eventID   = "6b2e31c5-2f8e-4a51-9d7e-3f1f4f1b6a01"
	chatID    = "6b2e31c5-2f8e-4a51-9d7e-3f1f4f1b6a02"
	messageA  = "6b2e31c5-2f8e-4a51-9d7e-3f1f4f1b6a03"
	testEpoch = "0123456789abcdef"
)

// payload wraps a body as the publish script does.
func payload(body []byte) []byte {
	return fmt.Appendf(nil, `{"type":"message","seq":%d,%s,"at":%d,"epoch":"%s"}`, 12, body, 1763770000123,
		testEpoch)
}

func body(e store.Event) []byte {
	m := Entry(e, "1000")
	return chat.AppendBody(nil, &m)
}

func TestEntry(t *testing.T) {
	at := time.UnixMilli(1763770000000)
	for name, test := range map[string]struct {
		event store.Event
		want  string
	}{
		"message": {
			store.Event{Seq: 3, ID: eventID, User: 7, Kind: "message", Chat: chatID, Message: messageA,
				Author: "ann", Text: "a \"b\"\n<ä>", N: 17, At: at},
			`"id":"` + eventID +
				`","app":"1000","session":"","name":"ann","text":"a \"b\"\n<ä>","event":"message","chat":"` + chatID +
				`","n":17,"message":"` + messageA + `","sent":1763770000000`,
		},
		"edit": {
			store.Event{ID: eventID, Kind: "edit", Chat: chatID, Message: messageA, Author: "ann", Text: "b", N: 17,
				At: at},
			`"id":"` + eventID +
				`","app":"1000","session":"","name":"ann","text":"b","event":"edit","chat":"` + chatID +
				`","n":17,"message":"` + messageA + `","sent":1763770000000`,
		},
		"an edit of what is deleted": {
			store.Event{ID: eventID, Kind: "edit", Chat: chatID, Message: messageA, Author: "ann", Deleted: true,
				N: 17, At: at},
			`"id":"` + eventID +
				`","app":"1000","session":"","name":"ann","text":"","event":"edit","chat":"` + chatID +
				`","n":17,"message":"` + messageA + `","deleted":true,"sent":1763770000000`,
		},
		"delete": {
			store.Event{ID: eventID, Kind: "delete", Chat: chatID, Message: messageA, Author: "ann", Deleted: true,
				N: 17, At: at},
			`"id":"` + eventID +
				`","app":"1000","session":"","name":"ann","text":"","event":"delete","chat":"` + chatID +
				`","n":17,"message":"` + messageA + `","sent":1763770000000`,
		},
		"reactions": {
			store.Event{ID: eventID, Kind: "reactions", Chat: chatID, Message: messageA, Author: "ann", N: 17,
				Reactions: `{"👍":2}`, At: at},
			`"id":"` + eventID +
				`","app":"1000","session":"","name":"ann","text":"","event":"reactions","chat":"` + chatID +
				`","n":17,"message":"` + messageA + `","counts":{"👍":2},"sent":1763770000000`,
		},
		"no reactions": {
			store.Event{ID: eventID, Kind: "reactions", Chat: chatID, Message: messageA, Author: "ann", N: 17,
				At: at},
			`"id":"` + eventID +
				`","app":"1000","session":"","name":"ann","text":"","event":"reactions","chat":"` + chatID +
				`","n":17,"message":"` + messageA + `","counts":{},"sent":1763770000000`,
		},
		"read": {
			store.Event{ID: eventID, Kind: "read", Chat: chatID, Author: "bob", N: 4, At: at},
			`"id":"` + eventID +
				`","app":"1000","session":"","name":"bob","text":"","event":"read","chat":"` + chatID +
				`","n":4,"sent":1763770000000`,
		},
		"chat": {
			store.Event{ID: eventID, Kind: "chat", Chat: chatID, Author: "bob", At: at},
			`"id":"` + eventID +
				`","app":"1000","session":"","name":"bob","text":"","event":"chat","chat":"` + chatID +
				`","n":0,"sent":1763770000000`,
		},
	} {
		if got := string(body(test.event)); got != test.want {
			t.Errorf("%s: got  %s\nwant %s", name, got, test.want)
		}
	}
}

// Servers accept only the script's form, byte for byte, as a message.
func TestPayloadWithBodyIsParsedAsEntry(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kinds := []string{"message", "edit", "delete", "reactions", "read", "chat"}
		e := store.Event{
			ID: eventID, Kind: rapid.SampledFrom(kinds).Draw(t, "kind"), Chat: chatID,
			Message: rapid.SampledFrom([]string{"", messageA}).Draw(t, "message"),
			Author:  rapid.String().Draw(t, "author"),
			Text:    rapid.String().Draw(t, "text"), N: rapid.Int64Range(0, chat.MaxSeq).Draw(t, "n"),
			At: time.UnixMilli(rapid.Int64Range(0, 1<<41).Draw(t, "at")),
		}
		p := payload(body(e))
		entry, ok := wire.ParseEntry(p)
		if !ok || entry.Position != (chat.Position{Epoch: testEpoch, Seq: 12}) {
			t.Fatalf("ParseEntry(%s) = %v, %t", p, entry.Position, ok)
		}
		if m, err := chat.DecodePayload(p); err != nil || m.ID != e.ID || m.Text != e.Text || m.Author != "" {
			t.Fatalf("DecodePayload(%s) = %v, %v", p, m, err)
		}
		if at := chat.PayloadTime(p).UnixMilli(); at != 1763770000123 {
			t.Fatalf("PayloadTime(%s) = %d: not the time of the log", p, at)
		}
		var got struct {
			Name, Text, Event, Chat, Message string
			N, Sent                          int64
		}
		if err := json.Unmarshal(p, &got); err != nil {
			t.Fatal(err)
		}
		if got.Name != e.Author || got.Event != e.Kind || got.Chat != e.Chat || got.Message != e.Message ||
			got.N != e.N || got.Sent != e.At.UnixMilli() {
			t.Fatalf("%+v parses as %+v", e, got)
		}
	})
}
