package room

import (
	"fmt"
	"strings"
	"testing"

	"livechat/server/chat"
	"livechat/server/wire"
)

func deletes(seq, target uint64) []byte {
	return fmt.Appendf(nil,
		`{"type":"delete","seq":%d,"id":"%s","target":{"seq":%d,"id":"%s"},"by":"author","at":1,`+
			`"epoch":"%s"}`, seq, idOf(seq), target, idOf(target), epochA)
}

func edits(seq, target uint64) []byte {
	return fmt.Appendf(nil,
		`{"type":"edit","seq":%d,"id":"%s","text":"m%d edited","target":{"seq":%d,"id":"%s"},"at":1,`+
			`"epoch":"%s"}`, seq, idOf(seq), target, target, idOf(target), epochA)
}

// frames returns what the ring has, as text.
func (r *Room) frames() (all string) {
	for pos := r.first; pos < r.ring.Head(); pos++ {
		all += string(r.ring.At(pos).Frame) + "\n"
	}
	return all
}

func wantTombs(t *testing.T, what, all string, seqs ...uint64) {
	t.Helper()
	for _, seq := range seqs {
		if !strings.Contains(all, fmt.Sprintf(`{"type":"tombstone","seq":%d,"id":"%s"`, seq, idOf(seq))) {
			t.Errorf("%s: no tombstone at %d:\n%s", what, seq, all)
		}
	}
	if strings.Contains(all, `"m3`) || strings.Count(all, "tombstone") != len(seqs) {
		t.Errorf("%s: %s", what, all)
	}
}

// A ring that receives a delete has tombstones in the place of the message and
// its edits, however the delete came.
func TestDeletesInTheRing(t *testing.T) {
	for name, receive := range map[string]func(t *testing.T, l *fakeLog, r *Room, d []byte){
		"live": func(t *testing.T, _ *fakeLog, r *Room, d []byte) { ingest(t, r, d) },
		"read": func(t *testing.T, l *fakeLog, r *Room, d []byte) {
			l.head.Seq = 6
			l.messages[6] = d
			if err := r.Sync(t.Context()); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLog(4)
			r := open(t, l)
			old := r.ring.At(r.ring.Find(r.first, 2))
			l.messages[5], l.head.Seq = edits(5, 3), 5
			ingest(t, r, edits(5, 3))
			receive(t, l, r, deletes(6, 3))
			wantTombs(t, "ring", r.frames(), 3, 5)
			if !strings.Contains(string(old.Frame), `"m3"`) {
				t.Error("a writer in the middle of the old frame has lost it")
			}
			var kept []string
			for _, p := range r.Remember(0, chat.MaxSeq) {
				kept = append(kept, string(p))
			}
			wantTombs(t, "restored", strings.Join(kept, "\n"), 3, 5)
			m, ok, err := r.Lookup(t.Context(), chat.Target{Seq: 3, ID: idOf(3)}, anyone)
			if !ok || err != nil || !m.IsDeletedMessage() {
				t.Errorf("found %+v, %v, %v", m, ok, err)
			}
			if _, ok, _ := r.Lookup(t.Context(), chat.Target{Seq: 5, ID: idOf(5)}, anyone); ok {
				t.Error("the edit of a deleted message is a message")
			}
		})
	}
}

// A page from an archive that has not got a delete yet does not have the text.
func TestDeletesInArchivedPages(t *testing.T) {
	l := newLog(200)
	for seq := range uint64(100) {
		delete(l.messages, seq+1)
	}
	r := unopened(l)
	r.archive = pageArchive{to: 100}
	if err := r.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	ingest(t, r, deletes(201, 3))
	frames, _, err := r.Page(t.Context(), chat.Position{Epoch: epochA, Seq: 2}, 2, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	var all string
	for _, f := range frames {
		all += string(f) + "\n"
	}
	wantTombs(t, "page", all, 3)
}

func TestReplaceOvertaken(t *testing.T) {
	r := NewRing(2)
	for seq := range uint64(3) {
		r.Append(seq+1, Message, wire.TextFrame([]byte("x")))
	}
	r.Replace(0, []byte("y"))
	r.Replace(1, []byte("y"))
	if r.At(0) != nil || string(r.At(1).Frame) != "y" || r.At(1).Seq != 2 || string(r.At(2).Frame) == "y" {
		t.Errorf("%v %v %v", r.At(0), r.At(1), r.At(2))
	}
}
