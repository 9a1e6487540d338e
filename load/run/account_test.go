package run

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"
)

// newcomer returns an account in a room whose log begins after seq 100.
func newcomer(t *room) *account {
	a := &account{counts: &counts{}, room: t}
	a.join(t.log("e"), 100)
	return a
}

func (a *account) takes(seqs ...uint64) (fresh int) {
	for _, s := range seqs {
		if a.take(s, s-100, 0) {
			fresh++
		}
	}
	return fresh
}

// figures are the expected counts of an account.
type figures struct{ lost, announced, excused, doubled, reordered, resets int64 }

func (a *account) figures() figures {
	c := a.counts
	return figures{c.lost.Load(), c.announced.Load(), c.excused.Load(), c.duplicated.Load(),
		c.reordered.Load(), c.resets.Load()}
}

func TestAccount(t *testing.T) {
	for _, test := range []struct {
		name  string
		do    func(a *account) int
		fresh int
		want  figures
	}{
		{"all is well", func(a *account) int { return a.takes(101, 102, 103) }, 3, figures{}},
		{"one is missing", func(a *account) int { return a.takes(101, 103) }, 2, figures{lost: 1}},
		{"the first is missing", func(a *account) int { return a.takes(103) }, 1, figures{lost: 2}},
		{"one comes twice", func(a *account) int { return a.takes(101, 101, 102) }, 2, figures{doubled: 1}},
		{"two change places", func(a *account) int { return a.takes(102, 101, 103) }, 3,
			figures{reordered: 1}},
		{"one comes late and twice", func(a *account) int { return a.takes(101, 104, 103, 103) }, 3,
			figures{lost: 1, reordered: 1, doubled: 1}},
		{"the last are missing", func(a *account) int { n := a.takes(101); a.end(103); return n }, 1,
			figures{lost: 2}},
		{"a gap is lost too", func(a *account) int {
			n := a.takes(101)
			a.gap(102, 104)
			return n +
				a.takes(105)
		}, 2, figures{lost: 3, announced: 3}},
		{"but not for who is slow", func(a *account) int {
			a.excused = true
			a.gap(101,
				104)
			return a.takes(105)
		}, 1, figures{announced: 4, excused: 4}},
		{"a gap that has been got", func(a *account) int {
			n := a.takes(101, 102)
			a.resume(a.log, 100, true)
			a.gap(101, 102)
			return n + a.takes(103)
		}, 3, figures{}},
		{"a new connection goes on",
			func(a *account) int {
				n := a.takes(101)
				a.resume(a.log, 101, true)
				return n +
					a.takes(102)
			}, 2, figures{}},
		{"it overlaps with the old one", func(a *account) int {
			n := a.takes(101, 102, 103)
			a.resume(a.log, 101, true)
			return n + a.takes(102, 103, 104)
		}, 4, figures{}},
		{"it skips", func(a *account) int {
			n := a.takes(101)
			a.resume(a.log, 101, true)
			return n +
				a.takes(104)
		}, 2, figures{lost: 2}},
		{"it doubles", func(a *account) int {
			n := a.takes(101)
			a.resume(a.log, 101, true)
			return n +
				a.takes(101, 102)
		}, 2, figures{doubled: 1}},
		{"it skips what the old one had", func(a *account) int {
			n := a.takes(101, 102, 103)
			a.resume(a.log, 100, true)
			return n + a.takes(103, 104)
		}, 4, figures{}},
		{"the log is replaced", func(a *account) int {
			a.replace(a.room.log("f"), 7,
				true)
			return a.takes(109) - 1
		}, 0, figures{lost: 101, resets: 1}},
		{"the log is replaced while away",
			func(a *account) int {
				a.resume(a.room.log("f"), 100, false)
				return a.takes(108,
					109)
			}, 2, figures{resets: 1}},
		{"the log goes on in another epoch", func(a *account) int {
			n := a.takes(101)
			a.replace(a.room.log("f"), 101, true)
			return n + a.takes(102)
		}, 2, figures{}},
		{"it does while away", func(a *account) int {
			n := a.takes(101)
			a.resume(a.room.log("f"), 101, true)
			return n + a.takes(102, 103)
		}, 3, figures{}},
		{"it does while away, and skips",
			func(a *account) int {
				n := a.takes(101)
				a.resume(a.room.log("f"), 101, true)
				return n +
					a.takes(103)
			}, 2, figures{lost: 1}},
		{"a reset that says nothing new",
			func(a *account) int { a.replace(a.log, 100, true); return a.takes(101) }, 1, figures{}},
		{"a client that left misses nothing",
			func(a *account) int { n := a.takes(101); a.log = nil; a.end(0); return n }, 1, figures{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := newcomer(&room{})
			if fresh := test.do(a); fresh != test.fresh {
				t.Errorf("%d deliveries, want %d", fresh, test.fresh)
			}
			if got := a.figures(); got != test.want {
				t.Errorf("counted %+v, want %+v", got, test.want)
			}
		})
	}
}

