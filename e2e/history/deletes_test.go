package history

import (
	"fmt"
	"strings"
	"testing"

	"livechat/client"
)

// deletedHistory is an editedHistory with an acked delete, d6, of m1.
func deletedHistory() (h *History, a, b *Reader) {
	h, a, b = editedHistory()
	h.SendingContent(Send{ID: "d6", Name: "ann", Deletes: "m1", Sent: second(60)})
	h.Acked("d6", Position{Seq: 6}, second(65))
	return h, a, b
}

// deletes adds the delete of a deletedHistory.
func deletes(r *Reader, epoch string, seq uint64) {
	r.Add(Event{Kind: Message, At: Position{epoch, seq}, ID: "d6",
		Content: &Content{Name: "ann", Deletes: "m1"}})
}

// buried adds a tombstone of a message or an edit.
func buried(r *Reader, epoch string, seq uint64, id string) {
	r.Add(Event{Kind: Tombstone, At: Position{epoch, seq}, ID: id,
		Content: &Content{Name: "ann", Edits: editsOf[id]}})
}

// receivedBuried adds the entries of a deletedHistory as they are after the
// delete.
func receivedBuried(r *Reader) {
	buried(r, "e", 1, "m1")
	receivedAll(r, 2)
	buried(r, "e", 3, "e3")
	buried(r, "e", 4, "e4")
	receivedAll(r, 5)
	deletes(r, "e", 6)
}

func TestCheckOfDeletes(t *testing.T) {
	for _, c := range []struct {
		name string
		tell func(h *History, b *Reader) // another reader was there all the time
		want string                      // a part of the error; empty: none
	}{
		{"before all of it", func(_ *History, b *Reader) { receivedAll(b, 1, 2, 3, 4, 5); deletes(b, "e", 6) }, ""},
		{"after all of it", func(_ *History, b *Reader) { receivedBuried(b) }, ""},
		{"in the middle of it", func(_ *History, b *Reader) {
			receivedAll(b, 1, 2, 3)
			buried(b, "e", 4, "e4")
			receivedAll(b, 5)
			deletes(b, "e", 6)
		}, ""},
		{"it is lost", func(_ *History, b *Reader) { receivedAll(b, 1, 2, 3, 4, 5) },
			"b never saw message d6"},
		{"what it deleted is lost", func(_ *History, b *Reader) {
			receivedAll(b, 2)
			buried(b, "e", 3, "e3")
			buried(b, "e", 4, "e4")
			receivedAll(b, 5)
			deletes(b, "e", 6)
		}, "b never saw message m1"},
		{"twice", func(_ *History, b *Reader) {
			buried(b, "e", 1, "m1")
			receivedAll(b, 1, 2, 3, 4, 5)
			deletes(b, "e", 6)
		}, "b saw message m1 2 times"},
		{"a session has it and its tombstones again in a new log", func(_ *History, b *Reader) {
			receivedAll(b, 1, 2, 3, 4, 5)
			deletes(b, "e", 6)
			b.Add(Event{Kind: Reset, At: Position{"f", 3}})
			buried(b, "f", 4, "e4")
			received(b, "f", 5, "e5")
			deletes(b, "f", 6)
		}, ""},
		{"the text comes back in a new log", func(_ *History, b *Reader) {
			receivedBuried(b)
			b.Add(Event{Kind: Reset, At: Position{"f", 6}})
			received(b, "f", 7, "e4")
		}, "b ends with message m1 with the text of edit e4, and its newest text is none, as it is deleted"},
		{"a tombstone of a message that nobody deleted", func(_ *History, b *Reader) {
			receivedAll(b, 1)
			buried(b, "e", 2, "m2")
			receivedAll(b, 3, 4, 5)
			deletes(b, "e", 6)
		}, "b saw message m2 at e:2 as a tombstone, and nobody deleted it"},
		{"a tombstone under another name", func(_ *History, b *Reader) {
			b.Add(Event{Kind: Tombstone, At: Position{"e", 1}, ID: "m1", Content: &Content{Name: "bob"}})
			receivedAll(b, 2, 3, 4, 5)
			deletes(b, "e", 6)
		}, `b saw message m1 at e:1 under the name "bob", sent by "ann"`},
		{"a delete of another message", func(_ *History, b *Reader) {
			receivedAll(b, 1, 2, 3, 4, 5)
			b.Add(Event{Kind: Message, At: Position{"e", 6}, ID: "d6",
				Content: &Content{Name: "ann", Deletes: "m2"}})
		}, `b saw message d6 at e:6 as a delete of "m2", sent as one of "m1"`},
		{"a gap announced that it would not come", func(_ *History, b *Reader) {
			receivedAll(b, 1, 2, 3, 4, 5)
			gap(b, 6, 6)
		}, ""},
		{"an edit after it", func(h *History, b *Reader) {
			receivedAll(b, 1, 2, 3, 4, 5)
			deletes(b, "e", 6)
			h.SendingContent(Send{ID: "e7", Edits: "m1", Sent: second(60)})
			b.Add(Event{Kind: Message, At: Position{"e", 7}, ID: "e7"})
		}, "b ends with message m1 with the text of edit e7, and its newest text is none"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h, a, b := deletedHistory()
			receivedAll(a, 1, 2, 3, 4, 5)
			deletes(a, "e", 6)
			c.tell(h, b)
			verdict(t, h, c.want)
		})
	}
}

