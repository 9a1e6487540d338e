package room

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"livechat/server/chat"
	"livechat/server/wire"
)

// ownMessage returns a message published on this server, as stored in the log.
func ownMessage(p chat.Position) chat.Message {
	return chat.Message{
		ID: fmt.Sprintf("00000000-0000-4000-8000-%012d", p.Seq), Text: fmt.Sprintf("m%03d", p.Seq),
		Epoch: p.Epoch, Seq: p.Seq, At: publishedAt.UnixMilli(),
	}
}

// publish publishes a message on this server, and fails if it is refused.
func publish(t *testing.T, r *Room, p chat.Position) {
	t.Helper()
	m := ownMessage(p)
	if !r.Admit(t.Context(), time.Millisecond, len(m.Text)) {
		t.Fatalf("there is no place for %v", p)
	}
	r.Published(m)
}

// A place is reserved before a message is published, so that concurrent
// publishers cannot take more than there are. It is released when the room has
// received the message.
func TestAdmitIsBoundedByUnreceivedMessages(t *testing.T) {
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
			t.Error("a refused message did not release its place")
		}
		for range publishLag {
			l.publish()
			r.Published(ownMessage(l.head))
		}
		if ok, _ := admit(time.Second); ok {
			t.Error("an ack released a place")
		}
		go func() {
			time.Sleep(300 * time.Millisecond) // in the bubble's clock
			ingest(t, r, l.messages[1], l.messages[2])
		}()
		if ok, took := admit(time.Second); !ok || took < 300*time.Millisecond ||
			took > 400*time.Millisecond {
			t.Errorf("receipt after 300 ms: %v after %v", ok, took)
		}
		if got := len(r.Unreceived()); got != publishLag-2 {
			t.Errorf("%d messages are unreceived, want %d", got, publishLag-2)
		}
		for seq := uint64(3); seq <= l.head.Seq; seq++ {
			ingest(t, r, l.messages[seq])
		}
		r.Refused(4)
		if u := r.unreceived; u.messages != 0 || u.bytes != 0 || u.acked != nil {
			t.Errorf("after everything was received there remain %d places, %d bytes, %d messages", u.messages,
				u.bytes,
				len(u.acked))
		}
	})
}

// Long texts take more, but one message is always allowed.
func TestAdmitIsBoundedInBytes(t *testing.T) {
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

// A message that was acknowledged but not received when its epoch ended before
// it is republished, and its place is released: publishing continues.
func TestUnreceivedIsRepublished(t *testing.T) {
	l := newLog(5)
	r := open(t, l)
	for i := range uint64(publishLag) {
		publish(t, r, at(epochA, 6+i))
	}
	l.changeEpoch(5) // Redis has lost them
	resync(t, r)
	if got := r.Position(); got != at(epochB, 5) {
		t.Fatalf("the room is at %v", got)
	}
	for range publishLag {
		if !r.Admit(t.Context(), 0, 1) {
			t.Fatal("messages of a past epoch still take places")
		}
	}
	if len(l.republished) != publishLag {
		t.Fatalf("%d messages were republished, want %d", len(l.republished), publishLag)
	}
	e, ok := wire.ParseEntry(l.republished[0])
	if m, err := chat.DecodePayload(l.republished[0]); err != nil || !ok || e.Position != at(epochA, 6) ||
		m.Text != "m006" {
		t.Errorf("republished %q", l.republished[0])
	}
	late := ownMessage(at(epochA, 900)) // its ack arrives only now
	r.Published(late)
	if len(l.republished) != publishLag+1 || r.Unreceived() != nil {
		t.Errorf("an ack of a past epoch: %d republished, %d unreceived", len(l.republished),
			len(r.Unreceived()))
	}
}

// After an epoch change the ack may arrive before the room learns about the new
// epoch.
func TestUnreceivedOfNewEpochIsKept(t *testing.T) {
	l := newLog(5)
	r := open(t, l)
	l.changeEpoch(5)
	six := l.publish()
	publish(t, r, at(epochB, 6))
	if len(r.Unreceived()) != 1 || len(l.republished) != 0 {
		t.Fatalf("%d unreceived, %d republished", len(r.Unreceived()), len(l.republished))
	}
	ingest(t, r, six)
	if len(r.Unreceived()) != 0 || len(l.republished) != 0 || r.unreceived.messages != 0 {
		t.Errorf("after it was received: %d unreceived, %d republished, %d places", len(r.Unreceived()),
			len(l.republished), r.unreceived.messages)
	}
}

// A message that the log has lost and this server still has is republished.
func TestUnreceivedInGapIsRepublished(t *testing.T) {
	l := newLog(5)
	r := open(t, l)
	for range 3 {
		l.publish()
	}
	publish(t, r, at(epochA, 7))
	delete(l.messages, 7)
	ingest(t, r, l.publish())
	if len(l.republished) != 1 || r.unreceived.messages != 0 {
		t.Errorf("%d messages were republished, %d places are reserved; want 1 and 0", len(l.republished),
			r.unreceived.messages)
	}
}

// Redis acknowledged messages in an epoch that the room does not know yet, and
// came back older, in yet another one. The room finds out by opening the log,
// republishes them, and continues.
func TestUnreceivedOfLostEpochIsRepublished(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &logs{}
		g, _ := manyRooms(t, l)
		r := enter(t, g, "a", 1)
		for i := range uint64(publishLag) {
			publish(t, r, at("cccccccccccccccc", 6+i))
		}
		synctest.Wait()
		again := 0
		l.with("a", func(f *fakeLog) { again = len(f.republished) })
		if again != publishLag || r.Unreceived() != nil || !r.Admit(t.Context(), 0, 1) {
			t.Errorf("%d republished, want %d; %d unreceived", again, publishLag, len(r.Unreceived()))
		}
	})
}
