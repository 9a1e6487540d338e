package api

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"livechat/server/chat"
	"livechat/server/private"
	"livechat/server/store"
	"livechat/server/wire"
)

// Each message has an example, which is what the code writes or reads.
func TestAsyncAPIExamplesAreFrames(t *testing.T) {
	s := readSockets(t)
	into := map[string]any{
		"Welcome": &wire.Welcome{}, "Ack": &wire.Ack{}, "Error": &wire.Error{},
		"Presence": &wire.Presence{}, "Typing": &wire.Typing{}, "TypingInChat": &wire.TypingInChat{},
		"Notice": &wire.Notice{}, "Pin": &wire.Pin{},
		"Gap": &wire.Gap{}, "Reset": &wire.Reset{}, "Reconnect": &wire.Reconnect{},
		"Cluster": &wire.Cluster{},
	}
	for name, m := range s.Components.Messages {
		if len(m.Examples) == 0 {
			t.Errorf("%s has no example", name)
		}
		schema := s.Components.Schemas[m.Payload.name()]
		for _, example := range m.Examples {
			var b bytes.Buffer
			if err := json.Compact(&b, example.Payload); err != nil {
				t.Fatal(err)
			}
			if schema.Type == "object" {
				checkMembers(t, name, b.Bytes(), schema.Required,
					slices.Collect(maps.Keys(schema.Properties)))
			}
			kind := m.Payload.name()
			switch kind {
			case "Message", "Edit", "Delete", "Tombstone", "Reactions", "Entry", "EventMessage", "EventEdit",
				"EventDelete", "EventReactions", "EventRead", "EventChat":
				checkEntry(t, b.String())
			case "Say", "Correct", "Remove", "React", "Moderate", "Plain", "Type":
				checkRequest(t, kind, b.Bytes())
			default:
				if into[kind] == nil {
					t.Errorf("unknown kind %s", kind)
					continue
				}
				v := reflect.New(reflect.TypeOf(into[kind]).Elem()).Interface()
				if err := json.Unmarshal(b.Bytes(), v); err != nil {
					t.Errorf("%s: %v", name, err)
				}
				if frame := wire.Frame(v); !bytes.HasSuffix(frame, b.Bytes()) {
					t.Errorf("%s: the example is %s, want %q", name, b.Bytes(), frame)
				}
			}
		}
	}
}

func checkMembers(t *testing.T, name string, example []byte, required, known []string) {
	t.Helper()
	var members map[string]any
	if err := json.Unmarshal(example, &members); err != nil {
		t.Fatal(err)
	}
	for _, key := range required {
		if _, ok := members[key]; !ok {
			t.Errorf("%s: the example has no %s", name, key)
		}
	}
	for key := range members {
		if !slices.Contains(known, key) {
			t.Errorf("%s: %s is not described", name, key)
		}
	}
}

// checkEntry requires a message that servers accept from the log. An event must
// be what private writes.
func checkEntry(t *testing.T, example string) {
	t.Helper()
	const epoch = `,"epoch":"0123456789abcdef"}`
	if _, ok := wire.ParseEntry([]byte(strings.TrimSuffix(example, "}") + epoch)); !ok {
		t.Errorf("no server would accept %s", example)
	}
	var e struct {
		ID, App, Name, Text, Event, Chat, Message string
		N, Sent                                   int64
		Deleted                                   bool
		Counts                                    json.RawMessage
	}
	if err := json.Unmarshal([]byte(example), &e); err != nil {
		t.Fatal(err)
	}
	if e.Event == "" {
		return
	}
	m := private.Entry(store.Event{
		ID: e.ID, Kind: e.Event, Chat: e.Chat, Message: e.Message, Author: e.Name, Text: e.Text, N: e.N,
		At: time.UnixMilli(e.Sent), Deleted: e.Deleted, Reactions: strings.ReplaceAll(string(e.Counts), " ", ""),
	}, e.App)
	body := string(chat.AppendBody(nil, &m))
	if !strings.Contains(example, ","+body+`,"at":`) {
		t.Errorf("the example is %s, want %s", example, body)
	}
}

func checkRequest(t *testing.T, kind string, example []byte) {
	t.Helper()
	want := wire.TypeMessage
	switch kind {
	case "Plain":
		var text string
		if err := json.Unmarshal(example, &text); err != nil {
			t.Fatal(err)
		}
		example = []byte(text)
	case "Correct":
		want = wire.TypeEdit
	case "Remove":
		want = wire.TypeDelete
	case "React":
		want = wire.TypeReact
	case "Moderate":
		want = wire.TypeModerate
	case "Type":
		want = wire.TypeTyping
	}
	if r, err := wire.ParseRequest(example); err != nil || r.Type != want || want == wire.TypeMessage &&
		r.Text == "" && r.Files == nil {
		t.Errorf("%s parses as %+v, %v", example, r, err)
	}
}
