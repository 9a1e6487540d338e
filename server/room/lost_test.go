package room

import (
	"context"
	"errors"
	"maps"
	"testing"
	"testing/synctest"
	"time"

	"livechat/server/chat"
)

// A room keeps messages that its log has lost, as they may exist nowhere else.

// brokenLog fails some reads, and can change the epoch at the same time.
type brokenLog struct {
	*fakeLog
	reads  int    // how many of the next reads fail
	onFail func() // called by each of them
	empty  bool   // they return nothing instead of an error
}

var errLink = errors.New("the connection broke")

func (l *brokenLog) broken() bool {
	if l.reads == 0 {
		return false
	}
	l.reads--
	if l.onFail != nil {
		l.onFail()
	}
	return true
}

func (l *brokenLog) After(ctx context.Context, room string, seq uint64, limit int) ([][]byte, error) {
	if l.broken() {
		if l.empty {
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

// resyncUntil retries like the room's owner until no read fails.
func resyncUntil(t *testing.T, r *Room, l *brokenLog) {
	t.Helper()
	for l.reads > 0 {
		if err := r.Sync(t.Context()); !errors.Is(err, errLink) {
			t.Fatalf("Sync: %v, want that the connection broke", err)
		}
	}
	resync(t, r)
}

func wantRepublished(t *testing.T, l *fakeLog, seqs ...uint64) {
	t.Helper()
	var got []uint64
	for _, p := range l.republished {
		got = append(got, wantPosition(p).Seq)
	}
	if len(got) != len(seqs) {
		t.Fatalf("republished: %v, want %v", got, seqs)
	}
	for i := range seqs {
		if got[i] != seqs[i] {
			t.Fatalf("republished: %v, want %v", got, seqs)
		}
	}
}

// An isolated server comes back, and its connection breaks again, once or more,
// before it has read the log.
func TestRewindSurvivesBrokenConnection(t *testing.T) {
	for _, breaks := range []int{1, 3} {
		l := newLog(5)
		r := open(t, l)
		broken := &brokenLog{fakeLog: l, reads: breaks}
		r.log = broken
		s := r.Join(0)
		l.changeEpoch(3)
		l.publish()
		resyncUntil(t, r, broken)
		wantRepublished(t, l, 4, 5)
		expect(t, "connected client", read(t, r, s), "reset:b3 4")
	}
}

// While the connection is broken, the log changes to yet another epoch.
func TestRewindIntoSecondEpochChange(t *testing.T) {
	l := newLog(5)
	r := open(t, l)
	l.changeEpoch(3)
	l.publish()
	broken := &brokenLog{fakeLog: l, reads: 1, onFail: func() {
		l.epochs = append(l.epochs, l.head)
		l.head.Epoch = "cccccccccccccccc"
	}}
	r.log = broken
	resyncUntil(t, r, broken)
	wantRepublished(t, l, 4, 5)
	if r.Position() != at("cccccccccccccccc", 4) {
		t.Errorf("the room is at %v", r.Position())
	}
}

// The log was replaced by one with messages of its own, and the connection
// breaks before they are read.
func TestReplaceSurvivesBrokenConnection(t *testing.T) {
	for _, breaks := range []int{0, 1, 3} {
		r := open(t, newLog(5))
		other := &fakeLog{head: at(epochB, 0), messages: map[uint64][]byte{}}
		other.publish()
		broken := &brokenLog{fakeLog: other, reads: breaks}
		r.log = broken
		resyncUntil(t, r, broken)
		wantRepublished(t, other, 1, 2, 3, 4, 5)
		if r.Position() != at(epochB, 1) {
			t.Errorf("the room is at %v", r.Position())
		}
	}
}

// The log is replaced while the room waits for its followers.
func TestReplaceWhileFollowerIsLate(t *testing.T) {
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
	wantRepublished(t, other, 1, 2, 3, 4, 5)
}

// Both logs have a common ancestor: its messages are not lost.
func TestReplaceByBranchOfSameLog(t *testing.T) {
	l := newLog(5)
	r := open(t, l)
	l.changeEpoch(5)
	ingest(t, r, l.publish(), l.publish())
	branch := &fakeLog{
		head:     at("cccccccccccccccc", 9),
		epochs:   chat.EpochHistory{at(epochA, 5)},
		messages: map[uint64][]byte{},
	}
	r.log = branch
	resync(t, r)
	wantRepublished(t, branch, 6, 7)
}

// Only messages received recently are republished: the log may have forgotten
// the ID of an older one and store it twice. The message's own timestamp, set
// by another machine, does not count.
func TestRepublishGoesByTimeOfReceipt(t *testing.T) {
	defer func(old time.Time) { publishedAt = old }(publishedAt)
	synctest.Test(t, func(t *testing.T) {
		for _, said := range []time.Duration{0, -time.Hour, time.Hour} {
			publishedAt = time.Now().Add(said)
			l := newLog(5)
			r := open(t, l)
			time.Sleep(chat.RepublishAge / 2)
			ingest(t, r, l.publish(), l.publish())
			time.Sleep(chat.RepublishAge/2 + time.Second)
			l.changeEpoch(3)
			resync(t, r)
			wantRepublished(t, l, 6, 7)
		}
	})
}

// Redis may lose a log between two reads. Messages that this server is about to
// receive are not missing then.
func TestLogLostBetweenTwoReads(t *testing.T) {
	l := newLog(3)
	r := open(t, l)
	l.changeEpoch(3)
	s := r.Join(0)
	received := [][]byte{l.publish(), l.publish()}
	r.log = &brokenLog{fakeLog: l, reads: 1, onFail: func() {
		clear(l.messages)
		l.err = chat.ErrLogClosed
	}, empty: true}
	resync(t, r)
	ingest(t, r, received...)
	expect(t, "connected client", read(t, r, s), "reset:b3 4 5")
	if list := r.Remember(3, 99); len(list) != 2 {
		t.Errorf("the room remembers %q", list)
	}
}

// A client that reads the log when Redis has just lost it is not told of a gap:
// servers put back what they have, and it comes again.
func TestLogLostBeforeItIsRead(t *testing.T) {
	for _, empty := range []bool{true, false} {
		l := newLog(300)
		r := open(t, l)
		messages := maps.Clone(l.messages)
		broken := &brokenLog{fakeLog: l, reads: 1, empty: empty, onFail: func() {
			clear(l.messages)
			l.err = chat.ErrLogClosed
		}}
		r.log = broken
		s := r.Resume(t.Context(), at(epochA, 100), 50)
		if s.From != 0 || s.After != 100 || !s.Replay || s.Recovered {
			t.Errorf("while the log is being lost (empty: %t): %+v", empty, s)
		}
		broken.reads = 1
		if frames, _, err := r.Page(t.Context(), at(epochA, 100), 20, 1<<20); err == nil {
			t.Errorf("a page of a lost log (empty: %t): %q", empty, frames)
		}
		// Other servers have given it back before this one knows of it.
		maps.Copy(l.messages, messages)
		l.err = nil
		l.changeEpoch(300)
		broken.reads, broken.empty, broken.onFail = 1, true, nil
		if frames, _, err := r.Page(t.Context(), at(epochA, 100), 20, 1<<20); err == nil {
			t.Errorf("a page of a log that came back: %q", frames)
		}
		resync(t, r)
		expect(t, "when it is back", follow(t, r, at(epochA, 100), 20), row(101, 300))
	}
}

// Nor is it said of a message in such a log that it does not exist.
func TestLookupInALostLog(t *testing.T) {
	l := newLog(300)
	r := open(t, l)
	r.log = &brokenLog{fakeLog: l, reads: 1, empty: true, onFail: func() {
		clear(l.messages)
		l.err = chat.ErrLogClosed
	}}
	target := chat.Target{Seq: 100, ID: idOf(100)}
	if _, ok, err := r.Lookup(t.Context(), target, anyone); ok || !errors.Is(err, errBehind) {
		t.Errorf("%v, %v, want %v", ok, err, errBehind)
	}
}
