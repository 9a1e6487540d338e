package history

import (
	"fmt"
	"strings"
	"testing"
)

// editedHistory is sentHistory of two messages by ann and three acked edits: e3
// and e4 of m1, then e5 of m2.
func editedHistory() (h *History, a, b *Reader) {
	h = New()
	for i, s := range []Send{{ID: "m1"}, {ID: "m2"}, {ID: "e3", Edits: "m1"}, {ID: "e4", Edits: "m1"},
		{ID: "e5", Edits: "m2"}} {
		s.Name, s.Text, s.Sent = "ann", "text of "+s.ID, second(10*(i+1))
		h.SendingContent(s)
		h.Acked(s.ID, Position{Seq: uint64(i + 1)}, second(10*(i+1)+5))
	}
	a, b = h.Reader("a"), h.Reader("b")
	for _, r := range []*Reader{a, b} {
		r.Add(Event{Kind: Joined, At: Position{"e", 0}})
	}
	return h, a, b
}

// received adds an entry of an editedHistory.
func received(r *Reader, epoch string, seq uint64, id string) {
	r.Add(Event{Kind: Message, At: Position{epoch, seq}, ID: id,
		Content: &Content{Name: "ann", Text: "text of " + id, Edits: editsOf[id]}})
}

var editsOf = map[string]string{"e3": "m1", "e4": "m1", "e5": "m2"}

// receivedAll adds the entries of an editedHistory by their numbers.
func receivedAll(r *Reader, numbers ...int) {
	for _, n := range numbers {
		received(r, "e", uint64(n), [...]string{"", "m1", "m2", "e3", "e4", "e5"}[n])
	}
}

// edited adds a message from the archive, with the text of an edit.
func edited(r *Reader, seq uint64, id, edit string) {
	r.Add(Event{Kind: Message, At: Position{"e", seq}, ID: id,
		Content: &Content{Name: "ann", Text: "text of " + edit, Edited: true}})
}

