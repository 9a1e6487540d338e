package history

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// drawn is the history of a room that keeps its promises, as lists that can
// still be changed. The first reader is a raw one.
type drawn struct {
	sends   []Send
	acks    map[string][]Ack
	readers [][]Event
	kept    []Entry // what log and archive have at the end, and a newcomer received
	given   []Entry
	texts   map[string]string // in the end, of messages that were edited
	numbers bool              // of edits the archive has only the numbers
}

// entry is one position of a log that was replaced now and then.
type entry struct {
	Send
	again bool // the old log had it, too
}

// draw draws one or two logs and readers that join, miss announced messages and
// lose connections at random.
func draw(t *rapid.T) drawn {
	d := drawn{acks: map[string][]Ack{}, texts: map[string]string{}}
	var log []entry // in order of position
	for epoch := range rapid.IntRange(1, 2).Draw(t, "epochs") {
		name := fmt.Sprint("e", epoch)
		if epoch > 0 {
			moved := log[len(log)-rapid.IntRange(0, 2).Draw(t, "moved"):]
			// which raw readers receive
			if len(moved) > 0 && rapid.Bool().Draw(t, "after a newer one") {
				log = append(log, d.say(t, name, len(log)+1, moved))
			}
			for _, e := range moved {
				e.At, e.again = Position{name, uint64(len(log) + 1)}, true
				log = append(log, e)
			}
		}
		for range rapid.IntRange(3, 12).Draw(t, "messages") {
			log = append(log, d.say(t, name, len(log)+1, nil))
		}
	}
	for _, e := range log {
		if e.Edits != "" {
			d.texts[e.Edits] = e.Text
		}
	}
	for i, e := range log {
		if !slices.ContainsFunc(log[i+1:], func(later entry) bool { return later.ID == e.ID }) {
			d.kept = append(d.kept, Entry{At: e.At, ID: e.ID, Name: e.Name, Text: e.Text})
		}
	}
	d.given = slices.Clone(d.kept)
	d.numbers = rapid.Bool().Draw(t, "edits are archived")
	for i, e := range d.kept {
		if text, ok := d.texts[e.ID]; ok {
			d.kept[i].Text = text
			if rapid.Bool().Draw(t, "the newcomer has it from the archive") {
				d.given[i].Text = text
			}
		}
	}
	if rapid.Bool().Draw(t, "one that never arrived") {
		d.sends = append(d.sends, Send{ID: "lost", Sent: second(1)})
	}
	for i := range rapid.IntRange(2, 4).Draw(t, "readers") {
		d.readers = append(d.readers, drawReader(t, log, i == 0))
	}
	return d
}

// messages returns the ids of the messages that were sent, but those that come
// later.
func (d *drawn) messages(later []entry) (ids []string) {
	for _, s := range d.sends {
		if s.Edits == "" && !slices.ContainsFunc(later, func(e entry) bool { return e.ID == s.ID }) {
			ids = append(ids, s.ID)
		}
	}
	return ids
}

// edits returns the message that an entry edits, if it is an edit.
func (d *drawn) edits(id string) string {
	i := slices.IndexFunc(d.sends, func(s Send) bool { return s.ID == id })
	return d.sends[i].Edits
}

// say draws the n-th message of the log, or an edit of one that is before it,
// and its acks. As in the protocol, they do not name an epoch.
func (d *drawn) say(t *rapid.T, epoch string, n int, later []entry) entry {
	s := Send{
		ID:   fmt.Sprint("m", n),
		Name: "ann",
		Text: fmt.Sprint("text ", n),
		Sent: second(10 * n),
		At:   Position{epoch, uint64(n)},
	}
	if earlier := d.messages(later); len(earlier) > 0 && rapid.IntRange(0, 2).Draw(t, "edit") == 0 {
		s.Edits = rapid.SampledFrom(earlier).Draw(t, "of")
	}
	if rapid.IntRange(0, 3).Draw(t, "acked") > 0 {
		s.Acked = second(10*n + rapid.IntRange(1, 30).Draw(t, "took"))
		tries := rapid.IntRange(1, 2).Draw(t, "tries")
		d.acks[s.ID] = []Ack{
			{At: Position{Seq: uint64(n)}, When: s.Acked, Tries: tries, Duplicate: tries > 1},
		}
		if rapid.Bool().Draw(t, "sent again") {
			d.acks[s.ID] = append(d.acks[s.ID],
				Ack{At: Position{Seq: uint64(n)}, When: s.Acked, Tries: tries + 1, Duplicate: true})
		}
	}
	d.sends = append(d.sends, s)
	return entry{Send: s}
}

