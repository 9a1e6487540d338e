package history

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// drawn is a history as a room that keeps its promises makes it, still as lists that can be spoilt. The first reader is a raw one.
type drawn struct {
	sends   []Send
	readers [][]Event
}

// entry is one place of a log that was replaced now and then.
type entry struct {
	Send
	again bool // the old log had it too
}

// draw makes up one or two logs and readers who come, miss announced parts and lose connections as they like.
func draw(t *rapid.T) drawn {
	var d drawn
	var log []entry // in order of place
	for epoch := range rapid.IntRange(1, 2).Draw(t, "epochs") {
		name := fmt.Sprint("e", epoch)
		if epoch > 0 {
			for _, e := range log[len(log)-rapid.IntRange(0, 2).Draw(t, "moved"):] {
				e.At, e.again = Position{name, uint64(len(log) + 1)}, true
				log = append(log, e)
			}
		}
		for range rapid.IntRange(3, 12).Draw(t, "messages") {
			n := len(log) + 1
			s := Send{ID: fmt.Sprint("m", n), Sent: second(10 * n), At: Position{name, uint64(n)}}
			if rapid.IntRange(0, 3).Draw(t, "acked") > 0 {
				s.Acked = second(10*n + rapid.IntRange(1, 30).Draw(t, "took"))
			}
			log = append(log, entry{Send: s})
			d.sends = append(d.sends, s)
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

func drawReader(t *rapid.T, log []entry, raw bool) []Event {
	begin := rapid.IntRange(0, 2).Draw(t, "joins behind")
	if raw {
		begin = 0
	}
	epoch := log[begin].At.Epoch
	events := []Event{{Kind: Joined, At: Position{epoch, uint64(begin)}, When: second(10*begin + 1)}}
	seen := map[string]bool{}
	for _, s := range log[begin:] {
		if s.At.Epoch != epoch {
			epoch = s.At.Epoch
			events = append(events, Event{Kind: Reset, At: Position{epoch, s.At.Seq - 1}})
		}
		if s.again && !raw && seen[s.ID] {
			continue
		}
		switch rapid.IntRange(0, 9).Draw(t, "event") {
		case 0:
			if !raw {
				events = append(events, Event{Kind: Gap, At: s.At, To: s.At.Seq})
				continue
			}
		case 1:
			events = append(events, Event{Kind: Disconnected})
		}
		events = append(events, Event{Kind: Message, At: s.At, ID: s.ID})
		seen[s.ID] = true
	}
	return events
}

// history writes it down.
func (d drawn) history() *History {
	h := New()
	for _, s := range d.sends {
		h.Sending(s.ID, s.Sent)
		if !s.Acked.IsZero() {
			h.Acked(s.ID, s.At, s.Acked)
		}
	}
	for i, events := range d.readers {
		r := h.reader(fmt.Sprint("reader ", i), i == 0)
		for _, e := range events {
			r.Add(e)
		}
	}
	return h
}

// acked reports whether the message is owed to whoever was there.
func (d drawn) acked(id string) bool {
	return slices.ContainsFunc(d.sends, func(s Send) bool { return s.ID == id && !s.Acked.IsZero() })
}

// spoil breaks one promise to one reader, and says which; it returns "" if there is nothing to break.
func (d *drawn) spoil(t *rapid.T) string {
	i := rapid.IntRange(0, len(d.readers)-1).Draw(t, "whose")
	events := d.readers[i]
	var messages []int
	for n, e := range events {
		if e.Kind == Message {
			messages = append(messages, n)
		}
	}
	if len(messages) < 2 {
		return ""
	}
	n := rapid.SampledFrom(messages[:len(messages)-1]).Draw(t, "which")
	next := slices.IndexFunc(events[n+1:], func(e Event) bool { return e.Kind == Message }) + n + 1
	how := rapid.SampledFrom([]string{"lose", "double", "swap", "forge", "repeat", "hide the gap", "hide the reset"}).Draw(t, "how")
	switch how {
	case "lose":
		lost := events[n].ID
		later := slices.ContainsFunc(events[n+1:], func(e Event) bool { return e.ID == lost })
		if events[n+1].Kind == Reset && (later || !d.acked(lost)) { // it has it after all, or nobody can tell that the old log had it
			return ""
		}
		events = slices.Delete(events, n, n+1)
	case "double":
		events = slices.Insert(events, n, events[n])
	case "swap":
		events[n], events[next] = events[next], events[n]
	case "forge":
		events[n].ID = "forged"
	case "repeat": // the same message at the next place
		if events[next].At.Epoch != events[n].At.Epoch {
			return ""
		}
		events[next].ID = events[n].ID
	case "hide the gap", "hide the reset":
		kind := map[string]Kind{"hide the gap": Gap, "hide the reset": Reset}[how]
		at := slices.IndexFunc(events, func(e Event) bool { return e.Kind == kind })
		// At the end of a log nobody sees that a message is missing which was never acked.
		if at < 0 || at+1 >= len(events) || events[at+1].Kind != Message {
			return ""
		}
		events = slices.Delete(events, at, at+1)
	}
	d.readers[i] = events
	return how
}

// A room that keeps its promises is found clean; one that breaks one of them once is not.
func TestCheckProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := draw(t)
		if err := d.history().Check(GapsAsked); err != nil {
			t.Fatalf("a clean history: %v\n%+v", err, d)
		}
		if err := d.history().Behind(); err != nil {
			t.Fatalf("everybody has caught up, and yet: %v\n%+v", err, d)
		}
		if how := d.spoil(t); how != "" {
			if err := d.history().Check(GapsAsked); err == nil {
				t.Fatalf("%s: not found\n%+v", how, d)
			}
		}
	})
}
