package chat

import (
	"bytes"
	"strings"
	"testing"
)

const payloadID = "123e4567-e89b-42d3-a456-426614174000"

func TestPayloadIsReadBack(t *testing.T) {
	for _, text := range []string{
		"hi", `"quoted" \ <b>`, "line\nbreak\t", "日本語 👩‍👩‍👧 \u202eabc",
		strings.Repeat("ä", 4000),
		"\u2028", strings.Repeat("x", 70000), `,"at":12`, `"id":"x"`,
	} {
		for _, author := range []string{"", "@ann"} {
			m := Message{
				Seq: 12, Epoch: epochA, ID: payloadID, App: "1000", Session: "s1", Author: author,
				Name: `an"n`, Text: text, At: 1763770000000,
			}
			p := MessagePayload(&m)
			at, object, ok := ParsePayload(p)
			if want := (Position{epochA, 12}); !ok || at != want {
				t.Fatalf("ParsePayload(%.200q) = %v, %v", p, at, ok)
			}
			if again, ok := PayloadOf(append(bytes.Clone(object), '}'), epochA); !ok ||
				!bytes.Equal(again, p) {
				t.Errorf("PayloadOf(%.200q) = %.200q, %v", object, again, ok)
			}
			body, ok := PayloadBody(p)
			if again := AppendPayload(nil, "", at, body, m.At); !ok || !bytes.Equal(again, p) {
				t.Errorf("PayloadBody(%.200q) = %.200q, %v", p, body, ok)
			}
			if got, err := DecodePayload(p); err != nil || got != m {
				t.Errorf("DecodePayload(%.200q) = %.200v, %v", p, got, err)
			}
			if at := PayloadTime(p); at.UnixMilli() != m.At {
				t.Errorf("PayloadTime(%.200q) = %v", p, at)
			}
		}
	}
}

func TestPayloadFormat(t *testing.T) {
	m := Message{
		Seq:     7,
		Epoch:   epochB,
		ID:      payloadID,
		App:     "1",
		Session: "s",
		Name:    "ann",
		Text:    "hi",
		At:      5,
	}
	const want = `{"type":"message","seq":7,"id":"` + payloadID +
		`","app":"1","session":"s","name":"ann","text":"hi","at":5,"epoch":"` + epochB + `"}`
	if got := string(MessagePayload(&m)); got != want {
		t.Errorf("MessagePayload = %s, want %s", got, want)
	}
}

// Entries of other types than message, and members that are not known here, go
// through unchanged.
func TestPayloadOfAnyType(t *testing.T) {
	const id, end = `"id":"` + payloadID + `"`, `,"at":5,"epoch":"` + epochB + `"}`
	for p, want := range map[string]Message{
		`{"type":"later","seq":7,` + id + `,"what":{"id":"x","at":1,"epoch":"` + epochA + `"}` + end: {
			Type: "later", Extra: `"what":{"id":"x","at":1,"epoch":"` + epochA + `"}`,
		},
		`{"type":"later","seq":7,` + id +
			`,"app":"1","session":"s","author":"@ann","name":"ann","text":"hi"` + end: {
			Type: "later", App: "1", Session: "s", Author: "@ann", Name: "ann", Text: "hi",
		},
		`{"type":"later","seq":7,` + id + end: {Type: "later"},
		`{"type":"message","seq":7,` + id +
			`,"app":"1","session":"","name":"ann","text":"hi","data":[1,"at"],"bot":true` + end: {
			App: "1", Name: "ann", Text: "hi", Extra: `"data":[1,"at"],"bot":true`,
		},
	} {
		want.Seq, want.Epoch, want.ID, want.At = 7, epochB, payloadID, 5
		at, object, ok := ParsePayload([]byte(p))
		if !ok || at != (Position{epochB, 7}) {
			t.Fatalf("ParsePayload(%s) = %v, %v", p, at, ok)
		}
		if again, ok := PayloadOf(append(bytes.Clone(object), '}'), epochB); !ok || string(again) != p {
			t.Errorf("PayloadOf(%s) = %s, %v", object, again, ok)
		}
		m, err := DecodePayload([]byte(p))
		if err != nil || m != want {
			t.Errorf("DecodePayload(%s) = %+v, %v", p, m, err)
		}
		if got := string(MessagePayload(&m)); got != p {
			t.Errorf("MessagePayload = %s, want %s", got, p)
		}
		body, ok := PayloadBody([]byte(p))
		if again := AppendPayload(nil, PayloadType([]byte(p)), at, body, 5); !ok || string(again) != p {
			t.Errorf("PayloadBody(%s) = %s, %v", p, body, ok)
		}
	}
	for _, kind := range []string{"", "Later", "la ter", "later2", "läter", strings.Repeat("a", maxType+1)} {
		if _, _, ok := ParsePayload([]byte(`{"type":"` + kind + `","seq":7,` + id + end)); ok {
			t.Errorf("an entry of type %q was taken", kind)
		}
	}
}

