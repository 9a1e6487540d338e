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
		"from the archive, edited": {func() Message { m := said(payloadID, "", `{"a":1}`); m.Extra += `,"edited":5`; return m }(), true},
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
