package room

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"livechat/server/chat"
)

// fakeArchive has messages by their place, like the archive: also those that are not in the log any more.
type fakeArchive struct {
	messages map[chat.Position][]byte
	newest   uint64
	err      error // of Between
	cannot   error // of Count
	reads    int
}

func (a *fakeArchive) Between(_ context.Context, _ string, l chat.Log, after, before uint64, limit int) (list [][]byte, err error) {
	a.reads++
	for seq := after + 1; seq < before && seq <= a.newest && len(list) < limit; seq++ {
		if m := a.messages[chat.Position{Epoch: l.EpochOf(seq), Seq: seq}]; m != nil {
			list = append(list, m)
		}
	}
	return list, a.err
}

func (a *fakeArchive) Count(ctx context.Context, room string, l chat.Log, after, before uint64) (uint64, error) {
	list, _ := a.Between(ctx, room, l, after, before, 1<<30)
	return uint64(len(list)), a.cannot
}

// archived moves what a log has up to seq into an archive.
func archived(l *fakeLog, seq uint64) *fakeArchive {
	a := &fakeArchive{messages: map[chat.Position][]byte{}, newest: seq}
	for ; seq > 0; seq-- {
		if m := l.messages[seq]; m != nil {
			a.messages[at((chat.Log{Head: l.head, Past: l.past}).EpochOf(seq), seq)] = m
			delete(l.messages, seq)
		}
	}
	return a
}

// follow returns what a client gets in pages until the ring goes on, and from the ring.
func follow(t *testing.T, r *Room, from chat.Position, pageSize int) string {
	t.Helper()
	var seen []string
	for {
		if s, ok := r.Reach(from); ok {
			return strings.TrimSpace(strings.Join(append(seen, read(t, r, s)), " "))
		}
		page, next, err := r.Page(t.Context(), from, pageSize, 1<<20)
		if err != nil || next.Seq <= from.Seq || len(page) > 2*pageSize {
			t.Fatalf("page behind %v: %d frames, next %v, %v", from, len(page), next, err)
		}
		seen, from = append(seen, frames(t, page)), next
	}
}

// A page ends where it has as many bytes as it may, and has one message at least.
func TestPageHasABound(t *testing.T) {
	l := newLog(300)
	r := open(t, l)
	one, _, err := r.Page(t.Context(), at(epochA, 100), 1, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	frame := len(one[0])
	for bytes, want := range map[int]int{0: 1, frame * 3 / 2: 1, frame * 7 / 2: 3, 1 << 20: 20} {
		list, next, err := r.Page(t.Context(), at(epochA, 100), 20, bytes)
		if err != nil || len(list) != want || next != at(epochA, 100+uint64(want)) {
			t.Errorf("at most %d bytes: %d messages, then %v, %v; want %d", bytes, len(list), next, err, want)
		}
	}
}

// What is archived of a room fills its ring where Redis has less, and is never
// said again: this server has not heard it.
func TestRoomBeginsWithItsArchive(t *testing.T) {
	for name, c := range map[string]struct {
		left int // messages that are in Redis, of 40
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
			r := blank(l)
			a := archived(l, uint64(40-c.left))
			delete(a.messages, at(epochA, c.lost))
			r.old = a
			resync(t, r)
			expect(t, "who joins", read(t, r, r.Join(30)), c.want)
			other := &fakeLog{head: at(epochB, 0), messages: map[uint64][]byte{}}
			r.log = other
			resync(t, r)
			if n := len(other.again); n > min(c.left, 32) {
				t.Errorf("%d messages were said again, and %d heard", n, c.left)
			}
		})
	}
}

// An archive that is away keeps nobody out.
func TestRoomBeginsWithoutItsArchive(t *testing.T) {
	l := newLog(40)
	r := blank(l)
	a := archived(l, 30)
	a.err = errors.New("away")
	r.old = a
	resync(t, r)
	expect(t, "who joins", read(t, r, r.Join(30)), row(31, 40))
}

// row returns numbers as read does; a string among them stands for itself.
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