// The same id of the same author with another content is another entry, and
// says so.
func TestDigestOfAnyType(t *testing.T) {
	seen := map[string]Message{}
	for _, m := range []Message{
		{Text: "hi"}, {Text: "hi", Type: "later"}, {Text: "hi", Type: "other"}, {Type: "later", Extra: `"a":1`},
		{Type: "later", Extra: `"a":2`}, {Type: "later"},
	} {
		if other, ok := seen[DigestOf(&m)]; ok {
			t.Errorf("%+v has the digest of %+v", m, other)
		}
		seen[DigestOf(&m)] = m
		m.ID, m.Name = payloadID, "ann"
		if other, ok := seen[m.Key()]; ok {
			t.Errorf("%+v has the key of %+v", m, other)
		}
		seen[m.Key()] = m
	}
	if got := DigestOf(&Message{Text: "hello", Extra: `"edited":1,"mentions":["ann"]`}); got != Digest("hello") {
		t.Errorf("a message has the digest %s", got)
	}
}

func TestPayloadOfOtherThings(t *testing.T) {
	if at := PayloadTime([]byte("hello")); !at.IsZero() {
		t.Errorf("hello has the time %v", at)
	}
	for _, frame := range []string{
		`{"type":"notice","text":"hi"}`, `{"seq":1,"id":"x"}`, `{"type":"gap","seq":1}`,
		`{"type":"ack","id":"` + payloadID + `","seq":1}`,
	} {
		if m, err := DecodePayload([]byte(frame)); err == nil && strings.Contains(frame, "gap") {
			t.Errorf("%s is read as the entry %v", frame, m)
		}
		if p, ok := PayloadOf([]byte(frame), epochA); ok {
			t.Errorf("%s has the payload %q", frame, p)
		}
	}
	if m, err := DecodePayload([]byte(`{"type":"notice","text":"hi"}`)); err == nil {
		t.Errorf("a notice is read as the message %v", m)
	}
	if body, ok := PayloadBody([]byte(`{"type":"notice"}`)); ok {
		t.Errorf("a notice has the body %q", body)
	}
	if p, ok := PayloadOf([]byte(`{"type":"message","seq":1}`), ""); ok {
		t.Errorf("a message without an epoch has the payload %q", p)
	}
}

// Servers that run different versions must agree on the digest, or a restored
// message could not be published again.
func TestDigest(t *testing.T) {
	// SHA-256, 8 bytes
	for text, want := range map[string]string{"": "e3b0c44298fc1c14", "hello": "2cf24dba5fb0a30e"} {
		if got := Digest(text); got != want {
			t.Errorf("Digest(%q) = %s, want %s", text, got, want)
		}
	}
}

// An edit may leave a message with its files alone. The scripts in Redis look
// for its text all the same.
func TestPayloadOfAnEmptyEdit(t *testing.T) {
	m := Message{Type: TypeEdit, Seq: 9, Epoch: epochB, ID: payloadID, Name: "ann", At: 5,
		Extra: ExtraOf(Target{Seq: 7, ID: payloadID})}
	payload := string(MessagePayload(&m))
	if !strings.Contains(payload, `"name":"ann","text":"","target":`) {
		t.Error(payload)
	}
	if got, err := DecodePayload([]byte(payload)); err != nil || got != m {
		t.Errorf("%s is read as %+v, %v", payload, got, err)
	}
}