func TestCheckOfEdits(t *testing.T) {
	for _, c := range []struct {
		name string
		tell func(h *History, a, b *Reader)
		want string // a part of the error; empty: none
	}{
		{"everybody has all of it",
			func(_ *History, a, b *Reader) { receivedAll(a, 1, 2, 3, 4, 5); receivedAll(b, 1, 2, 3, 4, 5) }, ""},
		{"one with the text of the newest, as the archive gives it", func(_ *History, a, b *Reader) {
			receivedAll(a, 1, 2, 3, 4, 5)
			receivedAll(b, 1, 2)
			b.Add(Event{Kind: Message, At: Position{"e", 3}, ID: "e3",
				Content: &Content{Name: "ann", Text: "text of e4", Edits: "m1"}})
			receivedAll(b, 4, 5)
		}, ""},
		{"one with the text of one of another message", func(_ *History, a, b *Reader) {
			receivedAll(a, 1, 2, 3, 4, 5)
			receivedAll(b, 1, 2)
			b.Add(Event{Kind: Message, At: Position{"e", 3}, ID: "e3",
				Content: &Content{Name: "ann", Text: "text of e5", Edits: "m1"}})
			receivedAll(b, 4, 5)
		}, "b saw message e3"},
		{"one is lost to one",
			func(_ *History, a, b *Reader) { receivedAll(a, 1, 2, 3, 4, 5); receivedAll(b, 1, 2, 3, 4) },
			"b never saw message e5"},
		{"the hole of a lost one", func(_ *History, a, b *Reader) {
			receivedAll(a, 1, 2, 3, 4, 5)
			receivedAll(b, 1, 2, 4, 5)
		}, "b saw e:4 after 2: a hole of 1"},
		{"twice",
			func(_ *History, a, b *Reader) { receivedAll(a, 1, 2, 3, 4, 5); receivedAll(b, 1, 2, 3, 3, 4, 5) },
			"b saw message e3 2 times"},
		{"twice at two positions", func(_ *History, a, b *Reader) {
			for _, r := range []*Reader{a, b} {
				receivedAll(r, 1, 2, 3, 4, 5)
				received(r, "e", 6, "e3")
			}
		}, "message e3 is at two places"},
		{"a session has one again in a new log", func(_ *History, a, b *Reader) {
			for _, r := range []*Reader{a, b} {
				receivedAll(r, 1, 2, 3, 4, 5)
				r.Add(Event{Kind: Reset, At: Position{"f", 4}})
				received(r, "f", 5, "e5")
			}
		}, ""},
		{"and twice there", func(_ *History, a, b *Reader) {
			for _, r := range []*Reader{a, b} {
				receivedAll(r, 1, 2, 3, 4, 5)
				r.Add(Event{Kind: Reset, At: Position{"f", 4}})
				received(r, "f", 5, "e5")
				received(r, "f", 6, "e5")
			}
		}, "a saw message e5 3 times, now at f:6"},
		{"a session is not told that a new log has one again", func(h *History, a, b *Reader) {
			h.Sending("m6", second(90))
			for _, r := range []*Reader{a, b} {
				receivedAll(r, 1, 2, 3, 4, 5)
				r.Add(Event{Kind: Reset, At: Position{"f", 4}})
			}
			received(a, "f", 5, "e5")
			a.Add(Event{Kind: Message, At: Position{"f", 6}, ID: "m6"})
			b.Add(Event{Kind: Message, At: Position{"f", 6}, ID: "m6"})
		}, "b saw f:6 after 4: a hole of 1"},
		{"an older one wins for one", func(_ *History, a, b *Reader) {
			receivedAll(a, 1, 2, 3, 4, 5)
			receivedAll(b, 1, 2, 3, 4, 5)
			a.Add(Event{Kind: Reset, At: Position{"f", 5}})
			b.Add(Event{Kind: Reset, At: Position{"f", 5}})
			received(a, "f", 6, "e3") // the new log has it after the newer one
		}, "b ends with message m1 with the text of edit e4, and its newest text is that of edit e3"},
		{"one that was not acked, and that all saw", func(h *History, a, b *Reader) {
			h.SendingContent(Send{ID: "e6", Edits: "m1", Sent: second(90)})
			for _, r := range []*Reader{a, b} {
				receivedAll(r, 1, 2, 3, 4, 5)
				r.Add(Event{Kind: Message, At: Position{"e", 6}, ID: "e6"})
			}
		}, ""},
		{"one that was not acked, and that only one saw", func(h *History, a, b *Reader) {
			h.SendingContent(Send{ID: "e6", Edits: "m1", Sent: second(90)})
			receivedAll(a, 1, 2, 3, 4, 5)
			receivedAll(b, 1, 2, 3, 4, 5)
			a.Add(Event{Kind: Message, At: Position{"e", 6}, ID: "e6"})
		}, "b ends with message m1 with the text of edit e4, and its newest text is that of edit e6"},
		{"one that was refused shows", func(h *History, a, b *Reader) {
			h.SendingContent(Send{ID: "e6", Edits: "m1", Sent: second(90)})
			h.Refused("e6")
			for _, r := range []*Reader{a, b} {
				receivedAll(r, 1, 2, 3, 4, 5)
				r.Add(Event{Kind: Message, At: Position{"e", 6}, ID: "e6"})
			}
		}, "a saw message e6 at e:6, which was refused"},
		{"an edit of another message", func(_ *History, a, b *Reader) {
			receivedAll(a, 1, 2, 3, 4, 5)
			receivedAll(b, 1, 2, 3, 4)
			b.Add(Event{Kind: Message, At: Position{"e", 5}, ID: "e5",
				Content: &Content{Name: "ann", Text: "text of e5", Edits: "m1"}})
		}, `b saw message e5 at e:5 as an edit of "m1", sent as one of "m2"`},
		{"a message that has its newest text already", func(h *History, a, b *Reader) {
			receivedAll(a, 1, 2, 3, 4, 5)
			edited(b, 1, "m1", "e4")
			receivedAll(b, 2, 3, 4, 5)
		}, ""},
		{"a text that no edit gave", func(_ *History, a, b *Reader) {
			receivedAll(a, 1, 2, 3, 4, 5)
			edited(b, 1, "m1", "e5")
			receivedAll(b, 2, 3, 4, 5)
		}, `b saw message m1 at e:1 with the text "text of e5", which no edit gave it`},
		{"the text of an edit, and it does not say so", func(_ *History, a, b *Reader) {
			receivedAll(a, 1, 2, 3, 4, 5)
			b.Add(Event{Kind: Message, At: Position{"e", 1}, ID: "m1",
				Content: &Content{Name: "ann", Text: "text of e4"}})
			receivedAll(b, 2, 3, 4, 5)
		}, `b saw message m1 at e:1 with the text "text of e4", sent as "text of m1"`},
		{"a gap announced that the newest one would not come", func(_ *History, a, b *Reader) {
			receivedAll(a, 1, 2, 3, 4, 5)
			receivedAll(b, 1, 2, 3)
			gap(b, 4, 4)
			receivedAll(b, 5)
		}, ""},
		{"a reader that left before", func(_ *History, a, b *Reader) {
			receivedAll(a, 1, 2, 3, 4, 5)
			receivedAll(b, 1, 2, 3)
			b.Leave()
		}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			h, a, b := editedHistory()
			c.tell(h, a, b)
			verdict(t, h, c.want)
		})
	}
}

