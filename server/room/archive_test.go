package room

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"livechat/server/chat"
)

// fakeArchive holds messages by position, including those that have left the
// log.
type fakeArchive struct {
	messages map[chat.Position][]byte
	newest   uint64
	err      error // returned by Between
	countErr error // returned by Count
	reads    int
}

func (a *fakeArchive) Between(_ context.Context, _ string, l chat.Log, after, before uint64,
	limit int) (list [][]byte, err error) {
	a.reads++
	for seq := after + 1; seq < before && seq <= a.newest && len(list) < limit; seq++ {
		if m := a.messages[chat.Position{Epoch: l.EpochOf(seq), Seq: seq}]; m != nil {
			list = append(list, m)
		}
	}
	return list, a.err
}

func (a *fakeArchive) Count(ctx context.Context, room string, l chat.Log,
	after, before uint64) (uint64, error) {
	list, _ := a.Between(ctx, room, l, after, before, 1<<30)
	return uint64(len(list)), a.countErr
}

func (a *fakeArchive) Reactions(context.Context, string, string) ([]chat.Reaction, error) {
	return nil, a.err
}

// archived moves the messages of a log up to seq into an archive.
func archived(l *fakeLog, seq uint64) *fakeArchive {
	a := &fakeArchive{messages: map[chat.Position][]byte{}, newest: seq}
	for ; seq > 0; seq-- {
		if m := l.messages[seq]; m != nil {
			a.messages[at((chat.Log{Head: l.head, Epochs: l.epochs}).EpochOf(seq), seq)] = m
			delete(l.messages, seq)
		}
	}
	return a
}

// The ring is filled from the archive when Redis has fewer messages. These are
// never republished: this server did not receive them.
func TestRingIsFilledFromArchive(t *testing.T) {
	for name, c := range map[string]struct {
		left int // messages in Redis, of 40
		lost uint64
		want string
	}{
		"nothing is left":           {0, 0, row(11, 40)},
		"some are left":             {10, 0, row(11, 40)},
		"one is in neither":         {10, 20, row(21, 40)},
		"the last is in neither":    {0, 40, ""},
		"all that is asked is left": {40, 0, row(11, 40)},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLog(40)
			r := unopened(l)
			a := archived(l, uint64(40-c.left))
			delete(a.messages, at(epochA, c.lost))
			r.archive = a
			resync(t, r)
			expect(t, "joining client", read(t, r, r.Join(30)), c.want)
			other := &fakeLog{head: at(epochB, 0), messages: map[uint64][]byte{}}
			r.log = other
			resync(t, r)
			if n := len(other.republished); n > min(c.left, 32) {
				t.Errorf("%d messages were republished, %d received", n, c.left)
			}
		})
	}
}

// A room opens even if its archive is unavailable.
func TestRoomOpensWithoutArchive(t *testing.T) {
	l := newLog(40)
	r := unopened(l)
	a := archived(l, 30)
	a.err = errors.New("down")
	r.archive = a
	resync(t, r)
	expect(t, "joining client", read(t, r, r.Join(30)), row(31, 40))
}

// row returns numbers in the format of read; a string stands for itself.
func row(parts ...any) string {
	var words []string
	for i := 0; i < len(parts); i++ {
		if word, ok := parts[i].(string); ok {
			words = append(words, word)
			continue
		}
		for seq := parts[i].(int); seq <= parts[i+1].(int); seq++ {
			words = append(words, fmt.Sprint(seq))
		}
		i++
	}
	return strings.Join(words, " ")
}

// withArchive returns a room whose ring has 269 to 300 and whose log begins
// with 201.
func withArchive(t *testing.T) (*Room, *fakeLog, *fakeArchive) {
	t.Helper()
	l := newLog(300)
	a := archived(l, 200)
	r := unopened(l)
	r.archive = a
	resync(t, r)
	if a.reads > 0 {
		t.Fatal("the archive was read for the ring")
	}
	return r, l, a
}

