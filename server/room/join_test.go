package room

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"livechat/server/chat"
	"livechat/server/wire"
)

func TestResume(t *testing.T) {
	l := newLog(200) // the ring of 64 is filled with the newest 32
	r := open(t, l)
	r.Broadcast(wire.Frame(wire.Presence{Type: "presence"}))
	resume := func(seq uint64) Start { return r.Resume(t.Context(), chat.Position{Epoch: epochA, Seq: seq}, 50) }

	s := resume(198)
	if !s.Recovered || s.From != 0 {
		t.Errorf("resume from 198: %+v", s)
	}
	ingest(t, r, l.publish())
	expect(t, "from 198", read(t, r, s), "199 200 201")
	if s = resume(168); !s.Recovered {
		t.Errorf("resume from 168, the oldest: %+v", s)
	}
	if s = resume(100); !s.Recovered || !s.Replay || s.From != 0 || s.After != 100 {
		t.Errorf("resume from 100, which the log has: %+v", s)
	}
	for seq := uint64(90); seq <= 150; seq++ {
		delete(l.messages, seq)
	}
	if s = resume(100); s.Recovered || !s.Replay || s.From != 101 || s.To != 150 || s.After != 150 {
		t.Errorf("resume from 100, of which the log has what follows 150: %+v", s)
	}
	l.err = errors.New("redis is down")
	if s = resume(100); s.Recovered || !s.Replay || s.From != 0 || s.After != 100 {
		t.Errorf("resume from 100 without Redis, which may have what follows: %+v", s)
	}
	l.err = nil
	if s = resume(201); !s.Recovered || read(t, r, s) != "" {
		t.Errorf("resume from the newest: %+v", s)
	}

	// A server that received less than the client: nothing is missing, and
	// nothing is sent twice.
	late := [][]byte{l.publish(), l.publish(), l.publish()}
	s = resume(203)
	if !s.Recovered || s.Rewound {
		t.Errorf("resume ahead of this server: %+v", s)
	}
	ingest(t, r, late...)
	expect(t, "client ahead of the server", read(t, r, s), "204")

	// A log that has lost what the client saw gives those numbers to other
	// messages, which the client has to get.
	for _, seq := range []uint64{210, chat.MaxSeq} {
		if s = r.Resume(t.Context(), chat.Position{Epoch: epochA, Seq: seq}, 3); s.Recovered || !s.Rewound ||
			s.After != 201 {
			t.Errorf("resume after the end of the log, %d: %+v", seq, s)
		}
	}
	ingest(t, r, l.publish())
	expect(t, "after a rewind", read(t, r, s), "202 203 204 205")

	// A client can resume in an empty room.
	empty := newLog(0)
	r = open(t, empty)
	s = r.Resume(t.Context(), chat.Position{Epoch: epochA}, 50)
	ingest(t, r, empty.publish())
	if !s.Recovered || read(t, r, s) != "1" {
		t.Errorf("resume of an empty room: %+v reads %s", s, read(t, r, s))
	}
}

func TestJoinLeavesRoomBeforeOvertaking(t *testing.T) {
	l := newLog(0)
	r := open(t, l)
	for range 500 {
		ingest(t, r, l.publish())
	}
	s := r.Join(200)
	for range 8 {
		ingest(t, r, l.publish())
	}
	if r.ring.At(s.Cursor) == nil {
		t.Error("8 messages overtook a client that had just joined")
	}
}

// TestPagesLeadToRing follows pages of the log until the ring takes over,
// across a gap and into a log that replaces it.
func TestPagesLeadToRing(t *testing.T) {
	l := newLog(200)
	r := open(t, l) // the ring has 169 to 200
	delete(l.messages, 95)
	var seen []string
	at := chat.Position{Epoch: epochA, Seq: 90}
	for {
		if s, ok := r.Reach(at); ok {
			seen = append(seen, read(t, r, s))
			break
		}
		frames, next, err := r.Page(t.Context(), at, 20, 1<<20)
		if err != nil || next.Seq <= at.Seq || len(frames) > 21 {
			t.Fatalf("page after %v: %d frames, next %v, %v", at, len(frames), next, err)
		}
		for _, f := range frames {
			var e struct{ Seq, From, To uint64 }
			if err := json.Unmarshal(f[2:], &e); err != nil {
				t.Fatal(err)
			}
			if e.From > 0 {
				seen = append(seen, fmt.Sprintf("gap%d-%d", e.From, e.To))
			} else {
				seen = append(seen, fmt.Sprint(e.Seq))
			}
		}
		at = next
	}
	var want []string
	for seq := 91; seq <= 200; seq++ {
		if seq == 95 {
			want = append(want, "gap95-95")
		} else {
			want = append(want, fmt.Sprint(seq))
		}
	}
	expect(t, "pages, then the ring", strings.Join(seen, " "), strings.Join(want, " "))

	// The log loses its oldest part between two pages: the loss is announced.
	for seq := range uint64(169) {
		delete(l.messages, seq)
	}
	page, next, err := r.Page(t.Context(), chat.Position{Epoch: epochA, Seq: 100}, 20, 1<<20)
	if err != nil || len(page) == 0 || !strings.Contains(string(page[0]), `"from":101,"to":168`) ||
		next.Seq < 168 {
		t.Errorf("page of a lost part: %q, %v, %v", page, next, err)
	}

	// The log is replaced: the ring announces it.
	*l = *newLog(0)
	l.head.Epoch = epochB
	if err := r.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	ingest(t, r, l.publish())
	s, ok := r.Reach(chat.Position{Epoch: epochA, Seq: 100})
	if !ok {
		t.Fatal("pages of a replaced log")
	}
	expect(t, "reset", frames(t, [][]byte{s.Reset}), "reset:b0")
	expect(t, "after a reset", read(t, r, s), "1")
}
