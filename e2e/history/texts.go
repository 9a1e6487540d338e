package history

import (
	"cmp"
	"fmt"
)

// This file checks the texts that messages have in the end, after all edits and
// deletes.

// editWith returns an edit that gives the message this text; nil if none does.
func (h *History) editWith(id, text string) *Send {
	h.mu.RLock()
	defer h.mu.RUnlock()
	for _, e := range h.edits[id] {
		if e.Text == text {
			return e
		}
	}
	return nil
}

// gone stands for the text of a deleted message among the edits that readers
// show.
const gone = "-"

// message returns the id of the message that s is, edits or deletes.
func (s *Send) message() string { return cmp.Or(s.Edits, s.Deletes, s.ID) }

// IsDeleted reports whether someone has sent a delete of this message.
func (h *History) IsDeleted(message string) bool {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return len(h.deletes[message]) > 0
}

// DeletedTexts returns all texts of messages whose delete was acked.
func (h *History) DeletedTexts() (texts []string) {
	sends, _, _ := h.snapshot()
	deleted := map[string]bool{}
	for _, s := range sends {
		if s.Deletes != "" && !s.Acked.IsZero() {
			deleted[s.Deletes] = true
		}
	}
	for _, s := range sends {
		if s.Text != "" && deleted[s.message()] {
			texts = append(texts, s.Text)
		}
	}
	return texts
}

// leak returns what is wrong with an event of a reader that came after all
// deletes: it may not have the text of a deleted message; "" if nothing is.
func (h *History) leak(s *Send, e Event) string {
	if e.Kind == Tombstone || s.Deletes != "" {
		return ""
	}
	h.mu.RLock()
	defer h.mu.RUnlock()
	for _, d := range h.deletes[s.message()] {
		if !d.Acked.IsZero() {
			return fmt.Sprintf("saw %s at %v with a text, and its message was deleted by %s", s.ID, e.At, d.ID)
		}
	}
	return ""
}

// showLocked notes which text a message has after something was received, as a
// client does: an edit's own one, whenever it comes, and none after a delete. A
// tombstone of an edit says nothing: the message has one as well, or its delete
// comes.
func (r *Reader) showLocked(s *Send, e Event) {
	edit := ""
	if e.Content != nil && e.Content.Counts != "" {
		r.countLocked(s.ID, e.Content.Counts)
	}
	switch {
	case e.Kind == Tombstone && s.Edits != "":
		return
	case e.Kind == Tombstone || s.Deletes != "":
		edit = gone
		delete(r.counts, s.message())
	case s.Edits != "":
		edit = s.ID
	case e.Content != nil && e.Content.Edited:
		if by := r.history.editWith(s.ID, e.Content.Text); by != nil {
			edit = by.ID
		}
	}
	if edit == "" {
		delete(r.shows, s.ID)
		return
	}
	if r.shows == nil {
		r.shows = map[string]string{}
	}
	r.shows[s.message()] = edit
}

// isChange reports whether an edit or a delete was sent under this id.
func (c *check) isChange(id string) bool { return c.sent[id] != nil && c.sent[id].message() != id }

// newestTexts finds the edit of each message that has the newest position, and
// the delete of each that was deleted, which no edit undoes.
func (c *check) newestTexts(sends []Send) {
	newest := map[string]Position{}
	c.edits, c.deletes = map[string]*Send{}, map[string]*Send{}
	for i := range sends {
		s := &sends[i]
		if !c.isChange(s.ID) {
			continue
		}
		if s.Deletes != "" && (!s.Acked.IsZero() || len(c.where[s.ID]) > 0) {
			c.deletes[s.Deletes] = s
		}
		for _, p := range c.where[s.ID] {
			c.changesAt[p.at.Seq] = append(c.changesAt[p.at.Seq], s.ID)
			if before, ok := newest[s.Edits]; s.Edits != "" && (!ok || c.newer(p.at, before)) {
				newest[s.Edits], c.edits[s.Edits] = p.at, s
			}
		}
	}
}

// newer reports whether position a comes after b.
func (c *check) newer(a, b Position) bool {
	switch {
	case a.Epoch == b.Epoch:
		return a.Seq > b.Seq
	case c.follows[[2]string{b.Epoch, a.Epoch}] != "":
		return true
	case c.follows[[2]string{a.Epoch, b.Epoch}] != "":
		return false
	}
	return a.Seq > b.Seq
}

// checkTexts finds readers that end with another text than the newest edit
// gave, or with any of a deleted message. One that never received this edit or
// delete, and should have, is named elsewhere.
func (c *check) checkTexts(sends []Send, readers []*Reader, views []*view) {
	for _, s := range sends {
		if c.isChange(s.ID) {
			continue
		}
		newest, want := cmp.Or(c.deletes[s.ID], c.edits[s.ID]), ""
		switch {
		case newest == nil:
		case newest.Deletes != "":
			want = gone
		default:
			want = newest.ID
		}
		for i, v := range views {
			shows := readers[i].shows[s.ID]
			if v.left || len(v.seen[s.ID]) == 0 || shows == want || newest != nil && c.toldOf(v, newest.ID) {
				continue
			}
			c.violation("%s ends with message %s %s, and its newest text is %s", v.name, s.ID,
				textOf(shows, "as it was sent", "with the text of edit "),
				textOf(want, "the one that was sent", "that of edit "))
		}
	}
}

func textOf(edit, none, some string) string {
	switch edit {
	case "":
		return none
	case gone:
		return "none, as it is deleted"
	}
	return some + edit
}

// toldOf reports whether a gap announced to the reader that it would not
// receive this edit or delete.
func (c *check) toldOf(v *view, change string) bool {
	for _, p := range c.where[change] {
		if v.gapAt(p.at) {
			return true
		}
	}
	return false
}

// matchesSent compares an entry of log and archive with what was sent. A
// message has the text of its newest edit, and if it is deleted, there is no
// text of it and of its edits.
func (c *check) matchesSent(s Send, e Entry) {
	newest, deleted := c.edits[s.ID], c.deletes[s.message()]
	switch {
	case s.Deletes != "":
		deleted = nil
	case deleted != nil:
		newest, s.Text = nil, e.Text
	case newest != nil:
		s.Text = newest.Text
	}
	wrong := s.diff(e.Name, e.Text)
	switch {
	case deleted == nil && e.Deleted:
		wrong = "as deleted, and nobody deleted it"
	case deleted != nil && (!e.Deleted || e.Text != ""):
		wrong = "though it was deleted by " + deleted.ID
	case wrong != "" && newest != nil:
		wrong += " by its newest edit " + newest.ID
	}
	if wrong != "" {
		c.violation("log and archive have message %s at %v %s", s.ID, e.At, wrong)
	}
}
