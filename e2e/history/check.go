package history

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"
)

// maxViolations is how many violations an error names. One bug may cause
// thousands.
const maxViolations = 20

// Gaps says whether a room may announce a gap.
type Gaps bool

// Values of Gaps.
const (
	NoGaps    Gaps = false // each gap is a loss
	GapsAsked Gaps = true  // announced messages need not arrive
)

// Check returns nil if every promise was kept, else an error with a line for
// each violation, at most 20 of them:
//
//   - every reader saw each acked message exactly once, in whichever log,
//     unless it came before the reader joined, or the reader left, or a gap
//     announced that it would not come; an unacked one at most once;
//   - each reader saw a dense seq within each log: each hole was announced
//     before. Only messages that it knew from an older log may be left out;
//   - all saw the same order: never two messages at one position, no message at
//     two positions of one log, no two logs in a different order;
//   - senders can rely on the order: a message that was sent after the ack of
//     another one comes after it;
//   - no reader saw a message that was not sent, or was refused, or one with
//     another text, name or sender;
//   - acks name the position at which the message is received, unless a new log
//     began after it was sent; they say "duplicate" if, and only if, it was
//     sent before;
//   - a welcome says "recovered" if, and only if, all that was missed follows;
//   - a message that a new log has after others that came later is shown there
//     again to raw readers, so that a client that is told of the reset knows
//     what changed; otherwise the order would differ between clients without
//     their knowing;
//   - all readers end with the same text of each message that they have: that
//     of its edit with the newest position, or none if it is deleted;
//   - only deleted messages and their edits have tombstones, and a Newcomer gets
//     no text of them;
//   - all readers end with the counts of the reactions that were acked to each
//     message that they have, and so do log and archive;
//   - nobody wrote in a Silence, and rules of the room refused nothing without
//     one;
//   - if SetStored was called: log and archive have every acked message once
//     and nothing else, with that text, and a Newcomer got exactly that.
//
// The same holds for edits and deletes, but a session may see one again in a
// new log, as it may see tombstones.
//
// A log that was replaced excuses no loss. It may only put a message at another
// position of the new log, where raw readers may then see it again.
//
// Call it when all readers have had time to catch up: what a reader still lacks
// is lost.
func (h *History) Check(gaps Gaps) error {
	sends, readers, again := h.snapshot()
	c := &check{
		gaps:    gaps,
		sent:    map[string]*Send{},
		where:   map[string][]sighting{},
		who:     map[Position]sighting{},
		follows: map[[2]string]string{},
		began:   map[string]time.Time{},

		changesAt: map[uint64][]string{},
		agreed:    map[string]sighting{},
	}
	for _, id := range again {
		c.violation("the test sent two messages with the id %s", id)
	}
	log := onlyLog(readers)
	for i, s := range sends {
		c.sent[s.ID] = &sends[i]
		if s.Acked.IsZero() {
			continue
		}
		if s.At.Epoch == "" && s.At.Seq > 0 {
			s.At.Epoch = log
			sends[i] = s
		}
		if s.At.Epoch != "" {
			c.place(s.ID, s.At, "its ack")
		}
	}
	var views []*view
	for _, r := range readers {
		views = append(views, c.read(r))
	}
	c.unannounced()
	c.checkDelivery(sends, views)
	c.order(sends)
	c.answers(sends)
	c.rules(sends, h.allSilences())
	c.connections(h)
	c.checkMoved(views)
	c.newestTexts(sends)
	c.checkTexts(sends, readers, views)
	kept, ok := h.entries()
	if ok {
		c.checkStored(kept, sends, readers)
	}
	c.checkReactions(h, readers, views, kept)
	if c.more > 0 {
		c.found = append(c.found, fmt.Errorf("and %d more", c.more))
	}
	return errors.Join(c.found...)
}

// onlyLog returns the epoch in which all readers were throughout, "" if there
// was another.
func onlyLog(readers []*Reader) string {
	log := ""
	for _, r := range readers {
		for _, e := range r.events {
			if e.At.Epoch == "" || e.At.Epoch == log {
				continue
			}
			if log != "" {
				return ""
			}
			log = e.At.Epoch
		}
	}
	return log
}