// The ring of these rooms has 269 to 300, the log begins with 201.
func withArchive(t *testing.T) (*Room, *fakeLog, *fakeArchive) {
	t.Helper()
	l := newLog(300)
	a := archived(l, 200)
	r := blank(l)
	r.old = a
	resync(t, r)
	if a.reads > 0 {
		t.Fatal("the archive was read for the ring")
	}
	return r, l, a
}

func TestResumeFromTheArchive(t *testing.T) {
	r, l, a := withArchive(t)
	resume := func(seq uint64) Start { return r.Resume(t.Context(), at(epochA, seq), 50) }
	if s := resume(5); !s.Recovered || !s.Behind || !s.Archived || s.From != 0 || s.After != 5 {
		t.Errorf("resume from 5: %+v", s)
	}
	reads := a.reads
	if s := resume(200); !s.Recovered || !s.Behind || s.Archived || a.reads != reads {
		t.Errorf("resume from 200, which the log has: %+v", s)
	}
	a.cannot = errors.New("it takes too long")
	if s := resume(5); s.Recovered || !s.Archived || s.From != 0 || s.After != 5 {
		t.Errorf("resume from 5, uncounted: %+v", s)
	}
	a.cannot = nil
	delete(a.messages, at(epochA, 120))
	if s := resume(5); s.Recovered || !s.Archived || s.From != 0 || s.After != 5 {
		t.Errorf("resume from 5 over a hole: %+v", s)
	}
	if s := resume(120); !s.Recovered || !s.Archived || s.From != 0 || s.After != 120 {
		t.Errorf("resume from 120, behind the hole: %+v", s)
	}
	if s := resume(119); s.Recovered || !s.Archived || s.From != 120 || s.To != 120 || s.After != 120 {
		t.Errorf("resume from 119, into the hole: %+v", s)
	}
	l.err = errors.New("redis is away")
	if s := resume(5); s.Recovered || !s.Archived || s.From != 0 || s.After != 5 {
		t.Errorf("resume from 5 without Redis: %+v", s)
	}
	l.err, a.err = nil, errors.New("the database is away")
	if s := resume(5); s.Recovered || s.Archived || s.From != 6 || s.To != 200 || s.After != 200 {
		t.Errorf("resume from 5 without the database: %+v", s)
	}
	if _, _, err := r.Page(t.Context(), at(epochA, 5), 50, 1<<20); !errors.Is(err, a.err) {
		t.Errorf("a page without the database: %v", err)
	}
}

func TestPagesOfTheArchive(t *testing.T) {
	for _, size := range []int{1, 7, 50} {
		r, l, a := withArchive(t)
		expect(t, fmt.Sprint("pages of ", size), follow(t, r, at(epochA, 5), size), row(6, 300))

		delete(a.messages, at(epochA, 6))
		for seq := uint64(50); seq <= 60; seq++ {
			delete(a.messages, at(epochA, seq))
		}
		for seq := uint64(196); seq <= 200; seq++ { // it had not come so far
			delete(a.messages, at(epochA, seq))
		}
		expect(t, fmt.Sprint("holes in the archive, pages of ", size), follow(t, r, at(epochA, 5), size),
			row("gap6-6", 7, 49, "gap50-60", 61, 195, "gap196-200", 201, 300))

		// What the log has lost in its middle the archive may have.
		for _, seq := range []uint64{230, 231, 240} {
			if seq != 240 {
				a.messages[at(epochA, seq)] = l.messages[seq]
			}
			delete(l.messages, seq)
		}
		a.newest = 300
		expect(t, fmt.Sprint("holes in the log, pages of ", size), follow(t, r, at(epochA, 210), size), row(211, 239, "gap240-240", 241, 300))
	}
}

