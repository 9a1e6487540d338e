package history

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"
)

// maxViolations is how many violations an error names; one bug may cause thousands.
const maxViolations = 20

// Gaps says whether a room may announce that messages will not come.
type Gaps bool

// What Check may be told.
const (
	NoGaps    Gaps = false // each one is a loss
	GapsAsked Gaps = true  // what was announced is not owed
)

// Check returns nil if every promise was kept, else an error with a line for each violation, at most 20 of them:
//
//   - every acked message was seen exactly once by every reader, in whichever log, unless it came before the reader joined, or the reader left, or was
//     told by a gap that it would not get it; one that was not acked at most once;
//   - each reader saw a dense seq within each log: before each hole there was an announcement. Only what it knew from an older log may be left out;
//   - all saw the same order: never two messages at one position, no message at two of one log, no two logs in a different order;
//   - the order is one that senders can rely on: what was sent after the ack of another message comes after it;
//   - nobody saw what nobody sent, nor another text, name or sender than was sent;
//   - acks name the place at which the message is heard, unless a new log began after it was sent; they say "duplicate" if, and only if, it was sent before;
//   - a welcome says "recovered" if, and only if, all that was missed follows;
//   - a message that a new log has behind others that came later is shown there again to raw readers, so that who is told of the reset knows what
//     changed; without one the order is another for some than for others, and nobody knows;
//   - if Keep was called: log and archive have every acked message once and nothing else, and a Newcomer got exactly that.
//
// A log that is replaced excuses no loss. It may only put a message at another place of the new log, which raw readers may then see again.
//
// It is called when everybody has had the time to catch up: a reader that still lacks something has lost it.
func (h *History) Check(gaps Gaps) error {
	sends, readers, again := h.snapshot()
	c := &check{gaps: gaps, sent: map[string]bool{}, where: map[string][]sighting{}, who: map[Position]sighting{}, follows: map[[2]string]string{},
		began: map[string]time.Time{}}
	for _, id := range again {
		c.violation("the test sent two messages with the id %s", id)
	}
	log := onlyLog(readers)
	for i, s := range sends {
		c.sent[s.ID] = true
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
	c.silent()
	c.owed(sends, views)
	c.order(sends)
	c.answers(sends)
	c.connections(h)
	c.moved(views)
	if kept, ok := h.entries(); ok {
		c.kept(kept, sends, readers)
	}
	if c.more > 0 {
		c.found = append(c.found, fmt.Errorf("and %d more", c.more))
	}
	return errors.Join(c.found...)
}

// onlyLog returns the epoch that all readers were in all the time, "" if there was another.
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

// sighting says which message is where, and who says so.
type sighting struct {
	id  string
	at  Position
	who string
}

// check is one judgement.
type check struct {
	gaps    Gaps
	sent    map[string]bool
	where   map[string][]sighting // the places of each message, one in each log at most
	who     map[Position]sighting // the message at each place
	follows map[[2]string]string  // who went from the first epoch to the second, at once or later

	began map[string]time.Time // when somebody first was in the epoch
	holes []hole

	found []error
	more  int // violations beyond those found
}

func (c *check) violation(format string, args ...any) {
	if len(c.found) == maxViolations {
		c.more++
		return
	}
	c.found = append(c.found, fmt.Errorf(format, args...))
}

// place notes that who says that the message is at this place, which nobody may contradict.
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

// owed looks for acked messages that a reader should have seen and did not.
func (c *check) owed(sends []Send, views []*view) {
	for _, s := range sends {
		if s.Acked.IsZero() {
			continue
		}
		for _, v := range views {
			if !v.saw(s.ID) && c.owes(v, s) {
				c.violation("%s never saw message %s, which was acked at %v", v.name, s.ID, s.At)
			}
		}
	}
}

// owes reports whether the reader, who has not seen this acked message, should have.
func (c *check) owes(v *view, s Send) bool {
	if v.left || v.joined.At.Epoch == "" {
		return false
	}
	places := c.where[s.ID]
	if len(places) == 0 { // in a log of which nobody saw it
		return !v.gave(s.At) && !s.Sent.Before(v.joined.When)
	}
	return !slices.ContainsFunc(places, func(p sighting) bool { return v.gave(p.at) || c.before(p.at, v.joined.At) })
}

// before reports whether the one place comes before the other, or is the same.
func (c *check) before(a, b Position) bool {
	if a.Epoch == b.Epoch {
		return a.Seq <= b.Seq
	}
	return c.follows[[2]string{a.Epoch, b.Epoch}] != ""
}

// order looks, log by log, for messages that come before one whose ack was there before they were sent. Messages that a new log has put at another
// place are left out.
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
		slices.SortFunc(all, func(a, b Send) int { return cmp.Compare(b.At.Seq, a.At.Seq) }) // the newest first
		var first Send                                                                       // of those that come later: the one acked first
		for _, s := range all {
			if !first.Acked.IsZero() && first.Acked.Before(s.Sent) {
				c.violation("message %s at %v was sent %v after the ack of %s, which is behind it at %v", s.ID, s.At,
					s.Sent.Sub(first.Acked).Round(time.Microsecond), first.ID, first.At)
			}
			if !s.Acked.IsZero() && (first.Acked.IsZero() || s.Acked.Before(first.Acked)) {
				first = s
			}
		}
	}
}
