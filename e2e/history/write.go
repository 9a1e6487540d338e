package history

import (
	"fmt"
	"io"
	"slices"
	"time"
)

// WriteTo writes everything in a readable form, to find the cause of a
// violation: each message with its ack, and what each reader received, with
// successive messages in one line. Times are since the first message was sent.
func (h *History) WriteTo(w io.Writer) (int64, error) {
	sends, readers, _ := h.snapshot()
	out := &counter{w: w}
	var zero time.Time
	if len(sends) > 0 {
		zero = sends[0].Sent
	}
	since := func(t time.Time) string { return fmt.Sprintf("%9.3fs", t.Sub(zero).Seconds()) }
	for _, s := range sends {
		s.writeTo(out, since)
	}
	h.mu.RLock()
	toggles := slices.Clone(h.toggles)
	h.mu.RUnlock()
	for _, t := range toggles {
		fmt.Fprintf(out, "%s acked: %v\n", since(t.acked), t)
	}
	for _, r := range readers {
		fmt.Fprintf(out, "\n%s\n", r.Name)
		writeEvents(out, r.events, since)
	}
	return out.n, out.err
}

// writeTo writes one line: what was sent, and its ack.
func (s *Send) writeTo(out io.Writer, since func(time.Time) string) {
	what := s.ID
	if s.Edits != "" {
		what += ", an edit of " + s.Edits
	}
	if s.Deletes != "" {
		what += ", a delete of " + s.Deletes
	}
	if s.Acked.IsZero() {
		fmt.Fprintf(out, "%s sent %s, never acked\n", since(s.Sent), what)
		return
	}
	fmt.Fprintf(out, "%s sent %s, acked %s at %v\n", since(s.Sent), what, since(s.Acked), s.At)
}

// words say what a reader received; messages have a line of their own.
var words = map[Kind]string{
	Joined:       "joined",
	Gap:          "gap",
	Reset:        "reset",
	Resumed:      "resumed",
	Disconnected: "disconnected",
	Recovered:    "recovered up to",
	NotRecovered: "not recovered up to",
	Asked:        "has from the store",
	Other:        "another entry at",
	Tombstone:    "tombstone at",
	Counted:      "summary at",
}

// writeEvents writes a line for each event, and one for successive messages.
func writeEvents(out io.Writer, events []Event, since func(time.Time) string) {
	for i := 0; i < len(events); i++ {
		e := events[i]
		switch e.Kind {
		case Message:
			first := e
			for i+1 < len(events) && events[i+1].Kind == Message &&
				events[i+1].At == (Position{e.At.Epoch, e.At.Seq + 1}) {
				i++
				e = events[i]
			}
			fmt.Fprintf(out, "%s messages %v to %d, %s to %s, until %s\n", since(first.When), first.At,
				e.At.Seq, first.ID, e.ID, since(e.When))
		case Gap:
			fmt.Fprintf(out, "%s gap %v to %d\n", since(e.When), e.At, e.To)
		case Asked, Counted:
			fmt.Fprintf(out, "%s %s %s %v\n", since(e.When), words[e.Kind], e.ID, e.At)
		default:
			fmt.Fprintf(out, "%s %s %v\n", since(e.When), words[e.Kind], e.At)
		}
	}
}

// counter counts the bytes that it passes on and keeps the first error.
type counter struct {
	w   io.Writer
	n   int64
	err error
}

func (c *counter) Write(b []byte) (int, error) {
	if c.err != nil {
		return 0, c.err
	}
	n, err := c.w.Write(b)
	c.n, c.err = c.n+int64(n), err
	return n, err
}
