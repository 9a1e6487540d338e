package room

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"livechat/server/chat"
	"livechat/server/wire"
)

// said is a message of this server's own, as the log has it.
func said(p chat.Position) chat.Message {
	return chat.Message{
		ID: fmt.Sprintf("00000000-0000-4000-8000-%012d", p.Seq), Text: fmt.Sprintf("m%03d", p.Seq),
		Epoch: p.Epoch, Seq: p.Seq, At: saidAt.UnixMilli(),
	}
}

// publish publishes a message on this server, which must have a place for it.
func publish(t *testing.T, r *Room, p chat.Position) {
	t.Helper()
	m := said(p)
	if !r.Admit(t.Context(), time.Millisecond, len(m.Text)) {
		t.Fatalf("there is no place for %v", p)
	}
	r.Published(m)
}

// TestRoomAdmitsWhatItCanGiveOut: a place is taken before a message is published, so that not even a crowd that publishes at once takes more
// than there are; it is free when the room has heard the message.
func TestRoomAdmitsWhatItCanGiveOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLog(0)
		r := open(t, l)
		admit := func(moment time.Duration) (bool, time.Duration) {
			begin := time.Now()
			ok := r.Admit(t.Context(), moment, 4)
			return ok, time.Since(begin)
		}
		for i := range publishLag {
			if ok, took := admit(time.Second); !ok || took != 0 {
				t.Fatalf("message %d: %v after %v", i, ok, took)
			}
		}
		if ok, took := admit(time.Second); ok || took != time.Second {
			t.Errorf("one too many: %v after %v", ok, took)
		}
		r.Refused(4)
		if ok, _ := admit(0); !ok {
			t.Error("the place of a message that was refused is not free")
		}
		for range publishLag {
			l.publish()
			r.Published(said(l.head))
		}
		if ok, _ := admit(time.Second); ok {
			t.Error("an ack made a place free")
		}
		go func() {
			time.Sleep(300 * time.Millisecond) // in the bubble's time
			ingest(t, r, l.messages[1], l.messages[2])
		}()
		if ok, took := admit(time.Second); !ok || took < 300*time.Millisecond || took > 400*time.Millisecond {
			t.Errorf("hearing after 300 ms: %v after %v", ok, took)
		}
		if got := len(r.Unheard()); got != publishLag-2 {
			t.Errorf("%d messages are kept, want the %d that were not heard", got, publishLag-2)
		}
		for seq := uint64(3); seq <= l.head.Seq; seq++ {
			ingest(t, r, l.messages[seq])
		}
		r.Refused(4)
		if u := r.unheard; u.messages != 0 || u.bytes != 0 || u.kept != nil {
			t.Errorf("when all was heard there remain %d places, %d bytes, %d messages", u.messages, u.bytes, len(u.kept))
		}
	})
}

// TestAdmittedBytesAreBounded: long texts take more, but one is always allowed.
func TestAdmittedBytesAreBounded(t *testing.T) {
	r := open(t, newLog(0))
	if !r.Admit(t.Context(), 0, 2*publishBytes) {
		t.Error("a long text is never taken")
	}
	if r.Admit(t.Context(), 0, 1) {
		t.Error("there is no bound in bytes")
	}
	r.Refused(2 * publishBytes)
	if !r.Admit(t.Context(), 0, 1) {
		t.Error("the bytes of what was refused are not free")
	}
}

// TestUnheardIsSaidAgain: what was acknowledged and not heard when its epoch ended before it is published again, and takes no place any
// more: the room does not stay mute.
func TestUnheardIsSaidAgain(t *testing.T) {
	l := newLog(5)
	r := open(t, l)
	for i := range uint64(publishLag) {
		publish(t, r, at(epochA, 6+i))
	}
	l.turn(5) // Redis has lost them
	resync(t, r)
	if got := r.Position(); got != at(epochB, 5) {
		t.Fatalf("the room is at %v", got)
	}
	for range publishLag {
		if !r.Admit(t.Context(), 0, 1) {
			t.Fatal("what belongs to an epoch that is over still takes places")
		}
	}
	if len(l.again) != publishLag {
		t.Fatalf("%d messages were said again, want %d", len(l.again), publishLag)
	}
	e, ok := wire.ParseEntry(l.again[0])
	if m, err := wire.Said(l.again[0]); err != nil || !ok || e.Position != at(epochA, 6) || m.Text != "m006" {
		t.Errorf("said again was %q", l.again[0])
	}
	late := said(at(epochA, 900)) // its ack comes only now
	r.Published(late)
	if len(l.again) != publishLag+1 || r.Unheard() != nil {
		t.Errorf("an ack of an epoch that is over: %d said again, %d kept", len(l.again), len(r.Unheard()))
	}
}

// TestUnheardOfANewEpochIsKept: the answer of a log that has gone over to another epoch may come before the room hears of that epoch.
func TestUnheardOfANewEpochIsKept(t *testing.T) {
	l := newLog(5)
	r := open(t, l)
	l.turn(5)
	six := l.publish()
	publish(t, r, at(epochB, 6))
	if len(r.Unheard()) != 1 || len(l.again) != 0 {
		t.Fatalf("%d kept, %d said again", len(r.Unheard()), len(l.again))
	}
	ingest(t, r, six)
	if len(r.Unheard()) != 0 || len(l.again) != 0 || r.unheard.messages != 0 {
		t.Errorf("after it was heard: %d kept, %d said again, %d places", len(r.Unheard()), len(l.again), r.unheard.messages)
	}
}

// TestUnheardInAGap: a message that the log does not have any more, and this server has, is no gap for good.
func TestUnheardInAGap(t *testing.T) {
	l := newLog(5)
	r := open(t, l)
	for range 3 {
		l.publish()
	}
	publish(t, r, at(epochA, 7))
	delete(l.messages, 7)
	ingest(t, r, l.publish())
	if len(l.again) != 1 || r.unheard.messages != 0 {
		t.Errorf("%d messages were said again, %d places are taken; want 1 and 0", len(l.again), r.unheard.messages)
	}
}

// TestUnheardOfALostEpoch: Redis acknowledged messages in an epoch of which the room has not heard, and came back older, in yet another. The
// room learns that by a look of its own, says them again, and does not stay mute.
func TestUnheardOfALostEpoch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &logs{}
		g, _ := manyRooms(t, l)
		r := enter(t, g, "a", 1)
		for i := range uint64(publishLag) {
			publish(t, r, at("cccccccccccccccc", 6+i))
		}
		synctest.Wait()
		again := 0
		l.with("a", func(f *fakeLog) { again = len(f.again) })
		if again != publishLag || r.Unheard() != nil || !r.Admit(t.Context(), 0, 1) {
			t.Errorf("%d said again, want %d; %d kept", again, publishLag, len(r.Unheard()))
		}
	})
}
