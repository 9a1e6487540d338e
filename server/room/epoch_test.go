package room

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"livechat/server/chat"
	"livechat/server/wire"
)

func resync(t *testing.T, r *Room) {
	t.Helper()
	if err := r.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func at(epoch string, seq uint64) chat.Position { return chat.Position{Epoch: epoch, Seq: seq} }

// frames returns finished frames in short, as read does.
func frames(t *testing.T, list [][]byte) string {
	t.Helper()
	r := blank(nil)
	for _, f := range list {
		r.ring.Append(1, Side, f)
	}
	return read(t, r, Start{})
}

func TestRoomGoesOnInAnotherEpoch(t *testing.T) {
	l := newLog(9)
	r := open(t, l)
	s := r.Join(1)
	l.publish() // said before the turn, heard with it
	l.turn(10)
	resync(t, r)
	expect(t, "before a message", read(t, r, s), "9 10 reset:b10")
	ingest(t, r, l.publish())
	resync(t, r)
	expect(t, "who was there", read(t, r, s), "9 10 reset:b10 11")
	expect(t, "who joins", read(t, r, r.Join(3)), "9 10 11")
	if len(l.again) > 0 {
		t.Errorf("%d messages were said again", len(l.again))
	}
	fresh := open(t, l)
	expect(t, "who joins elsewhere", read(t, fresh, fresh.Join(3)), "9 10 11")
	for _, r := range []*Room{r, fresh} {
		for _, test := range []struct {
			after   chat.Position
			want    string
			rewound bool
		}{
			{at(epochA, 8), "9 10 11", false},
			{at(epochA, 10), "11", false},
			{at(epochB, 8), "9 10 11", false},
			{at(epochB, 11), "", false},
			{at(epochA, 12), "11", true}, // it has seen what was lost
		} {
			s := r.Resume(t.Context(), test.after, 0)
			expect(t, fmt.Sprint("who comes back from ", test.after), read(t, r, s), test.want)
			if !s.Recovered || s.Rewound != test.rewound || s.Position != at(epochB, 11) {
				t.Errorf("resume from %v: %+v", test.after, s)
			}
		}
	}
}

func TestRoomHearsOfTheNextEpochOnTheChannel(t *testing.T) {
	l := newLog(3)
	r := open(t, l)
	s := r.Join(0)
	l.turn(3)
	ingest(t, r, l.publish(), l.publish())
	expect(t, "next epoch", read(t, r, s), "reset:b3 4 5")
}

func TestRoomTurnsBack(t *testing.T) {
	l := newLog(9)
	r := open(t, l)
	s := r.Join(0)
	lost := [][]byte{l.messages[8], l.messages[9]}
	l.turn(7)
	l.publish()
	publish(t, r, at(epochA, 9))
	resync(t, r)
	ingest(t, r, l.publish())
	expect(t, "who was there", read(t, r, s), "reset:b7 8 9")
	if string(fmt.Append(nil, l.again)) != string(fmt.Append(nil, lost)) {
		t.Errorf("said again: %q, want %q", l.again, lost)
	}
	back := r.Resume(t.Context(), at(epochA, 9), 0)
	expect(t, "who comes back", read(t, r, back), "8 9")
	if !back.Rewound || back.After != 7 || !back.Recovered {
		t.Errorf("it is to forget what is behind 7: %+v", back)
	}
	for i := range uint64(2 * publishLag) { // acks that were under way
		publish(t, r, at(epochA, 400+i))
	}
	if known := r.Known(); known.Head != at(epochB, 9) || known.Past.String() != at(epochA, 7).String() {
		t.Errorf("the room knows %+v", known)
	}
	if list := r.Remember(0, 99); len(list) != 2 || wantPosition(list[0]) != at(epochB, 8) {
		t.Errorf("the room remembers %q", list)
	}
}

func wantPosition(payload []byte) chat.Position {
	e, _ := wire.ParseEntry(payload)
	return e.Position
}

func TestRoomAnnouncesTheTailThatIsLost(t *testing.T) {
	l := newLog(9)
	r := open(t, l)
	s := r.Join(0)
	l.head.Seq = 12 // three more that nobody kept
	l.turn(12)
	resync(t, r)
	expect(t, "before a message", read(t, r, s), "gap10-12 reset:b12")
	ingest(t, r, l.publish())
	expect(t, "who was there", read(t, r, s), "gap10-12 reset:b12 13")
	fresh := open(t, l)
	expect(t, "who joins elsewhere", read(t, fresh, fresh.Join(4)), "gap10-12 13")
}

func TestRoomRemembersThroughEpochs(t *testing.T) {
	l := newLog(3)
	r := open(t, l)
	l.turn(3)
	ingest(t, r, l.publish(), l.publish())
	r.Broadcast(wire.Frame(wire.Typing{Type: "typing"}))
	list := r.Remember(1, 99)
	want := []chat.Position{at(epochA, 2), at(epochA, 3), at(epochB, 4), at(epochB, 5)}
	if len(list) != len(want) {
		t.Fatalf("%d payloads, want %d", len(list), len(want))
	}
	for i, p := range list {
		if wantPosition(p) != want[i] || string(p) != string(l.messages[want[i].Seq]) {
			t.Errorf("payload %s, want that of %v", p, want[i])
		}
	}
}

// While a log is being mended its room stays as it is.
func TestRoomWaitsForItsLog(t *testing.T) {
	l := newLog(3)
	r := open(t, l)
	s := r.Join(0)
	l.err = fmt.Errorf("open: %w", chat.ErrLogClosed)
	resync(t, r)
	if after := r.Resume(t.Context(), at(epochA, 4), 0); !after.Recovered || after.Rewound {
		t.Errorf("a client that is ahead was not believed: %+v", after)
	}
	l.err = nil
	l.turn(3)
	ingest(t, r, l.publish())
	expect(t, "who was there", read(t, r, s), "reset:b3 4")
	closed := blank(&fakeLog{err: chat.ErrLogClosed})
	resync(t, closed)
	if closed.opened || closed.Known().Head.Epoch != "" {
		t.Error("a room was opened without its log")
	}
}

// A client may come from a server that has heard of the new epoch before this one has.
func TestResumeFromAnEpochThatIsNotKnownYet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLog(3)
		r := open(t, l)
		l.turn(3)
		four := l.publish()
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		resumed := make(chan Start)
		go func() { resumed <- r.Resume(ctx, at(epochB, 3), 0) }()
		synctest.Wait()
		select {
		case s := <-resumed:
			t.Fatalf("it did not wait: %+v", s)
		default:
		}
		ingest(t, r, four)
		s := <-resumed
		expect(t, "who came early", read(t, r, s), "4")
		if !s.Recovered || s.Position.Epoch != epochB {
			t.Errorf("resumed %+v", s)
		}
		go func() { resumed <- r.Resume(ctx, at("dddddddddddddddd", 7), 0) }()
		synctest.Wait()
		l.past = append(chat.Lineage{{Epoch: "dddddddddddddddd"}}, l.past...) // another server tells the log a moment later
		resync(t, r)
		if s := <-resumed; !s.Rewound || s.After != 0 {
			t.Errorf("who comes from an adopted epoch begins %+v", s)
		}
		unknown := r.Resume(ctx, at("cccccccccccccccc", 3), 2)
		expect(t, "who comes from elsewhere", read(t, r, unknown), "3 4")
		if unknown.Recovered {
			t.Error("a position of an unknown log was recovered")
		}
	})
}

