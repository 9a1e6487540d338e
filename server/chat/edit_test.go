package chat

import "testing"

func TestTarget(t *testing.T) {
	want := Target{Seq: 7, ID: payloadID}
	m := Message{Type: TypeEdit, Seq: 9, Epoch: epochA, ID: payloadID, Author: "@ann", Name: "ann", Text: "x",
		At: 5, Extra: ExtraOf(want)}
	got, err := DecodePayload(MessagePayload(&m))
	if err != nil || got != m || got.Target() != want {
		t.Errorf("read back as %+v, %v with the target %+v", got, err, got.Target())
	}
	for _, extra := range []string{"", `"data":1`, `"target":7`} {
		if got := (&Message{Extra: extra}).Target(); got != (Target{}) {
			t.Errorf("%s has the target %+v", extra, got)
		}
	}
}

// An edit sent again is the same one, also if a repair has moved its target.
func TestEditSentAgain(t *testing.T) {
	edit := func(text string, target Target) Message {
		return Message{Type: TypeEdit, ID: payloadID, Name: "ann", Text: text, Extra: ExtraOf(target)}
	}
	first := edit("x", Target{Seq: 7, ID: payloadID})
	for _, other := range []struct {
		m    Message
		same bool
	}{
		{edit("x", Target{Seq: 8, ID: payloadID}), true},
		{edit("y", Target{Seq: 7, ID: payloadID}), false},
		{edit("x", Target{Seq: 7, ID: "another"}), false},
		{Message{ID: payloadID, Name: "ann", Text: "x"}, false},
	} {
		if same := DigestOf(&first) == DigestOf(&other.m); same != other.same {
			t.Errorf("the digest of %+v is that of %+v: %v", other.m, first, same)
		}
		if same := first.Key() == other.m.Key(); same != other.same {
			t.Errorf("the key of %+v is that of %+v: %v", other.m, first, same)
		}
	}
}
