package history

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A reaction is acked when Redis has it, and soon all servers remember it until
// the archive has it. So it may be lost if the server that took it dies right
// after the ack, or Redis loses its data then and the server dies later; and
// in the first case nobody publishes the summary before the next reaction. And
// of one that the rules of the room refused, nobody knows about earlier attempts:
// it alone may be there or not. Then all readers still have to agree.

const (
	// untilArchived is how long a reaction may be in servers only.
	untilArchived = time.Minute
	// untilTold is how long a server may take to tell the others and to publish a
	// summary. An ack may also arrive so long after the death of the server.
	untilTold = 3 * time.Second
)

// Died records that a server is dead by now.
func (h *History) Died(server string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.died[server] = append(h.died[server], time.Now())
}

// LostData records that Redis has lost data by now.
func (h *History) LostData() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lost = append(h.lost, time.Now())
}

// unsureLocked returns the messages of which the counts are not certain.
func (h *History) unsureLocked() map[string]bool {
	unsure := map[string]bool{}
	for _, t := range h.toggles {
		if !h.deletedLocked(t.Message) && slices.ContainsFunc(t.servers, func(server string) bool {
			return h.mayForgetLocked(t.acked, server)
		}) {
			unsure[t.Message] = true
		}
	}
	return unsure
}

// doubtsLocked returns by message the reactions that may be set or not.
func (h *History) doubtsLocked() map[string][]Reaction {
	doubts := map[string][]Reaction{}
	for r := range h.doubted {
		if !h.deletedLocked(r.Message) {
			doubts[r.Message] = append(doubts[r.Message], r)
		}
	}
	return doubts
}

// tally is what a summary of a message has to say: how often each emoji is
// there, and how many of it may be missing or too many.
type tally struct{ counts, missing, extra map[string]int }

// fits reports whether counts as a text are those of a tally.
func (t tally) fits(text string) bool {
	left := maps.Clone(t.counts)
	for one := range strings.FieldsSeq(text) {
		emoji := strings.TrimRight(one, "0123456789")
		n, err := strconv.Atoi(one[len(emoji):])
		if err != nil {
			return false
		}
		if left == nil {
			left = map[string]int{}
		}
		left[emoji] -= n
	}
	for emoji, n := range left {
		if n > t.missing[emoji] || -n > t.extra[emoji] {
			return false
		}
	}
	return true
}

// mayForgetLocked reports whether a server died too soon after an ack.
func (h *History) mayForgetLocked(acked time.Time, server string) bool {
	within := func(span time.Duration) func(when time.Time) bool {
		return func(when time.Time) bool {
			return when.After(acked.Add(-untilTold)) && when.Before(acked.Add(span))
		}
	}
	died := h.died[server]
	return slices.ContainsFunc(died, within(untilTold)) ||
		slices.ContainsFunc(h.lost, within(untilTold)) && slices.ContainsFunc(died, within(untilArchived))
}

// agree compares what readers have under messages of which the counts are not
// certain.
func (c *check) agree(r *Reader, unsure map[string]bool) {
	for _, message := range slices.Sorted(maps.Keys(unsure)) {
		if s := c.sent[message]; s == nil || !r.has(s.number) {
			continue
		}
		agreed, ok := c.agreed[message]
		if !ok {
			c.agreed[message] = sighting{id: r.counts[message], who: r.Name}
		} else if agreed.id != r.counts[message] {
			c.violation("%s ends with %q under message %s, and %s with %q", r.Name, r.counts[message], message,
				agreed.who, agreed.id)
		}
	}
}
