package history

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// second returns the n-th second.
func second(n int) time.Time { return time.Unix(int64(n), 0) }

// sentHistory returns a history in which messages 1 to n of epoch e have the
// ids m1 to mn, each acked before the next was sent, and its readers a and b,
// which joined at the beginning.
func sentHistory(n int) (h *History, a, b *Reader) {
	h = New()
	for i := 1; i <= n; i++ {
		id := fmt.Sprint("m", i)
		h.Sending(id, second(10*i))
		h.Acked(id, Position{"e", uint64(i)}, second(10*i+5))
	}
	a, b = h.Reader("a"), h.Reader("b")
	for _, r := range []*Reader{a, b} {
		r.Add(Event{Kind: Joined, At: Position{"e", 0}})
	}
	return h, a, b
}

// saw adds messages of epoch e by their numbers.
func saw(r *Reader, numbers ...int) {
	for _, n := range numbers {
		r.Add(Event{Kind: Message, At: Position{"e", uint64(n)}, ID: fmt.Sprint("m", n)})
	}
}

func gap(r *Reader, from, to uint64) {
	r.Add(Event{Kind: Gap, At: Position{"e", from}, To: to})
}

// message adds the message id at a position.
func message(r *Reader, epoch string, seq uint64, id string) {
	r.Add(Event{Kind: Message, At: Position{epoch, seq}, ID: id})
}

func reset(r *Reader, epoch string, seq uint64) {
	r.Add(Event{Kind: Reset, At: Position{epoch, seq}})
}

func resumed(r *Reader, epoch string, seq uint64) {
	r.Add(Event{Kind: Resumed, At: Position{epoch, seq}})
}

// checkCase is a history, and what Check says about it.
type checkCase struct {
	name string
	tell func(h *History, a, b *Reader) // three messages have been acked
	want string                         // a part of the error; empty: none
}

// cleanHistories keep every promise.
var cleanHistories = []checkCase{
	{"every reader sees every message",
		func(h *History, a, b *Reader) { saw(a, 1, 2, 3); saw(b, 1, 2, 3) }, ""},
	{"what it was not sent it has from the store", func(h *History, a, b *Reader) {
		saw(a, 1, 2, 3)
		saw(b, 1, 2)
		b.Ask([]Entry{{ID: "m1"}, {ID: "m3"}, {ID: "of another chat"}})
	}, ""},
	{"a broken connection is no excuse and no fault", func(h *History, a, b *Reader) {
		saw(a, 1, 2, 3)
		saw(b, 1)
		b.Add(Event{Kind: Disconnected})
		saw(b, 2, 3)
	}, ""},
	{"a gap that was announced",
		func(h *History, a, b *Reader) { saw(a, 1, 2, 3); gap(b, 1, 2); saw(b, 3) }, ""},
	{"a reader that left", func(h *History, a, b *Reader) { saw(a, 1, 2, 3); saw(b, 1); b.Leave() }, ""},
	{"a late reader", func(h *History, a, b *Reader) {
		saw(a, 1, 2, 3)
		saw(b, 1, 2, 3)
		c := h.Reader("c")
		c.Add(Event{Kind: Joined, At: Position{"e", 2}})
		saw(c, 3)
	}, ""},
	{"unknown, and in the log", func(h *History, a, b *Reader) {
		h.Sending("m4", second(100))
		saw(a, 1, 2, 3, 4)
		saw(b, 1, 2, 3, 4)
	}, ""},
	{"unknown, and not in the log", func(h *History, a, b *Reader) {
		h.Sending("m4", second(100))
		saw(a, 1, 2, 3)
		saw(b, 1, 2, 3)
	}, ""},
	{"a new log continues after the old one", func(h *History, a, b *Reader) {
		h.Sending("n", second(100))
		h.Acked("n", Position{Seq: 9}, second(101))
		for _, r := range []*Reader{a, b} {
			saw(r, 1, 2, 3)
			reset(r, "f", 8)
			message(r, "f", 9, "n")
		}
	}, ""},
	{"a reader that resumes in a new log receives what it missed", func(h *History, a, b *Reader) {
		h.Sending("n", second(100))
		h.Acked("n", Position{"f", 4}, second(101))
		saw(a, 1, 2, 3)
		reset(a, "f", 3)
		message(a, "f", 4, "n")
		saw(b, 1)
		b.Add(Event{Kind: Disconnected})
		reset(b, "f", 4) // a Session's
		resumed(b, "f", 4)
		message(b, "f", 2, "m2")
		message(b, "f", 3, "m3")
		message(b, "f", 4, "n")
	}, ""},
	{"a message that no reader saw before its log was replaced is in the new one",
		func(h *History, a, b *Reader) {
			for _, r := range []*Reader{a, b} {
				saw(r, 1, 2)
				reset(r, "f", 8)
				message(r, "f", 9, "m3")
			}
		}, ""},
	{"a message at another position of the new log, shown to a reader that had not seen it",
		func(h *History, a, b *Reader) {
			h.Sending("n", second(100))
			raw := h.RawReader("raw")
			raw.Add(Event{Kind: Joined, At: Position{"e", 0}})
			saw(a, 1, 2, 3)
			saw(b, 1, 2)
			saw(raw, 1, 2, 3)
			for _, r := range []*Reader{a, b, raw} {
				reset(r, "f", 8)
			}
			message(raw, "f", 9, "m3")
			message(b, "f", 9, "m3")
			for _, r := range []*Reader{a, b, raw} {
				message(r, "f", 10, "n")
			}
		}, ""},
	{"a late reader in a later log", func(h *History, a, b *Reader) {
		saw(a, 1, 2, 3)
		saw(b, 1, 2, 3)
		reset(a, "f", 3)
		reset(b, "f", 3)
		c := h.Reader("c")
		c.Add(Event{Kind: Joined, At: Position{"f", 3}, When: second(90)})
	}, ""},
}

func TestCheck(t *testing.T) {
	for _, c := range slices.Concat(cleanHistories, faultyHistories) {
		t.Run(c.name, func(t *testing.T) {
			h, a, b := sentHistory(3)
			c.tell(h, a, b)
			err := h.Check(GapsAsked)
			if c.want == "" && err != nil {
				t.Errorf("a clean history: %v", err)
			}
			if c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("check says %v, want %q", err, c.want)
			}
		})
	}
}
