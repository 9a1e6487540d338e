package history

// Summary has the counts of a history.
type Summary struct {
	Sent, Acked, Delivered    int
	Gaps, Resets, Disconnects int
	Repeated                  int // messages that a raw reader received once more after a reset
	Edits, Deletes            int // of the acked ones
	Reactions                 int // that were set or taken back, and acked
}

// Plus adds the counts of another history.
func (s Summary) Plus(o Summary) Summary {
	return Summary{
		s.Sent + o.Sent,
		s.Acked + o.Acked,
		s.Delivered + o.Delivered,
		s.Gaps + o.Gaps,
		s.Resets + o.Resets,
		s.Disconnects + o.Disconnects,
		s.Repeated + o.Repeated,
		s.Edits + o.Edits,
		s.Deletes + o.Deletes,
		s.Reactions + o.Reactions,
	}
}

// Summary returns the counts so far.
func (h *History) Summary() (s Summary) {
	sends, readers, _ := h.snapshot()
	s.Sent = len(sends)
	h.mu.RLock()
	s.Reactions = len(h.toggles)
	h.mu.RUnlock()
	for _, send := range sends {
		if !send.Acked.IsZero() {
			s.Acked++
			switch {
			case send.Edits != "":
				s.Edits++
			case send.Deletes != "":
				s.Deletes++
			}
		}
	}
	for _, r := range readers {
		seen := map[string]bool{}
		for i, e := range r.events {
			switch e.Kind {
			case Message, Tombstone:
				s.Delivered++
				if seen[e.ID] {
					s.Repeated++
				}
				seen[e.ID] = true
			case Gap:
				s.Gaps++
			case Reset:
				s.Resets++
			case Resumed:
				if before := r.events[i-1]; before.Kind != Reset || before.At != e.At {
					s.Resets++
				}
			case Disconnected:
				s.Disconnects++
			}
		}
	}
	return s
}
