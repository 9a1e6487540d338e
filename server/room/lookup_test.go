package room

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"livechat/server/chat"
)

// pageArchive is an Archive with the messages up to a seq.
type pageArchive struct {
	to  uint64
	err error
}

func (a pageArchive) Between(_ context.Context, _ string, l chat.Log, after, before uint64, limit int) (
	list [][]byte, err error) {
	for seq := after + 1; seq < before && seq <= a.to && len(list) < limit; seq++ {
		list = append(list, payload(chat.Position{Epoch: l.EpochOf(seq), Seq: seq}))
	}
	return list, a.err
}

func (a pageArchive) Count(context.Context, string, chat.Log, uint64, uint64) (uint64, error) {
	return 0, a.err
}

func (a pageArchive) Reactions(context.Context, string, string) ([]chat.Reaction, error) {
	return nil, a.err
}

func idOf(seq uint64) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", seq) }

func anyone(*chat.Message) bool { return true }

func TestLookup(t *testing.T) {
	l := newLog(300) // the ring has 64, of which the log fills a half
	for seq := range uint64(100) {
		delete(l.messages, seq+1)
	}
	r := open(t, l)
	r.archive = pageArchive{to: 50}
	for name, c := range map[string]struct {
		target chat.Target
		want   uint64 // 0: none
	}{
		"ring":                     {chat.Target{Seq: 300, ID: idOf(300)}, 300},
		"ring, by number":          {chat.Target{Seq: 290}, 290},
		"log":                      {chat.Target{Seq: 150, ID: idOf(150)}, 150},
		"archive":                  {chat.Target{Seq: 50, ID: idOf(50)}, 50},
		"archive, by number":       {chat.Target{Seq: 7}, 7},
		"lost":                     {chat.Target{Seq: 60, ID: idOf(60)}, 0},
		"never":                    {chat.Target{Seq: 301, ID: idOf(301)}, 0},
		"moved":                    {chat.Target{Seq: 120, ID: idOf(295)}, 295},
		"moved, number is to come": {chat.Target{Seq: 400, ID: idOf(295)}, 295},
		"moved out of reach":       {chat.Target{Seq: 295, ID: idOf(120)}, 0},
	} {
		m, ok, err := r.Lookup(t.Context(), c.target, anyone)
		if err != nil || ok != (c.want > 0) || m.Seq != c.want {
			t.Errorf("%s: %+v, %v, %v, want %d", name, m, ok, err, c.want)
		}
	}
	moved := chat.Target{Seq: 120, ID: idOf(295)}
	m, ok, err := r.Lookup(t.Context(), moved, func(*chat.Message) bool { return false })
	if ok || err != nil {
		t.Errorf("found the message of another one with the same id: %+v, %v", m, err)
	}
	r.archive = pageArchive{err: errors.New("no database")}
	if _, ok, err := r.Lookup(t.Context(), chat.Target{Seq: 50}, anyone); ok || err == nil {
		t.Errorf("without the archive: %v, %v", ok, err)
	}
	l.err = errors.New("no Redis")
	if _, ok, err := r.Lookup(t.Context(), chat.Target{Seq: 150}, anyone); ok || err == nil {
		t.Errorf("without the log: %v, %v", ok, err)
	}
	if m, ok, err := r.Lookup(t.Context(), chat.Target{Seq: 300}, anyone); !ok || err != nil {
		t.Errorf("in the ring, without both: %+v, %v", m, err)
	}
}

// Entries that are no messages cannot be meant.
func TestLookupOfOtherEntries(t *testing.T) {
	l := newLog(3)
	r := open(t, l)
	p := fmt.Sprintf(`{"type":"edit","seq":4,"id":"%s","text":"x","target":{"seq":1,"id":"%s"},"at":1,`+
		`"epoch":"%s"}`, idOf(4), idOf(1), epochA)
	ingest(t, r, []byte(p))
	for _, target := range []chat.Target{{Seq: 4}, {Seq: 4, ID: idOf(4)}, {Seq: 9, ID: idOf(4)}} {
		if m, ok, err := r.Lookup(t.Context(), target, anyone); ok || err != nil {
			t.Errorf("%+v is the message %+v, %v", target, m, err)
		}
	}
}

// A server that has not been told yet that the log goes on in another epoch
// says so, rather than that there is no such message.
func TestLookupBehindTheLog(t *testing.T) {
	l := newLog(300)
	r := open(t, l)
	there := func(seq, id uint64) {
		body := strings.Replace(string(payload(chat.Position{Epoch: epochB, Seq: seq})), idOf(seq), idOf(id), 1)
		l.messages[seq] = []byte(body)
		l.head = chat.Position{Epoch: epochB, Seq: 301}
	}
	there(301, 301)
	there(300, 777) // the ring has another one there
	for _, target := range []chat.Target{{Seq: 301, ID: idOf(301)}, {Seq: 300, ID: idOf(777)}} {
		if m, ok, err := r.Lookup(t.Context(), target, anyone); ok || !errors.Is(err, errBehind) {
			t.Errorf("%+v: %+v, %v, %v, want %v", target, m, ok, err, errBehind)
		}
	}
	if m, ok, err := r.Lookup(t.Context(), chat.Target{Seq: 300, ID: idOf(300)}, anyone); !ok || err != nil {
		t.Errorf("in the ring: %+v, %v", m, err)
	}
}

// A message that was acked and that the log has lost before any server received
// it will be republished.
func TestLookupOfUnreceivedMessage(t *testing.T) {
	l := newLog(3)
	r := open(t, l)
	lost := ownMessage(chat.Position{Epoch: epochA, Seq: 4})
	target := chat.Target{Seq: 4, ID: lost.ID}
	if _, ok, err := r.Lookup(t.Context(), target, anyone); ok || err != nil {
		t.Errorf("before it was sent: %v, %v", ok, err)
	}
	r.Admit(t.Context(), 0, len(lost.Text))
	r.Published(lost)
	if _, ok, err := r.Lookup(t.Context(), target, anyone); ok || !errors.Is(err, errBehind) {
		t.Errorf("unreceived: %v, %v, want %v", ok, err, errBehind)
	}
}