// The log is not read in vain for what it surely does not have, and who is in the log already is not slowed down by who is in the archive.
func TestPagesAskWhoHasIt(t *testing.T) {
	r, l, a := withArchive(t)
	page := func(after uint64) int {
		t.Helper()
		list, _, err := r.Page(t.Context(), at(epochA, after), 20, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	page(5)
	if r.begins.Load() != 201 {
		t.Errorf("the log is thought to begin with %d", r.begins.Load())
	}
	for _, after := range []uint64{230, 25, 210, 45, 200} {
		reads, handed := a.reads, l.handed
		if got := page(after); got != 20 || (after < 200) != (a.reads > reads) || (after < 200) != (l.handed == handed+1) {
			t.Errorf("a page behind %d: %d messages, %d reads of the archive, %d of the log's messages", after, got, a.reads-reads, l.handed-handed)
		}
	}
	// The log goes back, as a Redis that is restored from a snapshot: it has more of the old again.
	for seq := uint64(150); seq <= 200; seq++ {
		l.messages[seq] = a.messages[at(epochA, seq)]
		delete(a.messages, at(epochA, seq))
	}
	handed, reads := l.handed, l.reads
	expect(t, "the log has more again", follow(t, r, at(epochA, 160), 20), row(161, 300))
	if l.handed-handed > 130 || l.reads-reads > 9 { // 108 messages
		t.Errorf("%d messages were read of the log, by %d reads", l.handed-handed, l.reads-reads)
	}
}

// The ring may reach back further than the log: what neither has is told up to where the ring begins.
func TestPagesWhereTheRingIsLongerThanTheLog(t *testing.T) {
	r, l, a := withArchive(t)
	for seq := uint64(201); seq <= 290; seq++ {
		if seq < 260 {
			a.messages[at(epochA, seq)] = l.messages[seq]
		}
		delete(l.messages, seq)
	}
	a.newest = 290
	expect(t, "with an archive", follow(t, r, at(epochA, 190), 20), row(191, 259, "gap260-268", 269, 300))
	if s := r.Resume(t.Context(), at(epochA, 190), 0); s.Recovered || !s.Archived || s.From != 0 {
		t.Errorf("resume from 190: %+v", s)
	}
	r.old = nil
	expect(t, "without", follow(t, r, at(epochA, 190), 20), row("gap191-268", 269, 300))
}

// Of an epoch that the log only knows by name, since all of it was lost, nothing is promised, however far back the log itself can be read.
func TestResumeFromAnAdoptedEpoch(t *testing.T) {
	r, l, _ := withArchive(t)
	l.past = chat.Lineage{{Epoch: epochB}}
	resync(t, r)
	if s := r.Resume(t.Context(), at(epochB, 7), 0); s.Recovered || !s.Rewound || !s.Archived || s.After != 0 || s.From != 0 {
		t.Errorf("resume: %+v", s)
	}
}

// TestArchiveThroughEpochs: what an epoch had behind its end is not served, and a client whose epoch ends on the way is told there.
func TestArchiveThroughEpochs(t *testing.T) {
	l := newLog(100)
	lost := l.messages[91]
	l.turn(90) // 91 to 100 were lost, and are other messages now
	for range 210 {
		l.publish()
	}
	a := archived(l, 200)
	a.messages[at(epochA, 91)] = lost
	r := blank(l)
	r.old = a
	resync(t, r)
	for _, test := range []struct {
		after   chat.Position
		rewound bool
	}{{at(epochA, 5), false}, {at(epochB, 5), false}, {at(epochA, 95), true}} {
		s := r.Resume(t.Context(), test.after, 0)
		if !s.Recovered || !s.Archived || s.Rewound != test.rewound || s.After != min(90, test.after.Seq) {
			t.Errorf("resume from %v: %+v", test.after, s)
		}
		expect(t, fmt.Sprint("who comes back from ", test.after), follow(t, r, at(s.Position.Epoch, s.After), 20), row(int(s.After)+1, 300))
	}
	// A client that is being given pages when its epoch ends hears of it between the messages.
	expect(t, "on the way", follow(t, r, at(epochA, 80), 7), row(81, 90, "reset:b90", 91, 300))
	// Of an epoch that came before all that are known nothing is promised.
	if s := r.Resume(t.Context(), at("cccccccccccccccc", 5), 3); s.Recovered || s.Archived || s.After != 297 {
		t.Errorf("resume from another log: %+v", s)
	}
}

// A server that had lost Redis for long reads for its ring what the log has, not the archive.
func TestRingDoesNotReadTheArchive(t *testing.T) {
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