// The archive has the numbers of edits and deletes, and the log has all of it.
func TestCheckOfStoredDeletes(t *testing.T) {
	at := func(seq uint64, id, text string, deleted bool) Entry {
		e := Entry{At: Position{"e", seq}, ID: id, Text: text, Deleted: deleted}
		if id != "" {
			e.Name = "ann"
		}
		return e
	}
	m1, m2 := at(1, "m1", "", true), at(2, "m2", "text of e5", false)
	three, four := at(3, "", "", false), at(4, "", "", false)
	five, six := at(5, "", "", false), at(6, "", "", false)
	for _, c := range []struct {
		name     string
		kept     []Entry
		newcomer func(n *Reader)
		want     string
	}{
		{"all of it", []Entry{m1, m2, three, four, five, six}, receivedBuried, ""},
		{"the end of it only in the log", []Entry{m1, m2, three, at(4, "e4", "", true), five,
			at(6, "d6", "", false)}, receivedBuried, ""},
		{"it is lost", []Entry{m1, m2, three, four, five}, receivedBuried,
			"message d6, acked at e:6, is neither in the log nor in the archive"},
		{"the text is archived", []Entry{at(1, "m1", "text of e4", false), m2, three, four, five, six},
			receivedBuried, "log and archive have message m1 at e:1 though it was deleted by d6"},
		{"the text of a tombstone", []Entry{at(1, "m1", "text of m1", true), m2, three, four, five, six},
			receivedBuried, "log and archive have message m1 at e:1 though it was deleted by d6"},
		{"the log has the text of an edit", []Entry{m1, m2, at(3, "e3", "text of e3", false), four, five, six},
			receivedBuried, "log and archive have message e3 at e:3 though it was deleted by d6"},
		{"nobody deleted it", []Entry{m1, at(2, "m2", "", true), three, four, five, six}, receivedBuried,
			"log and archive have message m2 at e:2 as deleted, and nobody deleted it"},
		{"a newcomer gets the text", []Entry{m1, m2, three, four, five, six}, func(n *Reader) {
			receivedAll(n, 1, 2, 3, 4, 5)
			deletes(n, "e", 6)
		}, "newcomer saw m1 at e:1 with a text, and its message was deleted by d6"},
		{"a newcomer lacks it", []Entry{m1, m2, three, four, five, six}, func(n *Reader) {
			buried(n, "e", 1, "m1")
		}, "newcomer received 1 messages of 6 in log and archive: it lacks e:2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h, a, b := deletedHistory()
			for _, r := range []*Reader{a, b} {
				receivedAll(r, 1, 2, 3, 4, 5)
				deletes(r, "e", 6)
			}
			h.SetStored(c.kept)
			c.newcomer(h.Newcomer("newcomer", Position{"e", 0}))
			verdict(t, h, c.want)
		})
	}
}

func TestTakeDeletes(t *testing.T) {
	h, _, _ := editedHistory()
	h.SendingContent(Send{ID: "d6", Name: "ann", Deletes: "m1", Sent: second(60)})
	r := h.Reader("session")
	for _, e := range []client.Event{
		&client.Welcome{Epoch: "e"}, &client.Tombstone{Seq: 1, ID: "m1", Name: "ann"},
		&client.Message{Seq: 2, ID: "m2", Name: "ann", Text: "text of m2"},
		&client.Tombstone{Seq: 3, ID: "e3", Name: "ann", Target: &client.Target{Seq: 1, ID: "m1"}},
		&client.Tombstone{Seq: 4, ID: "e4", Name: "ann", Target: &client.Target{Seq: 1, ID: "m1"}},
		&client.Edited{Seq: 5, ID: "e5", Name: "ann", Text: "text of e5", Target: client.Target{ID: "m2"}},
		&client.Deleted{Seq: 6, ID: "d6", Name: "ann", Target: client.Target{ID: "m1"}},
	} {
		r.Take(e)
	}
	_ = h.Check(NoGaps)
	if got := h.Summary(); got.Delivered != 6 || len(r.wrong) > 0 || r.shows["m1"] != gone ||
		r.shows["m2"] != "e5" {
		t.Errorf("%+v, shows %v, wrong %v", got, r.shows, r.wrong)
	}
	h.Acked("d6", Position{}, second(65))
	if s := h.Summary(); s.Deletes != 1 || s.Plus(s).Deletes != 2 {
		t.Errorf("summary %+v", s)
	}
	var text strings.Builder
	_, _ = h.WriteTo(&text)
	for _, want := range []string{fmt.Sprintf("%9.3fs sent d6, a delete of m1, acked", 50.0),
		"tombstone at e:1"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("no %q in\n%s", want, text.String())
		}
	}
}