// Two clients that see different messages at the same seq are each consistent
// by themselves.
func TestConflictsBetweenClientsAreCounted(t *testing.T) {
	r := &room{}
	a, b := newcomer(r), newcomer(r)
	a.take(101, 1, 0)
	a.take(102, 2, 0)
	b.take(101, 2, 0)
	b.take(102, 1, 0)
	if got := b.figures(); got.reordered != 2 {
		t.Errorf("swapped for one of them: %+v", got)
	}
	a.take(103, 2, 0)
	if got := a.figures(); got.doubled != 1 {
		t.Errorf("in the log twice: %+v", got)
	}
	a.take(104, 0, 77)
	b.take(103, 2, 0)
	b.take(104, 0, 78)
	if got := b.figures(); got.reordered != 3 {
		t.Errorf("another client's message at another seq: %+v", got)
	}
}

// Random losses, duplicates and delays are counted exactly.
func TestRandomFaultsAreCountedExactly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := newcomer(&room{})
		var want figures
		var held []uint64
		var fresh int
		for seq := uint64(101); seq < 200; seq++ {
			switch rapid.IntRange(0, 9).Draw(t, "fault") {
			case 0:
				want.lost++
			case 1:
				fresh += a.takes(seq, seq)
				want.doubled++
			case 2:
				held = append(held, seq)
			default:
				fresh += a.takes(seq)
			}
		}
		fresh += a.takes(200)
		fresh += a.takes(held...)
		want.reordered = int64(len(held))
		a.end(200)
		if got := a.figures(); got != want || int64(fresh) != 100-want.lost {
			t.Fatalf("counted %+v and %d deliveries, want %+v", got, fresh, want)
		}
	})
}

func TestIDs(t *testing.T) {
	mine, other := ids{NewRunID()}, ids{NewRunID()}
	for _, n := range []uint64{1, 4095, 1<<40 - 1} {
		for _, due := range []time.Duration{0, time.Microsecond, 12 * time.Second, 6 * 24 * time.Hour} {
			id := []byte(mine.id(n, due, n == 4095))
			if mine.isSlow(id) != (n == 4095) {
				t.Errorf("%s does not say whether the network is slow", id)
			}
			if _, err := uuid.ParseBytes(id); err != nil {
				t.Errorf("%s is no UUID: %v", id, err)
			}
			if got, at := mine.parse(id); got != n || at != due {
				t.Errorf("%d due after %s is parsed as %d after %s", n, due, got, at)
			}
			if got, _ := other.parse(id); got != 0 {
				t.Errorf("the id of another run is parsed as %d", got)
			}
		}
	}
	if n, _ := mine.parse([]byte("short")); n != 0 {
		t.Errorf("an invalid id is parsed as %d", n)
	}
}