// The stored entries of an editedHistory: the archive has the numbers of edits,
// the log has them as they are.
func TestCheckOfStoredEdits(t *testing.T) {
	at := func(seq uint64, id, text string) Entry {
		e := Entry{At: Position{"e", seq}, ID: id, Name: "ann"}
		if e.Text = text; id == "" {
			e.Name = ""
		}
		return e
	}
	m1, m2 := at(1, "m1", "text of e4"), at(2, "m2", "text of e5")
	three, four, five := at(3, "", ""), at(4, "", ""), at(5, "", "")
	for _, c := range []struct {
		name     string
		kept     []Entry
		newcomer []int
		want     string
	}{
		{"all of it", []Entry{m1, m2, three, four, five}, []int{1, 2, 3, 4, 5}, ""},
		{"the newest one only in the log", []Entry{m1, m2, three, four, at(5, "e5", "text of e5")},
			[]int{1, 2, 3, 4, 5}, ""},
		{"one is lost", []Entry{m1, m2, three, five}, []int{1, 2, 3, 4, 5},
			"message e4, acked at e:4, is neither in the log nor in the archive"},
		{"one too many", []Entry{m1, m2, three, four, five, at(6, "", "")}, []int{1, 2, 3, 4, 5},
			"log and archive have 6, which is no entry that a reader saw"},
		{"the first text", []Entry{at(1, "m1", "text of m1"), m2, three, four, five}, []int{1, 2, 3, 4, 5},
			`message m1 at e:1 with the text "text of m1", sent as "text of e4" by its newest edit e4`},
		{"the text of an older edit", []Entry{at(1, "m1", "text of e3"), m2, three, four, five},
			[]int{1, 2, 3, 4, 5}, `with the text "text of e3", sent as "text of e4" by its newest edit e4`},
		{"another text of an edit", []Entry{m1, m2, three, four, at(5, "e5", "x")}, []int{1, 2, 3, 4, 5},
			`message e5 at e:5 with the text "x", sent as "text of e5"`},
		{"a newcomer lacks one", []Entry{m1, m2, three, four, five}, []int{1, 2, 3, 4},
			"newcomer received 4 messages of 5 in log and archive: it lacks e:5"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h, a, b := editedHistory()
			receivedAll(a, 1, 2, 3, 4, 5)
			receivedAll(b, 1, 2, 3, 4, 5)
			h.SetStored(c.kept)
			receivedAll(h.Newcomer("newcomer", Position{"e", 0}), c.newcomer...)
			verdict(t, h, c.want)
		})
	}
}

func TestEditsAreCountedAndWritten(t *testing.T) {
	h, a, b := editedHistory()
	receivedAll(a, 1, 2, 3, 4, 5)
	receivedAll(b, 1, 2)
	if s := h.Summary(); s.Edits != 3 || s.Plus(s).Edits != 6 || s.Acked != 5 || s.Delivered != 7 {
		t.Errorf("summary %+v", s)
	}
	if err := h.Lagging(); err == nil || !strings.HasPrefix(err.Error(), "b lacks e3") {
		t.Errorf("lagging: %v", err)
	}
	var text strings.Builder
	_, _ = h.WriteTo(&text)
	want := fmt.Sprintf("%9.3fs sent e3, an edit of m1, acked", 20.0)
	if !strings.Contains(text.String(), want) {
		t.Errorf("no %q in\n%s", want, text.String())
	}
}