func drawReader(t *rapid.T, log []entry, raw bool) []Event {
	begin := rapid.IntRange(0, 2).Draw(t, "joins after")
	if raw {
		begin = 0
	}
	epoch := log[begin].At.Epoch
	events := []Event{{Kind: Joined, At: Position{epoch, uint64(begin)}, When: second(10*begin + 1)}}
	seen := map[string]bool{}
	for _, s := range log[begin:] {
		if s.At.Epoch != epoch {
			epoch = s.At.Epoch
			events = append(events, Event{Kind: Reset, At: Position{epoch, s.At.Seq - 1}, When: s.Sent})
		}
		if s.again && !raw && seen[s.ID] && s.Edits == "" {
			continue
		}
		switch rapid.IntRange(0, 9).Draw(t, "event") {
		case 0:
			if !raw {
				events = append(events, Event{Kind: Gap, At: s.At, To: s.At.Seq})
				continue
			}
		case 1:
			events = append(events, Event{Kind: Disconnected}, Event{Kind: Recovered, At: s.At, When: s.Sent})
		}
		events = append(events,
			Event{Kind: Message, At: s.At, ID: s.ID, When: s.Sent,
				Content: &Content{Name: s.Name, Text: s.Text, Edits: s.Edits}})
		seen[s.ID] = true
	}
	return events
}

// history records all of it.
func (d drawn) history() *History {
	h := New()
	for _, s := range d.sends {
		h.SendingContent(s)
		for _, a := range d.acks[s.ID] {
			h.Answered(s.ID, a)
		}
	}
	kept := slices.Clone(d.kept)
	for i, e := range kept {
		if d.numbers && d.edits(e.ID) != "" {
			kept[i] = Entry{At: Position{Seq: e.At.Seq}}
		}
	}
	h.SetStored(kept)
	for i, events := range d.readers {
		r := h.add(&Reader{Name: fmt.Sprint("reader ", i), raw: i == 0})
		for _, e := range events {
			r.Add(e)
		}
	}
	first := d.sends[0].At
	n := h.Newcomer("newcomer", Position{first.Epoch, 0})
	for i, e := range d.given {
		if i == 0 && e.At.Epoch != first.Epoch || i > 0 && e.At.Epoch != d.given[i-1].At.Epoch {
			n.Add(Event{Kind: Reset, At: Position{e.At.Epoch, e.At.Seq - 1}, When: second(1000)})
		}
		text, edited := d.texts[e.ID]
		n.Add(Event{
			Kind: Message,
			At:   e.At,
			ID:   e.ID,
			When: second(1000),
			Content: &Content{Name: e.Name, Text: e.Text, Edits: d.edits(e.ID),
				Edited: edited && e.Text == text},
		})
	}
	return h
}

// acked reports whether a reader that was connected has to receive the message.
func (d drawn) acked(id string) bool {
	return slices.ContainsFunc(d.sends, func(s Send) bool { return s.ID == id && !s.Acked.IsZero() })
}

// A room that keeps its promises passes; one that breaks one of them once does
// not.
func TestCheckProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := draw(t)
		if err := d.history().Check(GapsAsked); err != nil {
			t.Fatalf("a clean history: %v\n%+v", err, d)
		}
		if err := d.history().Lagging(); err != nil {
			t.Fatalf("all have caught up, and yet: %v\n%+v", err, d)
		}
		if how := d.breakPromise(t); how != "" {
			if err := d.history().Check(GapsAsked); err == nil {
				t.Fatalf("%s: not found\n%+v", how, d)
			}
		}
	})
}
