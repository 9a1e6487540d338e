package history

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
)

// This file checks what servers say about the log, rather than its content:
// acks, welcomes, and the senders of messages.

// contentDiff returns how a message differs from what was sent; "" if it does
// not, or if that is unknown.
func (h *History) contentDiff(s *Send, e Event) string {
	if s == nil || e.Content == nil { // it was made up, which is another violation
		return ""
	}
	wrong := ""
	switch c := e.Content; {
	case c.Edits != s.Edits:
		wrong = fmt.Sprintf("as an edit of %q, sent as one of %q", c.Edits, s.Edits)
	case c.Deletes != s.Deletes:
		wrong = fmt.Sprintf("as a delete of %q, sent as one of %q", c.Deletes, s.Deletes)
	case e.Kind == Tombstone && !h.IsDeleted(s.message()):
		wrong = "as a tombstone, and nobody deleted it"
	case e.Kind == Tombstone:
		wrong = s.diff(c.Name, s.Text)
	case s.Edits != "" && h.editWith(s.Edits, c.Text) != nil: // from the archive: the newest text
		wrong = s.diff(c.Name, s.Text)
	case !c.Edited:
		wrong = s.diff(c.Name, c.Text)
	case h.editWith(s.ID, c.Text) == nil:
		wrong = fmt.Sprintf("with the text %.40q, which no edit gave it", c.Text)
	default:
		wrong = s.diff(c.Name, s.Text)
	}
	if wrong != "" {
		return fmt.Sprintf("saw message %s at %v %s", e.ID, e.At, wrong)
	}
	return ""
}

// connections compares the connections that messages name with those of their
// senders. That happens at the end: a message may be received before its
// sender's welcome is recorded.
func (c *check) connections(h *History) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	if len(h.owners) == 0 {
		return
	}
	for _, from := range slices.SortedFunc(maps.Keys(h.from),
		func(a, b origin) int { return cmp.Compare(a.id+a.session, b.id+b.session) }) {
		s := h.sends[from.id]
		owner, ok := h.owners[from.session]
		if !ok {
			owner = "nobody"
		}
		if s.Name != "" && owner != s.Name {
			c.violation("%s saw message %s from the connection %s of %s, though %s has sent it",
				h.from[from], s.ID, from.session, owner, s.Name)
		}
	}
}

// origin is a message and the connection that it names.
type origin struct{ id, session string }

