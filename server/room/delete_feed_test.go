package room

import (
	"fmt"
	"strings"
	"testing"

	"livechat/server/chat"
)

// tells returns an event of a feed about a private message; its number in the
// chat is that of the message's first event.
func tells(seq uint64, kind string, n uint64, text string) []byte {
	e := chat.Event{Kind: kind, Chat: idOf(99), N: int64(n), Message: idOf(50 + n), Sent: 5}
	return chat.MessagePayload(&chat.Message{
		Seq: seq, Epoch: epochA, ID: idOf(seq), App: "1000", Name: "ann", Text: text, Extra: e.Extra(), At: 5,
	})
}

// The ring of a feed that receives a delete has the events of its message
// without the text, and so do the entries that it restores.
func TestDeletesInTheRingOfAFeed(t *testing.T) {
	l := newLog(0)
	r := unopened(l)
	r.Name = chat.FeedRoom(7)
	if err := r.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	ingest(t, r, tells(1, "message", 1, "the secret"), tells(2, "message", 2, `kept ","event":"delete",`),
		tells(3, "edit", 1, "another secret"))
	if all := r.frames(); !strings.Contains(all, "the secret") || !strings.Contains(all, "another secret") {
		t.Errorf("forgotten before the delete: %s", all)
	}
	ingest(t, r, tells(4, "delete", 1, ""))
	restored := ""
	for _, p := range r.Remember(0, chat.MaxSeq) {
		restored += string(p)
	}
	for what, all := range map[string]string{"the ring": r.frames(), "restored": restored} {
		if strings.Contains(all, "secret") || strings.Count(all, `,"deleted":true,`) != 2 ||
			!strings.Contains(all, "kept") {
			t.Errorf("%s: %s", what, all)
		}
		for seq, event := range map[int]string{1: "message", 3: "edit"} {
			entry := fmt.Sprintf(`{"type":"message","seq":%d,"id":"%s","app":"1000","session":"","name":"ann",`+
				`"text":"","event":"%s","chat":"%s","n":1,"message":"%s","deleted":true,"sent":5,`,
				seq, idOf(uint64(seq)), event, idOf(99), idOf(51))
			if !strings.Contains(all, entry) {
				t.Errorf("%s lacks %s: %s", what, entry, all)
			}
		}
	}
}

// In a room such an event is just a text.
func TestRoomsHaveNoEvents(t *testing.T) {
	r := open(t, newLog(0))
	ingest(t, r, tells(1, "message", 1, "no secret"), tells(2, "delete", 1, ""))
	if all := r.frames(); !strings.Contains(all, "no secret") {
		t.Error(all)
	}
}
