package history

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// This file checks reactions. They have no position: what has one is a summary,
// which says how often each emoji is under a message, and which nobody sent.

// Reaction is an emoji of a person under a message.
type Reaction struct{ Message, Person, Emoji string }

// Reacted records that the server has acked that a person set a reaction, or
// took it back; servers are those that may have taken it. A person waits for
// each ack.
func (h *History) Reacted(r Reaction, on bool, servers ...string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.reactions[r] = on
	h.toggles = append(h.toggles, toggle{r, on, time.Now(), servers})
}

// toggle is a reaction that was set or taken back, and acked then.
type toggle struct {
	Reaction
	on      bool
	acked   time.Time
	servers []string
}

// String returns a readable line.
func (t toggle) String() string {
	return fmt.Sprintf("%s %s %s under %s, by %v", t.Person,
		map[bool]string{true: "set", false: "took back"}[t.on], t.Emoji, t.Message, t.servers)
}

// HasReacted reports whether a reaction is set.
func (h *History) HasReacted(r Reaction) bool {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.reactions[r]
}

// WhoReacted returns the persons under each message by emoji, in order. A
// message without any is there as well, if it has had some. Those of which it is
// not certain are left out.
func (h *History) WhoReacted() map[string]map[string][]string {
	h.mu.RLock()
	defer h.mu.RUnlock()
	unsure := h.unsureLocked()
	for message := range h.doubtsLocked() {
		unsure[message] = true
	}
	return h.reactedLocked(unsure)
}

// reactedLocked returns that of all but some messages.
func (h *History) reactedLocked(without map[string]bool) map[string]map[string][]string {
	all := map[string]map[string][]string{}
	for r, on := range h.reactions {
		if without[r.Message] {
			continue
		}
		emoji := all[r.Message]
		if emoji == nil {
			emoji = map[string][]string{}
			all[r.Message] = emoji
		}
		if on && !h.deletedLocked(r.Message) {
			emoji[r.Emoji] = append(emoji[r.Emoji], r.Person)
		}
	}
	for _, emoji := range all {
		for _, persons := range emoji {
			slices.Sort(persons)
		}
	}
	return all
}

// deletedLocked reports whether a delete of the message was acked.
func (h *History) deletedLocked(message string) bool {
	return slices.ContainsFunc(h.deletes[message], func(d *Send) bool { return !d.Acked.IsZero() })
}

// counts returns what summaries have to say in the end of the messages of which
// they are certain, but for doubts.
func (h *History) counts() map[string]tally {
	h.mu.RLock()
	defer h.mu.RUnlock()
	all, unsure := map[string]tally{}, h.unsureLocked()
	tallyOf := func(message string) tally {
		if _, ok := all[message]; !ok {
			all[message] = tally{map[string]int{}, map[string]int{}, map[string]int{}}
		}
		return all[message]
	}
	for message, emoji := range h.reactedLocked(unsure) {
		t := tallyOf(message)
		for e, persons := range emoji {
			t.counts[e] = len(persons)
		}
	}
	for message, doubts := range h.doubtsLocked() {
		for _, r := range doubts {
			if t := tallyOf(message); h.reactions[r] {
				t.missing[r.Emoji]++
			} else {
				t.extra[r.Emoji]++
			}
		}
	}
	for message := range unsure {
		delete(all, message)
	}
	return all
}

// CountsOf returns the counts of a summary as a text; empty if there are none.
func CountsOf(counts map[string]int) string {
	var all []string
	for _, emoji := range slices.Sorted(maps.Keys(counts)) {
		all = append(all, fmt.Sprint(emoji, counts[emoji]))
	}
	return strings.Join(all, " ")
}

// countLocked notes what a summary says of a message, or the message itself if
// it comes from the archive. A summary of a deleted message says nothing.
func (r *Reader) countLocked(message, counts string) {
	if r.shows[message] == gone {
		return
	}
	if r.counts == nil {
		r.counts = map[string]string{}
	}
	r.counts[message] = counts
}

// wrongCounts returns an error that names a message of which the reader has
// other counts than those in the end; nil if there is none.
func (r *Reader) wrongCounts(counts map[string]tally, sent func(id string) *Send) error {
	for _, message := range slices.Sorted(maps.Keys(counts)) {
		s := sent(message)
		if s != nil && r.has(s.number) && !counts[message].fits(r.counts[message]) {
			return fmt.Errorf("%s ends with %q under message %s, and there is %q", r.Name, r.counts[message],
				message, CountsOf(counts[message].counts))
		}
	}
	return nil
}

// takeCountsLocked records a summary.
func (r *Reader) takeCountsLocked(seq uint64, id, message string, counts map[string]int, now time.Time) {
	text := CountsOf(counts)
	r.countLocked(message, text)
	r.addLocked(Event{Kind: Counted, At: Position{r.epoch, seq}, ID: id + " " + text, When: now})
}

// checkReactions finds readers, and messages of log and archive, with other
// counts than those in the end. A reader that was told of a gap may have missed
// a summary.
func (c *check) checkReactions(h *History, readers []*Reader, views []*view, kept []Entry) {
	counts := h.counts()
	h.mu.RLock()
	unsure := h.unsureLocked()
	either := maps.Clone(unsure) // of which readers have to agree
	for message := range h.doubtsLocked() {
		either[message] = true
	}
	h.mu.RUnlock()
	sent := func(id string) *Send { return c.sent[id] }
	for i, v := range views {
		if v.left || slices.ContainsFunc(v.spans, func(s span) bool { return len(s.gaps) > 0 }) {
			continue
		}
		if err := readers[i].wrongCounts(counts, sent); err != nil {
			c.violation("%v", err)
		}
		c.agree(readers[i], either)
	}
	for _, e := range kept {
		if agreed, ok := c.agreed[e.ID]; either[e.ID] && ok && e.Counts != agreed.id {
			c.violation("log and archive have %q under message %s, and %s ends with %q", e.Counts, e.ID, agreed.who,
				agreed.id)
		}
		if e.ID != "" && !unsure[e.ID] && !counts[e.ID].fits(e.Counts) {
			c.violation("log and archive have %q under message %s, and there is %q", e.Counts, e.ID,
				CountsOf(counts[e.ID].counts))
		}
	}
}

// summary notes that a reader saw a summary, with its counts, at a position:
// all that see one there see the same.
func (c *check) summary(v *view, e Event) {
	c.advance(v, e)
	what := sighting{cmp.Or(e.ID, "?"), e.At, v.name}
	before, ok := c.who[e.At]
	if ok && before.id != what.id {
		c.violation("two entries are at %v: %s says %s, %s says %s", e.At, before.id, before.who, what.id,
			v.name)
		return
	}
	c.who[e.At] = what
	c.changesAt[e.At.Seq] = append(c.changesAt[e.At.Seq], e.ID)
}
