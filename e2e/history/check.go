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

// Check returns nil if every promise was kept, else an error with a line for each violation, at most 20 of them:
//
//   - every acked message was seen exactly once by every reader, unless it came before the reader joined or after it left, or the reader was told
//     by a gap or a reset that it would not get it; one that was not acked at most once;
//   - each reader saw a dense seq: before each hole there was an announcement;
//   - all saw the same order: never two messages at one position, no message at two, no two epochs in a different order;
//   - the order is one that senders can rely on: what was sent after the ack of another message comes after it;
//   - nobody saw what nobody sent.
//
// It is called when everybody has had the time to catch up: a reader that still lacks something has lost it.
func (h *History) Check() error {
	sends, readers, again := h.snapshot()
	c := &check{sends: sends, where: map[string]sighting{}, who: map[Position]sighting{}, epochs: map[[2]string]string{}}
	for _, id := range again {
		c.violation("the test sent two messages with the id %s", id)
	}
	for _, s := range sorted(sends) {
		if !s.Acked.IsZero() && s.At.Epoch != "" {
			c.place(s.ID, s.At, "its ack")
		}
	}
	var views []*view
	for _, r := range readers {
		views = append(views, c.read(r))
	}
	c.owed(views)
	c.order()
	if c.more > 0 {
		c.found = append(c.found, fmt.Errorf("and %d more", c.more))
	}
	return errors.Join(c.found...)
}

// sorted returns the sends in a fixed order, so that the same history is always judged in the same words.
func sorted(sends map[string]Send) []Send {
	all := make([]Send, 0, len(sends))
	for _, s := range sends {
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b Send) int {
		return cmp.Or(a.Sent.Compare(b.Sent), cmp.Compare(a.ID, b.ID))
	})
	return all
}

// sighting says which message or which place, and who says so.
type sighting struct {
	id  string
	at  Position
	who string
}

// check is one judgement.
type check struct {
	sends  map[string]Send
	where  map[string]sighting   // the place of each message
	who    map[Position]sighting // the message at each place
	epochs map[[2]string]string  // who went from the first epoch to the second

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
	if before, ok := c.where[id]; !ok {
		c.where[id] = s
	} else if before.at != at {
		c.violation("message %s is at two places: at %v says %s, at %v says %s", id, before.at, before.who, at, who)
	}
	if before, ok := c.who[at]; !ok {
		c.who[at] = s
	} else if before.id != id {
		c.violation("two messages are at %v: %s says %s, %s says %s", at, before.id, before.who, id, who)
	}
}

// span is a part of one epoch that a reader was there for: of its messages every one but those in gaps is owed.
type span struct {
	epoch    string
	from, to uint64 // both included
	gaps     [][2]uint64
}

// view is what one reader saw.
type view struct {
	name  string
	seen  map[string]int
	spans []span
	now   span // the last one; its to is where the reader stands
	fresh bool // a log has begun, and no message of it has come: any one up to behind `to` may be the first
}

// read goes through a reader's log, event by event.
func (c *check) read(r *Reader) *view {
	v := &view{name: r.Name, seen: map[string]int{}}
	for _, e := range r.events {
		switch e.Kind {
		case Joined:
			if v.now.epoch == "" {
				v.now = span{epoch: e.At.Epoch, from: e.At.Seq + 1, to: e.At.Seq}
			}
		case Message:
			c.message(v, e)
		case Gap:
			c.gap(v, e)
		case Reset:
			c.reset(v, e)
		}
	}
	if !r.left {
		v.now.to = 1 << 62 // whatever there is
	}
	v.spans = append(v.spans, v.now)
	return v
}

func (c *check) message(v *view, e Event) {
	if v.now.epoch == "" { // nobody has said where it begins: here
		v.now = span{epoch: e.At.Epoch, from: e.At.Seq, to: e.At.Seq - 1}
	}
	last := v.now.to
	switch {
	case e.At.Epoch != v.now.epoch:
		c.violation("%s saw %v in epoch %s without a reset", v.name, e.At, v.now.epoch)
		c.reset(v, Event{At: Position{e.At.Epoch, e.At.Seq - 1}})
	case v.fresh && e.At.Seq <= last+1:
		v.now.from = e.At.Seq
	case e.At.Seq > last+1:
		c.violation("%s saw %v after %d: a hole of %d that was not announced", v.name, e.At, last, e.At.Seq-last-1)
	case e.At.Seq <= last:
		c.violation("%s saw %v after %d: twice, or out of order", v.name, e.At, last)
	}
	if v.fresh || e.At.Seq > v.now.to {
		v.now.to = e.At.Seq
	}
	v.fresh = false
	if v.seen[e.ID]++; v.seen[e.ID] > 1 {
		c.violation("%s saw message %s %d times, now at %v", v.name, e.ID, v.seen[e.ID], e.At)
	}
	if _, ok := c.sends[e.ID]; !ok {
		c.violation("%s saw message %s at %v, which nobody sent", v.name, e.ID, e.At)
	}
	c.place(e.ID, e.At, v.name)
}