func TestResumeFromArchive(t *testing.T) {
	r, l, a := withArchive(t)
	resume := func(seq uint64) Start { return r.Resume(t.Context(), at(epochA, seq), 50) }
	if s := resume(5); !s.Recovered || !s.Replay || !s.Archived || s.From != 0 || s.After != 5 {
		t.Errorf("resume from 5: %+v", s)
	}
	reads := a.reads
	if s := resume(200); !s.Recovered || !s.Replay || s.Archived || a.reads != reads {
		t.Errorf("resume from 200, which the log has: %+v", s)
	}
	a.countErr = errors.New("timed out")
	if s := resume(5); s.Recovered || !s.Archived || s.From != 0 || s.After != 5 {
		t.Errorf("resume from 5, uncounted: %+v", s)
	}
	a.countErr = nil
	delete(a.messages, at(epochA, 120))
	if s := resume(5); s.Recovered || !s.Archived || s.From != 0 || s.After != 5 {
		t.Errorf("resume from 5 across a gap: %+v", s)
	}
	if s := resume(120); !s.Recovered || !s.Archived || s.From != 0 || s.After != 120 {
		t.Errorf("resume from 120, after the gap: %+v", s)
	}
	if s := resume(119); s.Recovered || !s.Archived || s.From != 120 || s.To != 120 || s.After != 120 {
		t.Errorf("resume from 119, into the gap: %+v", s)
	}
	l.err = errors.New("redis is down")
	if s := resume(5); s.Recovered || !s.Archived || s.From != 0 || s.After != 5 {
		t.Errorf("resume from 5 without Redis: %+v", s)
	}
	l.err, a.err = nil, errors.New("the database is down")
	if s := resume(5); s.Recovered || s.Archived || s.From != 6 || s.To != 200 || s.After != 200 {
		t.Errorf("resume from 5 without the database: %+v", s)
	}
	if _, _, err := r.Page(t.Context(), at(epochA, 5), 50, 1<<20); !errors.Is(err, a.err) {
		t.Errorf("a page without the database: %v", err)
	}
}

// Nothing is promised for an adopted epoch, all of which was lost, however far
// back the log can be read.
func TestResumeFromAdoptedEpoch(t *testing.T) {
	r, l, _ := withArchive(t)
	l.epochs = chat.EpochHistory{{Epoch: epochB}}
	resync(t, r)
	if s := r.Resume(t.Context(), at(epochB, 7), 0); s.Recovered || !s.Rewound || !s.Archived ||
		s.After != 0 ||
		s.From != 0 {
		t.Errorf("resume: %+v", s)
	}
}

// Messages after the end of an epoch are not served, and a client whose epoch
// ends in the middle of a replay gets a reset there.
func TestArchiveSpansEpochs(t *testing.T) {
	l := newLog(100)
	lost := l.messages[91]
	l.changeEpoch(90) // 91 to 100 were lost, and are different messages now
	for range 210 {
		l.publish()
	}
	a := archived(l, 200)
	a.messages[at(epochA, 91)] = lost
	r := unopened(l)
	r.archive = a
	resync(t, r)
	for _, test := range []struct {
		after   chat.Position
		rewound bool
	}{{at(epochA, 5), false}, {at(epochB, 5), false}, {at(epochA, 95), true}} {
		s := r.Resume(t.Context(), test.after, 0)
		if !s.Recovered || !s.Archived || s.Rewound != test.rewound || s.After != min(90, test.after.Seq) {
			t.Errorf("resume from %v: %+v", test.after, s)
		}
		expect(t, fmt.Sprint("client resuming from ", test.after),
			follow(t, r, at(s.Position.Epoch, s.After), 20), row(int(s.After)+1, 300))
	}
	// A client in the middle of a replay gets the reset between the messages.
	expect(t, "during the replay", follow(t, r, at(epochA, 80), 7), row(81, 90, "reset:b90", 91, 300))
	// Nothing is promised for an epoch older than all known ones.
	if s := r.Resume(t.Context(), at("cccccccccccccccc", 5), 3); s.Recovered || s.Archived ||
		s.After != 297 {
		t.Errorf("resume from another log: %+v", s)
	}
}

// After a long outage of Redis a server fills its ring from the log only, not
// from the archive.
func TestSyncDoesNotReadArchive(t *testing.T) {
	r, l, a := withArchive(t)
	for range 500 {
		l.publish()
	}
	for seq := uint64(301); seq <= 700; seq++ {
		a.messages[at(epochA, seq)] = l.messages[seq]
		delete(l.messages, seq)
	}
	a.newest = 700
	resync(t, r)
	if a.reads > 0 {
		t.Errorf("the archive was read %d times", a.reads)
	}
	if r.Position() != at(epochA, 800) {
		t.Errorf("the ring is at %v", r.Position())
	}
}
