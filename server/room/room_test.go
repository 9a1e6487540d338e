package room

import (
	"errors"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"livechat/server/chat"
	"livechat/server/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestRoomOpensFromTheLog(t *testing.T) {
	l := newLog(5)
	r := open(t, l)
	expect(t, "history 3", read(t, r, r.Join(3)), "3 4 5")
	expect(t, "history 0", read(t, r, r.Join(0)), "")
	expect(t, "history 50", read(t, r, r.Join(50)), "1 2 3 4 5")
	s := r.Join(2)
	ingest(t, r, l.publish(), l.publish())
	expect(t, "history, then live", read(t, r, s), "4 5 6 7")
	if want := (chat.Position{Epoch: epochA, Seq: 7}); r.Position() != want {
		t.Errorf("position %v, want %v", r.Position(), want)
	}
	empty := open(t, newLog(0))
	if s := empty.Join(50); s.Position.Epoch != epochA || s.Position.Seq != 0 || read(t, empty, s) != "" {
		t.Errorf("an empty room starts at %+v", s)
	}
}

func TestRoomFillsGapsInOrder(t *testing.T) {
	l := newLog(0)
	r := open(t, l)
	ingest(t, r, l.publish())
	for range 2500 { // more than two pages, and much more than the ring holds
		l.publish()
	}
	reads := l.reads
	ingest(t, r, l.publish())
	if got := r.Position().Seq; got != 2502 {
		t.Fatalf("after the gap the room is at %d, want 2502", got)
	}
	if got := l.reads - reads; got != 3 {
		t.Errorf("the gap was filled by %d reads, want 3", got)
	}
	expect(t, "after the gap", read(t, r, r.Join(3)), "2500 2501 2502")
}

func TestRoomDropsDuplicates(t *testing.T) {
	l := newLog(3)
	r := open(t, l)
	s := r.Join(0)
	ingest(t, r, l.messages[2], l.messages[3])
	four := l.publish()
	ingest(t, r, four, four)
	expect(t, "each message once", read(t, r, s), "4")
}

func TestRoomSendsGapForLostMessages(t *testing.T) {
	l := newLog(3)
	r := open(t, l)
	s := r.Join(0)
	for range 4 {
		l.publish()
	}
	delete(l.messages, 4)
	delete(l.messages, 5)
	ingest(t, r, l.publish())
	expect(t, "gap", read(t, r, s), "gap4-5 6 7 8")
	// A log entry whose number is from another epoch is not the message with
	// that number.
	for range 3 {
		l.publish()
	}
	l.messages[10] = payload(chat.Position{Epoch: epochB, Seq: 10})
	ingest(t, r, l.messages[11])
	expect(t, "entry of another epoch", read(t, r, s), "gap4-5 6 7 8 9 gap10-10 11")
	expect(t, "gap, replayed", read(t, r, r.Resume(t.Context(), chat.Position{Epoch: epochA, Seq: 2}, 0)),
		"3 gap4-5 6 7 8 9 gap10-10 11")
	// A welcome must not promise what a gap takes back.
	for after, want := range map[uint64]bool{2: false, 4: false, 5: false, 9: false, 10: true, 11: true} {
		if s := r.Resume(t.Context(), at(epochA, after), 0); s.Recovered != want {
			t.Errorf("resume from %d: recovered %t, want %t", after, s.Recovered, want)
		}
	}
	// The gaps have left the ring; the log, or an archive, may have them again.
	for range 128 { // two rings
		ingest(t, r, l.publish())
	}
	for after, want := range map[uint64]bool{2: false, 9: false, 10: true} {
		if s := r.Resume(t.Context(), at(epochA, after), 0); !s.Replay || s.Recovered != want {
			t.Errorf("resume from %d, by pages: %+v, want recovered %t", after, s, want)
		}
	}
	a := archived(l, 11)
	for _, seq := range []uint64{4, 5, 9, 10, 11} {
		a.messages[at(epochA, seq)] = payload(at(epochA, seq))
	}
	r.archive = a
	for _, after := range []uint64{2, 9, 10} {
		if s := r.Resume(t.Context(), at(epochA, after), 0); !s.Recovered {
			t.Errorf("resume from %d with an archive that has all: %+v", after, s)
		}
	}
	delete(a.messages, at(epochA, 10))
	if s := r.Resume(t.Context(), at(epochA, 2), 0); s.Recovered {
		t.Errorf("resume from 2 with an archive that lacks one: %+v", s)
	}
}

func TestRoomIgnoresForgedMessage(t *testing.T) {
	l := newLog(3)
	r := open(t, l)
	s := r.Join(0)
	ingest(t, r, payload(chat.Position{Epoch: epochA, Seq: 900}))
	ingest(t, r, payload(chat.Position{Epoch: epochB, Seq: 4}))
	ingest(t, r, l.publish())
	expect(t, "forged", read(t, r, s), "4")
}

func TestRoomFollowsReplacedLog(t *testing.T) {
	l := newLog(9)
	r := open(t, l)
	s := r.Join(2)
	r.Broadcast(wire.Frame(wire.Typing{Type: "typing"}))
	*l = *newLog(0)
	l.head.Epoch = epochB
	l.publish()
	l.publish()
	if err := r.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	ingest(t, r, l.publish())
	expect(t, "connected client", read(t, r, s), "8 9 typing reset:b0 1 2 3")
	expect(t, "joining client", read(t, r, r.Join(50)), "1 2 3")
	old := r.Resume(t.Context(), chat.Position{Epoch: epochA, Seq: 9}, 50)
	if old.Recovered || !old.Rewound || old.After != 0 {
		t.Errorf("a client of the old log starts at %+v, want the beginning", old)
	}
	if len(l.republished) != 9 {
		t.Errorf("%d messages were republished, want the 9 of the old log", len(l.republished))
	}
	expect(t, "resuming client", read(t, r, old), "1 2 3")
}

func TestRoomLearnsReplacedLogFromSubscription(t *testing.T) {
	l := newLog(3)
	r := open(t, l)
	s := r.Join(0)
	l.head = chat.Position{Epoch: epochB, Seq: 3}
	ingest(t, r, l.publish())
	expect(t, "new epoch", read(t, r, s), "reset:b3 4")
}

func TestRoomReturnsLogErrors(t *testing.T) {
	l := newLog(3)
	r := open(t, l)
	l.err = errors.New("redis is down")
	l.publish()
	if err := r.Ingest(t.Context(), l.publish()); !errors.Is(err, l.err) {
		t.Errorf("Ingest hides the error: %v", err)
	}
	if err := r.Sync(t.Context()); !errors.Is(err, l.err) {
		t.Errorf("Sync hides the error: %v", err)
	}
	l.err = nil
	if err := r.Sync(t.Context()); err != nil || r.Position().Seq != 5 {
		t.Errorf("after the outage: %v at %v", err, r.Position())
	}
}

func TestNotice(t *testing.T) {
	r := open(t, newLog(1))
	s := r.Join(0)
	ingest(t, r, []byte("hello"), []byte(" \x00 "), []byte("bad \xff\x1b[31m"), []byte(`{"type":"message"}`))
	expect(t, "notices", read(t, r, s), "noticehello noticebad \uFFFD[31m "+`notice{"type":"message"}`)
	expect(t, "notices are not replayed", read(t, r, r.Join(50)), "1")
	ingest(t, r, []byte(strings.Repeat("ä", 9000)))
	e := r.ring.At(r.ring.Head() - 1)
	if n := len(e.Frame); n > 2*maxNotice+100 {
		t.Errorf("a notice of %d bytes", n)
	}
}