func (c *check) gap(v *view, e Event) {
	if v.now.epoch != "" && !v.fresh && e.At.Seq > v.now.to+1 {
		c.violation("%s was told of a gap from %d, after %d: what is between was not announced", v.name, e.At.Seq, v.now.to)
	}
	v.now.gaps = append(v.now.gaps, [2]uint64{e.At.Seq, e.To})
	v.now.to = max(v.now.to, e.To)
	v.fresh = false
}

func (c *check) reset(v *view, e Event) {
	if v.now.epoch == e.At.Epoch {
		c.violation("%s was told of a reset to epoch %s, in which it is", v.name, e.At.Epoch)
		return
	}
	if v.now.epoch != "" {
		v.spans = append(v.spans, v.now)
	}
	for _, s := range v.spans {
		way := [2]string{s.epoch, e.At.Epoch}
		if who, ok := c.epochs[[2]string{way[1], way[0]}]; ok {
			c.violation("%s went from epoch %s to %s, %s the other way", v.name, way[0], way[1], who)
		}
		c.epochs[way] = v.name
	}
	v.now = span{epoch: e.At.Epoch, from: e.At.Seq + 1, to: e.At.Seq}
	v.fresh = true
}

// owed looks for acked messages that a reader should have seen and did not.
func (c *check) owed(views []*view) {
	for _, s := range sorted(c.sends) {
		if s.Acked.IsZero() {
			continue
		}
		at := s.At
		if place, ok := c.where[s.ID]; ok {
			if at.Epoch == "" && at.Seq != place.at.Seq {
				c.violation("message %s is at two places: at %d says its ack, at %v says %s", s.ID, at.Seq, place.at, place.who)
			}
			at = place.at
		}
		for _, v := range views {
			if v.seen[s.ID] == 0 && v.owes(at) {
				c.violation("%s never saw message %s, which was acked at %v", v.name, s.ID, at)
			}
		}
	}
}

// owes reports whether the reader should have seen what is at this place. If the epoch is not known, nobody has seen it: then who
// has only ever been in one epoch should have.
func (v *view) owes(at Position) bool {
	if at.Epoch == "" && len(v.spans) > 1 {
		return false
	}
	for _, s := range v.spans {
		if at.Epoch != "" && at.Epoch != s.epoch || at.Seq < s.from || at.Seq > s.to {
			continue
		}
		return !slices.ContainsFunc(s.gaps, func(g [2]uint64) bool { return g[0] <= at.Seq && at.Seq <= g[1] })
	}
	// An epoch that it never came to, though it was never told that it would be left behind in its own.
	return at.Epoch != "" && len(v.spans) == 1 && v.spans[0].epoch != "" && v.spans[0].epoch != at.Epoch && v.spans[0].to == 1<<62
}

// order looks for messages that come before one whose ack was there before they were sent.
func (c *check) order() {
	byEpoch := map[string][]Send{}
	for _, s := range sorted(c.sends) {
		if place, ok := c.where[s.ID]; ok {
			s.At = place.at
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

// Behind returns an error that names a reader which has not come to the last acked place of its epoch, nil if there is none. It is what to wait for
// before Check.
func (h *History) Behind() error {
	sends, readers, _ := h.snapshot()
	for _, r := range readers {
		if r.left {
			continue
		}
		seen := map[string]bool{}
		last, epoch := uint64(0), ""
		for _, e := range r.events {
			switch e.Kind {
			case Message:
				seen[e.ID] = true
				last = e.At.Seq
			case Joined, Reset:
				last, epoch = e.At.Seq, e.At.Epoch
			case Gap:
				last = max(last, e.To)
			}
		}
		for _, s := range sends {
			if !s.Acked.IsZero() && (s.At.Epoch == "" || s.At.Epoch == epoch) && s.At.Seq > last && !seen[s.ID] {
				return fmt.Errorf("%s stands at %d, and %s was acked at %v", r.Name, last, s.ID, s.At)
			}
		}
	}
	return nil
}