// sighting is a message at a position, and its witness.
type sighting struct {
	id  string
	at  Position
	who string
}

// check is one run of Check.
type check struct {
	gaps Gaps
	sent map[string]*Send
	// the newest edit of each message that has one, the delete of each that is
	// deleted, and the edits, deletes and summaries that were seen at each seq
	edits     map[string]*Send
	deletes   map[string]*Send
	changesAt map[uint64][]string
	// the counts under messages of which they are not certain, and who has them
	agreed map[string]sighting
	where  map[string][]sighting // the positions of each message, at most one in each log
	who    map[Position]sighting // the message at each position
	// a reader went from the first epoch to the second, at once or later
	follows map[[2]string]string

	began map[string]time.Time // when a reader first was in the epoch
	holes []hole

	found []error
	more  int // violations beyond the limit
}

func (c *check) violation(format string, args ...any) {
	if len(c.found) == maxViolations {
		c.more++
		return
	}
	c.found = append(c.found, fmt.Errorf(format, args...))
}

// place notes that who saw the message at this position, which no other may
// contradict.
func (c *check) place(id string, at Position, who string) {
	s := sighting{id, at, who}
	known := slices.IndexFunc(c.where[id], func(s sighting) bool { return s.at.Epoch == at.Epoch })
	if known < 0 {
		c.where[id] = append(c.where[id], s)
	} else if before := c.where[id][known]; before.at != at {
		c.violation("message %s is at two places: at %v says %s, at %v says %s", id, before.at, before.who, at, who)
	}
	if before, ok := c.who[at]; !ok {
		c.who[at] = s
	} else if before.id != id {
		c.violation("two messages are at %v: %s says %s, %s says %s", at, before.id, before.who, id, who)
	}
}

// checkDelivery finds acked messages that a reader should have seen and did
// not.
func (c *check) checkDelivery(sends []Send, views []*view) {
	for _, s := range sends {
		if s.Acked.IsZero() {
			continue
		}
		for _, v := range views {
			if !v.saw(s.ID) && c.mustHave(v, s) {
				c.violation("%s never saw message %s, which was acked at %v", v.name, s.ID, s.At)
			}
		}
	}
}

// mustHave reports whether the reader, which has not seen this acked message,
// should have.
func (c *check) mustHave(v *view, s Send) bool {
	if v.left || v.joined.At.Epoch == "" {
		return false
	}
	places := c.where[s.ID]
	if len(places) == 0 { // in a log in which it was not seen
		return !v.gapAt(s.At) && !s.Sent.Before(v.joined.When)
	}
	return !slices.ContainsFunc(places,
		func(p sighting) bool { return v.gapAt(p.at) || c.before(p.at, v.joined.At) })
}

// before reports whether position a is before b or equal to it.
func (c *check) before(a, b Position) bool {
	if a.Epoch == b.Epoch {
		return a.Seq <= b.Seq
	}
	return c.follows[[2]string{a.Epoch, b.Epoch}] != ""
}

// order finds, log by log, messages that come before one whose ack arrived
// before they were sent. Messages that a new log has put at another position
// are left out.
func (c *check) order(sends []Send) {
	byEpoch := map[string][]Send{}
	for _, s := range sends {
		places := c.where[s.ID]
		if len(places) == 1 && (s.Acked.IsZero() || s.At.Seq == 0 || s.At.Seq == places[0].at.Seq) {
			s.At = places[0].at
			byEpoch[s.At.Epoch] = append(byEpoch[s.At.Epoch], s)
		}
	}
	for _, all := range byEpoch {
		// the newest first
		slices.SortFunc(all, func(a, b Send) int { return cmp.Compare(b.At.Seq, a.At.Seq) })
		var first Send // of those that come later, the one acked first
		for _, s := range all {
			if !first.Acked.IsZero() && first.Acked.Before(s.Sent) {
				c.violation("message %s at %v was sent %v after the ack of %s, which comes after it at %v",
					s.ID, s.At, s.Sent.Sub(first.Acked).Round(time.Microsecond), first.ID, first.At)
			}
			if !s.Acked.IsZero() && (first.Acked.IsZero() || s.Acked.Before(first.Acked)) {
				first = s
			}
		}
	}
}
