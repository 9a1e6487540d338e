package history

import "slices"

// entries returns what SetStored recorded.
func (h *History) entries() ([]Entry, bool) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.kept, h.isKept
}

// checkStored compares log and archive with what was acked and with what
// newcomers received.
func (c *check) checkStored(all []Entry, sends []Send, readers []*Reader) {
	byID := map[string][]Entry{}
	for i, e := range all {
		byID[e.ID] = append(byID[e.ID], e)
		if e.ID == "" && len(c.changesAt[e.At.Seq]) == 0 {
			c.violation("log and archive have %d, which is no entry that a reader saw",
				e.At.Seq)
		}
		if e.ID != "" && c.sent[e.ID] == nil {
			c.violation("log and archive have message %s at %v, which nobody sent", e.ID, e.At)
		}
		if i > 0 && e.At.Seq <= all[i-1].At.Seq {
			c.violation("log and archive have %v after %v", e.At, all[i-1].At)
		}
	}
	for _, s := range sends {
		found := byID[s.ID]
		switch {
		case len(found) == 0 && !s.Acked.IsZero() && !c.hasChange(byID[""], s.ID):
			c.violation("message %s, acked at %v, is neither in the log nor in the archive", s.ID, s.At)
		case len(found) > 1:
			c.violation("log and archive have message %s %d times, at %v and %v", s.ID, len(found),
				found[0].At, found[1].At)
		}
		for _, e := range found {
			c.matchesSent(s, e)
			c.matchesReaders(e)
		}
	}
	for _, r := range readers {
		if r.whole && !r.left {
			c.matchesStored(r, all)
		}
	}
}

// hasChange reports whether there is an entry at a number at which readers saw
// this edit or delete. No more than the number of such an entry is known.
func (c *check) hasChange(numbers []Entry, id string) bool {
	return slices.ContainsFunc(numbers,
		func(e Entry) bool { return slices.Contains(c.changesAt[e.At.Seq], id) })
}

// matchesReaders compares the position of an entry with that at which readers
// saw the message in the same epoch.
func (c *check) matchesReaders(e Entry) {
	for _, p := range c.where[e.ID] {
		if p.at.Epoch == e.At.Epoch && p.at.Seq != e.At.Seq {
			c.violation("message %s is at %v, says the log, and at %v, says %s", e.ID, e.At, p.at, p.who)
		}
	}
}

// matchesStored compares what a newcomer received with what is stored.
func (c *check) matchesStored(r *Reader, all []Entry) {
	var got []Event
	for _, e := range r.events {
		if e.isSent() || e.Kind == Counted {
			got = append(got, e)
		}
	}
	for i := range min(len(got), len(all)) {
		same := got[i].ID == all[i].ID || all[i].ID == "" && (got[i].Kind == Counted || c.isChange(got[i].ID))
		if !same || got[i].At.Seq != all[i].At.Seq {
			c.violation("%s received message %s at %v, where log and archive have %s at %v", r.Name,
				got[i].ID, got[i].At, all[i].ID, all[i].At)
			return
		}
	}
	switch {
	case len(got) < len(all):
		c.violation("%s received %d messages of %d in log and archive: it lacks %v", r.Name, len(got),
			len(all), all[len(got)].At)
	case len(got) > len(all):
		c.violation("%s received %d messages of %d in log and archive: %v is not there", r.Name, len(got),
			len(all), got[len(all)].At)
	}
}
