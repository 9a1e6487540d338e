package history

// This file checks the texts that messages have in the end, after all edits.

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

// showLocked notes which text a message has after something was received, as a
// client does: an edit's own one, whenever it comes.
func (r *Reader) showLocked(s *Send, c *Content) {
	message, edit := s.ID, ""
	switch {
	case s.Edits != "":
		message, edit = s.Edits, s.ID
	case c != nil && c.Edited:
		if e := r.history.editWith(s.ID, c.Text); e != nil {
			edit = e.ID
		}
	}
	if edit == "" {
		delete(r.shows, message)
		return
	}
	if r.shows == nil {
		r.shows = map[string]string{}
	}
	r.shows[message] = edit
}

// isEdit reports whether an edit was sent under this id.
func (c *check) isEdit(id string) bool { return c.sent[id] != nil && c.sent[id].Edits != "" }

// newestEdits finds the edit of each message that has the newest position.
func (c *check) newestEdits(sends []Send) {
	newest := map[string]Position{}
	c.edits, c.editsAt = map[string]*Send{}, map[uint64][]string{}
	for i := range sends {
		s := &sends[i]
		if s.Edits == "" {
			continue
		}
		for _, p := range c.where[s.ID] {
			c.editsAt[p.at.Seq] = append(c.editsAt[p.at.Seq], s.ID)
			if before, ok := newest[s.Edits]; !ok || c.newer(p.at, before) {
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
// gave. One that never received this edit, and should have, is named elsewhere.
func (c *check) checkTexts(sends []Send, readers []*Reader, views []*view) {
	for _, s := range sends {
		if s.Edits != "" {
			continue
		}
		newest := ""
		if e := c.edits[s.ID]; e != nil {
			newest = e.ID
		}
		for i, v := range views {
			shows := readers[i].shows[s.ID]
			if v.left || len(v.seen[s.ID]) == 0 || shows == newest || newest != "" && c.toldOf(v, newest) {
				continue
			}
			c.violation("%s ends with message %s %s, and its newest text is %s", v.name, s.ID,
				textOf(shows, "as it was sent", "with the text of edit "),
				textOf(newest, "the one that was sent", "that of edit "))
		}
	}
}

func textOf(edit, none, some string) string {
	if edit == "" {
		return none
	}
	return some + edit
}

// toldOf reports whether a gap announced to the reader that it would not
// receive this edit.
func (c *check) toldOf(v *view, edit string) bool {
	for _, p := range c.where[edit] {
		if v.gapAt(p.at) {
			return true
		}
	}
	return false
}

// matchesSent compares an entry of log and archive with what was sent. A
// message has the text of its newest edit.
func (c *check) matchesSent(s Send, e Entry) {
	newest := c.edits[s.ID]
	if newest != nil {
		s.Text = newest.Text
	}
	wrong := s.diff(e.Name, e.Text)
	if wrong != "" && newest != nil {
		wrong += " by its newest edit " + newest.ID
	}
	if wrong != "" {
		c.violation("log and archive have message %s at %v %s", s.ID, e.At, wrong)
	}
}
