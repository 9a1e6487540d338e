package room

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"livechat/server/chat"
)

// What a room does with messages that its log has lost and nobody else may have.

// brokenLog fails some of its reads, and may tell of another epoch instead.
type brokenLog struct {
	*fakeLog
	reads int    // that fail
	meet  func() // called at each of them
	gone  bool   // they find nothing, and do not fail
}

var errLink = errors.New("the link broke")

func (l *brokenLog) broken() bool {
	if l.reads == 0 {
		return false
	}
	l.reads--
	if l.meet != nil {
		l.meet()
	}
	return true
}

func (l *brokenLog) After(ctx context.Context, room string, seq uint64, limit int) ([][]byte, error) {
	if l.broken() {
		if l.gone {
			return nil, nil
		}
		return nil, errLink
	}
	return l.fakeLog.After(ctx, room, seq, limit)
}

func (l *brokenLog) Tail(ctx context.Context, room string, n int) ([][]byte, error) {
	if l.broken() {
		return nil, errLink
	}
	return l.fakeLog.Tail(ctx, room, n)
}

// resyncUntil does what the room's owner does after each failure.
func resyncUntil(t *testing.T, r *Room, l *brokenLog) {
	t.Helper()
	for l.reads > 0 {
		if err := r.Sync(t.Context()); !errors.Is(err, errLink) {
			t.Fatalf("Sync: %v, want that the link broke", err)
		}
	}
	resync(t, r)
}

func wantAgain(t *testing.T, l *fakeLog, seqs ...uint64) {
	t.Helper()
	var got []uint64
	for _, p := range l.again {
		got = append(got, wantPosition(p).Seq)
	}
	if len(got) != len(seqs) {
		t.Fatalf("said again: %v, want %v", got, seqs)
	}
	for i := range seqs {
		if got[i] != seqs[i] {
			t.Fatalf("said again: %v, want %v", got, seqs)
		}
	}
}

// A server that was cut off comes back, and its link breaks once more, and again, before it has read the log.
func TestRoomTurnsBackOverABrokenLink(t *testing.T) {
	for _, breaks := range []int{1, 3} {
		l := newLog(5)
		r := open(t, l)
		broken := &brokenLog{fakeLog: l, reads: breaks}
		r.log = broken
		s := r.Join(0)
		l.turn(3)
		l.publish()
		resyncUntil(t, r, broken)
		wantAgain(t, l, 4, 5)
		expect(t, "who was there", read(t, r, s), "reset:b3 4")
	}
}

// While its link is broken, the log goes on in yet another epoch.
func TestRoomTurnsBackTwice(t *testing.T) {
	l := newLog(5)
	r := open(t, l)
	l.turn(3)
	l.publish()
	broken := &brokenLog{fakeLog: l, reads: 1, meet: func() {
		l.past = append(l.past, l.head)
		l.head.Epoch = "cccccccccccccccc"
	}}
	r.log = broken
	resyncUntil(t, r, broken)
	wantAgain(t, l, 4, 5)
	if r.Position() != at("cccccccccccccccc", 4) {
		t.Errorf("the room is at %v", r.Position())
	}
}

// The log was replaced by one that has messages of its own, and the link breaks before that is read.
func TestRoomReplacesOverABrokenLink(t *testing.T) {
	for _, breaks := range []int{0, 1, 3} {
		r := open(t, newLog(5))
		other := &fakeLog{head: at(epochB, 0), messages: map[uint64][]byte{}}
		other.publish()
		broken := &brokenLog{fakeLog: other, reads: breaks}
		r.log = broken
		resyncUntil(t, r, broken)
		wantAgain(t, other, 1, 2, 3, 4, 5)
		if r.Position() != at(epochB, 1) {
			t.Errorf("the room is at %v", r.Position())
		}
	}
}

// The link is replaced while the room waits for those who read it.
func TestRoomReplacesWhileAFollowerIsLate(t *testing.T) {
	r := open(t, newLog(5))
	f := r.Follow()
	defer f.Leave()
	other := &fakeLog{head: at(epochB, 0), messages: map[uint64][]byte{}}
	for range 40 { // more than half the ring
		other.publish()
	}
	r.log = other
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.Sync(ctx); !errors.Is(err, context.Canceled) {
		t.Fatalf("Sync: %v, want that the context ended", err)
	}
	wantAgain(t, other, 1, 2, 3, 4, 5)
}

// Both logs go back to a common one: what that has is not lost.
func TestRoomReplacedByABranchOfItsLog(t *testing.T) {
	l := newLog(5)
	r := open(t, l)
	l.turn(5)
	ingest(t, r, l.publish(), l.publish())
	branch := &fakeLog{head: at("cccccccccccccccc", 9), past: chat.Lineage{at(epochA, 5)}, messages: map[uint64][]byte{}}
	r.log = branch
	resync(t, r)
	wantAgain(t, branch, 6, 7)
}

// What is said again was heard here not long ago: the log may have forgotten that it has the id of an old message. When it was said, by a clock of
// another machine, does not count.
func TestRoomSaysYoungMessagesAgain(t *testing.T) {
	defer func(old time.Time) { saidAt = old }(saidAt)
	synctest.Test(t, func(t *testing.T) {
		for _, said := range []time.Duration{0, -time.Hour, time.Hour} {
			saidAt = time.Now().Add(said)
			l := newLog(5)
			r := open(t, l)
			time.Sleep(chat.SayAgainAge / 2)
			ingest(t, r, l.publish(), l.publish())
			time.Sleep(chat.SayAgainAge/2 + time.Second)
			l.turn(3)
			resync(t, r)
			wantAgain(t, l, 6, 7)
		}
	})
}

// Redis may lose a log between the two looks at it. What this server is about to hear is not missing then.
func TestRoomReadsALogThatIsLostMeanwhile(t *testing.T) {
	l := newLog(3)
	r := open(t, l)
	l.turn(3)
	s := r.Join(0)
	heard := [][]byte{l.publish(), l.publish()}
	r.log = &brokenLog{fakeLog: l, reads: 1, meet: func() {
		clear(l.messages)
		l.err = chat.ErrLogClosed
	}, gone: true}
	resync(t, r)
	ingest(t, r, heard...)
	expect(t, "who was there", read(t, r, s), "reset:b3 4 5")
	if list := r.Remember(3, 99); len(list) != 2 {
		t.Errorf("the room remembers %q", list)
	}
}
