package chat

import (
	"reflect"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
)

func TestMembersOfAnEntry(t *testing.T) {
	want := Members{
		Reply:    &Reply{Target: Target{Seq: 7, ID: payloadID}, Name: "a \"b\"", Text: "x\ny</script>"},
		Mentions: []string{"ann", "Zoë"},
		Data:     jsontext.Value(`{"id":"x","at":1,"seq":[2],"epoch":"` + epochA + `"}`),
	}
	m := Message{Seq: 9, Epoch: epochB, ID: payloadID, Name: "ann", Text: "hi", At: 5, Extra: want.Extra()}
	payload := MessagePayload(&m)
	at, _, ok := ParsePayload(payload)
	got, err := DecodePayload(payload)
	if err != nil || !ok || at != (Position{epochB, 9}) || got != m {
		t.Errorf("%s is read as %+v, %v", payload, got, err)
	}
	if members := MembersOf(got.Extra); !reflect.DeepEqual(members, want) {
		t.Errorf("got the members %+v, want %+v", members, want)
	}
	for _, extra := range []string{"", `"edited":5`, `"reply":7`, `"mentions":"x"`} {
		if got := MembersOf(extra); !reflect.DeepEqual(got, Members{}) {
			t.Errorf("%s has the members %+v", extra, got)
		}
	}
	if got := (Members{}).Extra(); got != "" {
		t.Errorf("no members are %s", got)
	}
}

// A message sent again is the same one, whatever has happened in the meantime to
// what the server adds. With another answer or other data it is another one.
func TestMembersTellMessagesApart(t *testing.T) {
	said := func(id string, text, data string, mentions ...string) Message {
		m := Members{Mentions: mentions, Data: jsontext.Value(data)}
		if id != "" {
			m.Reply = &Reply{Target: Target{Seq: uint64(len(text)), ID: id}, Name: "bob", Text: text}
		}
		return Message{ID: payloadID, Name: "ann", Text: "x", Extra: m.Extra()}
	}
	first := said(payloadID, "before", `{"a":1}`, "ann", "bob")
	edited := said(payloadID, "", `{"a":1}`)
	edited.Extra += `,"edited":5`
	for name, c := range map[string]struct {
		m    Message
		same bool
	}{
		"the target has moved, was deleted, and all have left": {said(payloadID, "", `{"a":1}`), true},
		"another target":           {said("another", "before", `{"a":1}`, "ann", "bob"), false},
		"other data":               {said(payloadID, "before", `{"a":2}`, "ann", "bob"), false},
		"no data":                  {said(payloadID, "before", "", "ann", "bob"), false},
		"no reply":                 {said("", "", `{"a":1}`, "ann", "bob"), false},
		"neither":                  {said("", "", ""), false},
		"from the archive, edited": {edited, true},
	} {
		if same := DigestOf(&first) == DigestOf(&c.m); same != c.same {
			t.Errorf("%s: the same digest: %v", name, same)
		}
		if same := first.Key() == c.m.Key(); same != c.same {
			t.Errorf("%s: the same key: %v", name, same)
		}
	}
}

func TestReplyTo(t *testing.T) {
	for text, want := range map[string]string{
		" hi ":                     "hi",
		strings.Repeat("ä", 120):   strings.Repeat("ä", 120),
		strings.Repeat("ä", 121):   strings.Repeat("ä", 119) + "…",
		strings.Repeat("x  ", 100): strings.TrimSpace(strings.Repeat("x  ", 100)[:119]) + "…",
		"":                         "",
	} {
		got := ReplyTo(&Message{Seq: 7, ID: payloadID, Name: "ann", Text: text})
		if *got != (Reply{Target: Target{Seq: 7, ID: payloadID}, Name: "ann", Text: want}) {
			t.Errorf("the reply to %q is %+v", text, got)
		}
	}
}

// A message without a text is quoted by its first file.
func TestReplyToFiles(t *testing.T) {
	named, shown := File{Name: "a.png"}, File{Name: "b.png", Alt: "a cat"}
	for want, m := range map[string]Message{
		"hi":    {Text: "hi", Extra: Members{Files: []File{named}}.Extra()},
		"a.png": {Extra: Members{Files: []File{named, shown}}.Extra()},
		"a cat": {Extra: Members{Files: []File{shown, named}}.Extra()},
	} {
		if got := ReplyTo(&m).Text; got != want {
			t.Errorf("the reply to %s quotes %q, want %q", m.Extra, got, want)
		}
	}
}

func TestQuestions(t *testing.T) {
	whole := Members{Reply: &Reply{Target: Target{Seq: 1, ID: payloadID}, Text: "x"}, Files: []File{{Name: "a"}}}
	deleted, unknown := whole, whole
	deleted.Reply, unknown.Files = &Reply{Target: whole.Reply.Target}, UnknownFiles([]FileRef{{ID: payloadID}})
	for name, c := range map[string]struct {
		m    Message
		want bool
	}{
		"text": {Message{Text: "x"}, false}, "whole": {Message{Extra: whole.Extra()}, false},
		"reply to a deleted one": {Message{Extra: deleted.Extra()}, true},
		"unknown files":          {Message{Extra: unknown.Extra()}, true},
		"an edit":                {Message{Type: TypeEdit, Extra: unknown.Extra()}, false},
	} {
		if got := c.m.IsQuestion(); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestForgetReply(t *testing.T) {
	reply := Members{
		Reply:    &Reply{Target: Target{Seq: 7, ID: payloadID}, Name: "ann", Text: "secret"},
		Mentions: []string{"bob"},
		Data:     jsontext.Value(`{"a":"secret of the sender"}`),
	}
	extra := reply.Extra() + `,"edited":5,"later":{"a":[1]}`
	without, ok := ForgetReply(extra, payloadID)
	want := reply
	want.Reply = &Reply{Target: reply.Reply.Target, Name: "ann"}
	if !ok || without != want.Extra()+`,"edited":5,"later":{"a":[1]}` &&
		!reflect.DeepEqual(MembersOf(without), want) || !strings.Contains(without, `"edited":5,"later":{"a":[1]}`) {
		t.Errorf("left: %s, %v", without, ok)
	}
	for name, c := range map[string][2]string{
		"again": {without, payloadID}, "another message": {extra, "another"},
		"the id in data": {`"data":{"id":"` + payloadID + `"}`, payloadID}, "none": {"", payloadID},
	} {
		if got, ok := ForgetReply(c[0], c[1]); ok || got != c[0] {
			t.Errorf("%s: %s, %v", name, got, ok)
		}
	}
}

// A message's digest tells its files, so another one under the same id is
// refused; it does not depend on what the server says of them.
func TestFilesAreContent(t *testing.T) {
	with := func(files ...File) string {
		return DigestOf(&Message{Text: "look", Extra: Members{Files: files}.Extra()})
	}
	one := with(File{ID: "0b9d8a4e-7c0f-4f8e-9b1a-0d6f4a2b1c3d", Name: "a.png"})
	if one == with() || one == with(File{ID: "1b9d8a4e-7c0f-4f8e-9b1a-0d6f4a2b1c3d", Name: "a.png"}) {
		t.Error("another file is the same content")
	}
	if one != with(File{ID: "0b9d8a4e-7c0f-4f8e-9b1a-0d6f4a2b1c3d", Name: "b.png", Alt: "b"}) {
		t.Error("what is said of a file is content")
	}
}
