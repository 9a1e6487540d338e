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

func TestRoomFollowsEpochChange(t *testing.T) {
	l := newLog(9)
	r := open(t, l)
	s := r.Join(1)
	l.publish() // published before the epoch change, received with it
	l.changeEpoch(10)
	resync(t, r)
	expect(t, "before a message", read(t, r, s), "9 10 reset:b10")
	ingest(t, r, l.publish())
	resync(t, r)
	expect(t, "connected client", read(t, r, s), "9 10 reset:b10 11")
	expect(t, "joining client", read(t, r, r.Join(3)), "9 10 11")
	if len(l.republished) > 0 {
		t.Errorf("%d messages were republished", len(l.republished))
	}
	fresh := open(t, l)
	expect(t, "client joining on another server", read(t, fresh, fresh.Join(3)), "9 10 11")
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
			expect(t, fmt.Sprint("client resuming from ", test.after), read(t, r, s), test.want)
			if !s.Recovered || s.Rewound != test.rewound || s.Position != at(epochB, 11) {
				t.Errorf("resume from %v: %+v", test.after, s)
			}
		}
	}
}

func TestRoomLearnsNextEpochFromSubscription(t *testing.T) {
	l := newLog(3)
	r := open(t, l)
	s := r.Join(0)
	l.changeEpoch(3)
	ingest(t, r, l.publish(), l.publish())
	expect(t, "next epoch", read(t, r, s), "reset:b3 4 5")
}

func TestRoomRewindsWhenLogLostItsTail(t *testing.T) {
	l := newLog(9)
	r := open(t, l)
	s := r.Join(0)
	lost := [][]byte{l.messages[8], l.messages[9]}
	l.changeEpoch(7)
	l.publish()
	publish(t, r, at(epochA, 9))
	resync(t, r)
	ingest(t, r, l.publish())
	expect(t, "connected client", read(t, r, s), "reset:b7 8 9")
	if string(fmt.Append(nil, l.republished)) != string(fmt.Append(nil, lost)) {
		t.Errorf("republished: %q, want %q", l.republished, lost)
	}
	back := r.Resume(t.Context(), at(epochA, 9), 0)
	expect(t, "resuming client", read(t, r, back), "8 9")
	if !back.Rewound || back.After != 7 || !back.Recovered {
		t.Errorf("the client should drop everything after 7: %+v", back)
	}
	for i := range uint64(2 * publishLag) { // acks that were in flight
		publish(t, r, at(epochA, 400+i))
	}
	if known := r.Known(); known.Head != at(epochB, 9) || known.Epochs.String() != at(epochA, 7).String() {
		t.Errorf("the room knows %+v", known)
	}
	if list := r.Remember(0, 99); len(list) != 2 || wantPosition(list[0]) != at(epochB, 8) {
		t.Errorf("the room remembers %q", list)
	}
}

func TestRoomSendsGapForLostTail(t *testing.T) {
	l := newLog(9)
	r := open(t, l)
	s := r.Join(0)
	l.head.Seq = 12 // three more that no server kept
	l.changeEpoch(12)
	resync(t, r)
	expect(t, "before a message", read(t, r, s), "gap10-12 reset:b12")
	ingest(t, r, l.publish())
	expect(t, "connected client", read(t, r, s), "gap10-12 reset:b12 13")
	fresh := open(t, l)
	expect(t, "client joining on another server", read(t, fresh, fresh.Join(4)), "gap10-12 13")
}

func TestRememberSpansEpochs(t *testing.T) {
	l := newLog(3)
	r := open(t, l)
	l.changeEpoch(3)
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

// While its log is sealed for repair, a room keeps its state.
func TestRoomKeepsItsStateWhileLogIsSealed(t *testing.T) {
	l := newLog(3)
	r := open(t, l)
	s := r.Join(0)
	l.err = fmt.Errorf("open: %w", chat.ErrLogClosed)
	resync(t, r)
	if after := r.Resume(t.Context(), at(epochA, 4), 0); !after.Recovered || after.Rewound {
		t.Errorf("a client that is ahead was rewound: %+v", after)
	}
	l.err = nil
	l.changeEpoch(3)
	ingest(t, r, l.publish())
	expect(t, "connected client", read(t, r, s), "reset:b3 4")
	closed := unopened(&fakeLog{err: chat.ErrLogClosed})
	resync(t, closed)
	if closed.opened || closed.Known().Head.Epoch != "" {
		t.Error("a room was opened while its log was sealed")
	}
}

// A client may come from a server that has learned about the new epoch earlier
// than this one.
func TestResumeWaitsForUnknownEpoch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLog(3)
		r := open(t, l)
		l.changeEpoch(3)
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
		expect(t, "client from the new epoch", read(t, r, s), "4")
		if !s.Recovered || s.Position.Epoch != epochB {
			t.Errorf("resumed %+v", s)
		}
		go func() { resumed <- r.Resume(ctx, at("dddddddddddddddd", 7), 0) }()
		synctest.Wait()
		// another server makes the log adopt it a moment later
		l.epochs = append(chat.EpochHistory{{Epoch: "dddddddddddddddd"}}, l.epochs...)
		resync(t, r)
		if s := <-resumed; !s.Rewound || s.After != 0 {
			t.Errorf("a client of an adopted epoch starts at %+v", s)
		}
		unknown := r.Resume(ctx, at("cccccccccccccccc", 3), 2)
		expect(t, "client of an unknown log", read(t, r, unknown), "3 4")
		if unknown.Recovered {
			t.Error("a position of an unknown log was recovered")
		}
	})
}

// A client that replays across the end of an epoch gets a reset there.
func TestPagesSpanEpochs(t *testing.T) {
	l := newLog(5)
	r := open(t, l)
	l.changeEpoch(5)
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
	page, next, _ = r.Page(t.Context(), at(epochB, 3), 3, 1<<20) // it knew of B when it resumed
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
			expect(t, "ring", read(t, r, s), test.want)
		}
	}
}

func TestReachInReplacedLog(t *testing.T) {
	r := open(t, newLog(5))
	s, ok := r.Reach(at(epochB, 77))
	if !ok || s.Reset == nil {
		t.Fatalf("Reach = %+v, %v", s, ok)
	}
	expect(t, "reset", frames(t, [][]byte{s.Reset}), "reset:a0")
	expect(t, "messages", read(t, r, s), "1 2 3 4 5")
}