// Who is given pages of the log passes the end of an epoch there, and is told.
func TestPagesThroughEpochs(t *testing.T) {
	l := newLog(5)
	r := open(t, l)
	l.turn(5)
	for range 100 { // more than the ring holds
		ingest(t, r, l.publish())
	}
	page, next, err := r.Page(t.Context(), at(epochA, 3), 3, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, "page", frames(t, page), "4 5 reset:b5 6")
	if next != at(epochB, 6) {
		t.Errorf("the page ends at %v", next)
	}
	page, next, _ = r.Page(t.Context(), at(epochB, 3), 3, 1<<20) // it knew of B when it came back
	expect(t, "page", frames(t, page), "4 5 6")
	if next != at(epochB, 6) {
		t.Errorf("the page ends at %v", next)
	}
	for _, test := range []struct {
		at    chat.Position
		ok    bool
		reset string
		want  string
	}{
		{at(epochA, 3), false, "", ""},
		{at(epochA, 5), false, "reset:b5", ""},
		{at(epochA, 99), false, "reset:b5", ""},
		{at(epochB, 103), true, "", "104 105"},
	} {
		s, ok := r.Reach(test.at)
		reset := ""
		if s.Reset != nil {
			reset = frames(t, [][]byte{s.Reset})
		}
		if ok != test.ok || reset != test.reset {
			t.Errorf("Reach(%v) = %+v, %v with %q, want %v with %q", test.at, s, ok, reset, test.ok, test.reset)
		}
		if ok {
			expect(t, "on in the ring", read(t, r, s), test.want)
		}
	}
}

func TestReachInAReplacedLog(t *testing.T) {
	r := open(t, newLog(5))
	s, ok := r.Reach(at(epochB, 77))
	if !ok || s.Reset == nil {
		t.Fatalf("Reach = %+v, %v", s, ok)
	}
	expect(t, "told", frames(t, [][]byte{s.Reset}), "reset:a0")
	expect(t, "given", read(t, r, s), "1 2 3 4 5")
}
