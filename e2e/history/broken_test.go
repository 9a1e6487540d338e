package history

import (
	"slices"

	"pgregory.net/rapid"
)

// breakPromise breaks one promise and returns which; "" if there is nothing to
// break.
func (d *drawn) breakPromise(t *rapid.T) string {
	if rapid.Bool().Draw(t, "to a reader") {
		return d.breakReaderPromise(t)
	}
	how := rapid.SampledFrom([]string{"the log lacks one", "the log has one twice",
		"the log says it otherwise", "the archive has an older text", "a newcomer lacks one",
		"an ack says it is new", "an ack says it was there", "an ack is wrong"}).
		Draw(t, "what")
	i := rapid.IntRange(0, len(d.kept)-1).Draw(t, "of which")
	id := d.kept[i].ID
	acks := d.acks[id]
	switch {
	case how == "the log lacks one" && d.acked(id):
		d.kept = slices.Delete(d.kept, i, i+1)
	case how == "the log has one twice":
		e := d.kept[i]
		e.At.Seq = d.kept[len(d.kept)-1].At.Seq + 1
		d.kept = append(d.kept, e)
	case how == "the log says it otherwise" && (d.edits(id) == "" || !d.numbers):
		d.kept[i].Text = "otherwise"
	case how == "the archive has an older text" && d.texts[id] != "":
		older := slices.DeleteFunc(slices.Clone(d.sends), func(s Send) bool {
			return s.ID != id && s.Edits != id || s.Text == d.texts[id]
		})
		d.kept[i].Text = rapid.SampledFrom(older).Draw(t, "which").Text
	case how == "a newcomer lacks one":
		d.given = slices.Delete(d.given, i, i+1)
	case how == "an ack says it is new" && len(acks) > 1:
		acks[1].Duplicate = false
	case how == "an ack says it was there" && len(acks) > 0 && acks[0].Tries == 1:
		acks[0].Duplicate = true
	case how == "an ack is wrong" && len(acks) > 0 && d.kept[i].At.Epoch == d.sends[0].At.Epoch:
		acks[len(acks)-1].At.Seq += 100
	default:
		return ""
	}
	return how
}

// breakReaderPromise breaks one promise to one reader.
func (d *drawn) breakReaderPromise(t *rapid.T) string {
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
	how := rapid.SampledFrom([]string{"lose", "double", "swap", "forge", "repeat", "hide the gap",
		"hide the reset", "alter", "rename", "recovered", "edit another one"}).
		Draw(t, "how")
	switch how {
	case "lose":
		lost := events[n].ID
		later := slices.ContainsFunc(events[n+1:], func(e Event) bool { return e.ID == lost })
		// it has it after all, or no reader proves that the old log had it; or
		// the new log has an edit again, and a gap there says that it will not
		// come
		if events[n+1].Kind == Reset && (later || !d.acked(lost) || d.edits(lost) != "") {
			return ""
		}
		events = slices.Delete(events, n, n+1)
	case "double":
		events = slices.Insert(events, n, events[n])
	case "swap":
		events[n], events[next] = events[next], events[n]
	case "forge":
		events[n].ID = "forged"
	case "alter":
		altered := *events[n].Content
		altered.Text = "otherwise"
		events[n].Content = &altered
	case "edit another one":
		altered := *events[n].Content
		altered.Edits += "x"
		events[n].Content = &altered
	case "rename":
		altered := *events[n].Content
		altered.Name = "bob"
		events[n].Content = &altered
	case "recovered": // followed by a gap
		if events[n+1].Kind == Reset {
			return ""
		}
		gap := Event{Kind: Gap, At: events[n].At, To: events[n].At.Seq}
		events = slices.Replace(events, n, n+1, Event{Kind: Disconnected},
			Event{Kind: Recovered, At: events[n].At, When: events[n].When}, gap)
	case "repeat": // the same message at the next position
		if events[next].At.Epoch != events[n].At.Epoch {
			return ""
		}
		events[next].ID = events[n].ID
	case "hide the gap", "hide the reset":
		kind := map[string]Kind{"hide the gap": Gap, "hide the reset": Reset}[how]
		at := slices.IndexFunc(events, func(e Event) bool { return e.Kind == kind })
		// At the end of a log, a missing message that was never acked goes
		// unnoticed.
		if at < 0 || at+1 >= len(events) || events[at+1].Kind != Message {
			return ""
		}
		events = slices.Delete(events, at, at+1)
	}
	d.readers[i] = events
	return how
}