// comes notes which connection a message names, and the first reader that saw
// it.
func (h *History) comes(id, session, who string) {
	h.mu.RLock()
	_, known := h.from[origin{id, session}]
	sent := h.sends[id] != nil
	h.mu.RUnlock()
	if known || !sent || session == "" {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.from[origin{id, session}] = who
}

// diff returns how name and text differ from what was sent. Texts are not
// quoted completely.
func (s *Send) diff(name, text string) string {
	switch {
	case s.Name != "" && name != s.Name:
		return fmt.Sprintf("under the name %.40q, sent by %q", name, s.Name)
	case s.Text != "" && text != s.Text:
		return fmt.Sprintf("with the text %.40q, sent as %.40q", text, s.Text)
	}
	return ""
}

// begins notes when a reader first was in an epoch.
func (c *check) begins(e Event) {
	if e.At.Epoch == "" {
		return
	}
	if known, ok := c.began[e.At.Epoch]; !ok || e.When.Before(known) {
		c.began[e.At.Epoch] = e.When
	}
}

// answers checks the acks.
func (c *check) answers(sends []Send) {
	for _, s := range sends {
		for i, a := range s.acks {
			switch {
			case a.Duplicate && a.Tries == 1:
				c.violation("message %s was sent once, and its ack says that it is a duplicate", s.ID)
			case !a.Duplicate && i > 0:
				c.violation(
					"message %s was acked again at %v, and that ack does not say that it is a duplicate",
					s.ID, a.At)
			}
			if !c.receivedAt(s, a.At) {
				places := c.where[s.ID]
				c.violation("message %s was received at %v by %s, but its ack says %d", s.ID, places[0].at,
					places[0].who, a.At.Seq)
			}
		}
	}
}

// receivedAt reports whether the message was received where its ack says, or
// may be elsewhere: a log that began after the message was sent may have it at
// another position. Whether it was received at all is checked elsewhere. An ack
// that names its epoch has been compared already.
func (c *check) receivedAt(s Send, at Position) bool {
	places := c.where[s.ID]
	if at.Seq == 0 || at.Epoch != "" || len(places) == 0 {
		return true
	}
	return slices.ContainsFunc(places, func(p sighting) bool {
		later := c.began[p.at.Epoch].After(s.Sent) && c.follow(p.at.Epoch)
		return p.at.Seq == at.Seq || later
	})
}

// follow reports whether a reader came to the epoch from another one.
func (c *check) follow(epoch string) bool {
	for way := range c.follows {
		if way[1] == epoch {
			return true
		}
	}
	return false
}

// welcomeClaim is what a welcome said about missed messages.
type welcomeClaim struct {
	recovered bool
	to        Position // the room's newest seq then
	from      *span    // the reader's position
	gap       bool     // something was missing
}

// missing takes a gap for a part of what the welcome announced.
func (c *check) missing(v *view, e Event) {
	if v.told == nil || v.now.epoch != v.told.to.Epoch || e.At.Seq > v.told.to.Seq {
		return
	}
	if v.told.recovered {
		c.violation(
			"%s was welcomed with recovered:true at %v, and told then that it will not get %d to %d",
			v.name, v.told.to, e.At.Seq, e.To)
	}
	v.told.gap = true
}

// judge checks a welcome with recovered:false when its connection ends: it was
// wrong if the reader stayed in one log and received all of it.
func (c *check) judge(v *view) {
	t := v.told
	v.told = nil
	if t == nil || t.recovered || t.gap || v.now == nil || t.from != v.now || v.now.epoch != t.to.Epoch ||
		v.now.to < t.to.Seq {
		return
	}
	c.violation("%s was welcomed with recovered:false at %v, and nothing was missing", v.name, t.to)
}

// checkMoved finds messages that a new log has after others which came later,
// or come only now. A reader that saw one of them before keeps it where it was,
// and a later reader sees it elsewhere. A raw reader that received it twice
// proves that it was announced.
func (c *check) checkMoved(views []*view) {
	byEpoch := map[string][]sighting{}
	for _, all := range c.where {
		for _, s := range all {
			byEpoch[s.at.Epoch] = append(byEpoch[s.at.Epoch], s)
		}
	}
	for _, all := range byEpoch {
		slices.SortFunc(all, func(a, b sighting) int { return int(int64(a.at.Seq) - int64(b.at.Seq)) })
	}
	var ids []string
	for id, places := range c.where {
		if len(places) > 1 {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	for _, id := range ids {
		for _, old := range c.where[id] {
			for _, now := range c.where[id] {
				if c.follows[[2]string{old.at.Epoch, now.at.Epoch}] == "" {
					continue
				}
				if before, ok := c.overtaken(old, now, byEpoch[now.at.Epoch]); ok &&
					!announced(id, old, now, views) {
					c.violation(
						"message %s was at %v says %s, and is after %s at %v says %s: no client was told",
						id, old.at, old.who, before.id, now.at, now.who)
				}
			}
		}
	}
}

// overtaken returns a message that is before now in its epoch and was not
// before old, in its epoch or an earlier one.
func (c *check) overtaken(old, now sighting, epoch []sighting) (sighting, bool) {
	for _, s := range epoch {
		if s.at.Seq >= now.at.Seq {
			break
		}
		if !slices.ContainsFunc(c.where[s.id], func(p sighting) bool { return c.before(p.at, old.at) }) {
			return s, true
		}
	}
	return sighting{}, false
}

// announced reports whether a raw reader saw the message at both positions.
func announced(id string, old, now sighting, views []*view) bool {
	return slices.ContainsFunc(views, func(v *view) bool {
		return v.raw && slices.Contains(v.seen[id], old.at.Epoch) && slices.Contains(v.seen[id], now.at.Epoch)
	})
}
