package bus

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"

	"livechat/internal/poll"
	"livechat/server/chat"
)

// later is an entry of a type that this version does not know, with a member of
// its own.
func later(id, text string) chat.Message {
	return chat.Message{
		Type: "later", ID: id, App: "1000", Session: "s1", Name: "ann", Text: text, Extra: `"what":{"at":1}`,
	}
}

// publishLater publishes it and returns its position.
func publishLater(t *testing.T, b *Bus, m chat.Message) (at chat.Position, duplicate bool, err error) {
	t.Helper()
	done := make(chan struct{})
	queued := b.Publish(t.Context(), room, m, chat.Writer{}, func(p chat.Position, d bool, e error) {
		at, duplicate, err = p, d, e
		close(done)
	})
	if queued != nil {
		t.Fatal(queued)
	}
	<-done
	return at, duplicate, err
}

// An entry of another type gets the next number, once, and comes with its type
// and all of its members, on the channel and from the stream.
func TestPublishOtherTypes(t *testing.T) {
	onEach(t, func(t *testing.T, r *backend) {
		b, h := start(t, r.url, Options{}, room)
		mustSay(t, b, room, uuid.NewString(), "one")
		m := later(uuid.NewString(), "two")
		at, duplicate, err := publishLater(t, b, m)
		if err != nil || at.Seq != 2 || duplicate {
			t.Fatalf("published at %v, %v, %v", at, duplicate, err)
		}
		if again, duplicate, err := publishLater(t, b, m); err != nil || again != at || !duplicate {
			t.Errorf("published again at %v, %v, %v", again, duplicate, err)
		}
		mustSay(t, b, room, uuid.NewString(), "three")
		poll.Until(t, "all are received", func() bool { return h.count("payload", room) == 3 })
		payloads, err := b.After(t.Context(), room, 1, 1)
		if err != nil || len(payloads) != 1 {
			t.Fatal(payloads, err)
		}
		got := h.events("payload", room)[1]
		want := fmt.Sprintf(`{"type":"later","seq":2,"id":"%s","app":"1000","session":"s1","name":"ann",`+
			`"text":"two","what":{"at":1},"at":`, m.ID)
		if got != string(payloads[0]) || !strings.HasPrefix(got, want) {
			t.Errorf("received %s\nin the log is %s\nwant %s…", got, payloads[0], want)
		}
	})
}

// An id of an author is one entry, whatever its type.
func TestOtherTypesShareIDs(t *testing.T) {
	t.Parallel()
	b, _ := start(t, miniRedis(t).url, Options{}, room)
	m := later(uuid.NewString(), "x")
	m.Author = "@ann"
	if _, _, err := publishLater(t, b, m); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(m *chat.Message){
		"message": func(m *chat.Message) { m.Type = "" },
		"text":    func(m *chat.Message) { m.Text = "y" },
		"member":  func(m *chat.Message) { m.Extra = `"what":{"at":2}` },
	} {
		other := m
		change(&other)
		if at, _, err := publishLater(t, b, other); err == nil || chat.AsError(err).Code != chat.CodeIDConflict {
			t.Errorf("another %s: %v, %v", name, at, err)
		}
	}
}

// Entries that a log has lost are published again as what they were.
func TestRepublishOtherTypes(t *testing.T) {
	t.Parallel()
	r := miniRedis(t)
	b, h := start(t, r.url, Options{}, room)
	m := later(uuid.NewString(), "lost")
	m.Seq, m.Epoch, m.At = 7, "00000000000000aa", 5
	b.Republish(room, [][]byte{chat.MessagePayload(&m)})
	poll.Until(t, "it is received", func() bool { return h.count("payload", room) == 1 })
	got, err := chat.DecodePayload([]byte(h.events("payload", room)[0]))
	m.Seq, m.Epoch, m.At = got.Seq, got.Epoch, got.At
	if err != nil || got != m || got.Seq != 1 {
		t.Errorf("it came as %+v, %v", got, err)
	}
	m.Seq, m.Epoch = 0, ""
	if _, duplicate, err := publishLater(t, b, m); err != nil || !duplicate {
		t.Errorf("sent again by its sender: %v, %v", duplicate, err)
	}
}
