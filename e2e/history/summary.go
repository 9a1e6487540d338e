package history

// Summary has the counts of a history.
type Summary struct {
	Sent, Acked, Delivered    int
	Gaps, Resets, Disconnects int
	Repeated                  int // messages that a raw reader received once more after a reset
	Edits                     int // of the acked ones
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
	}
}

// Summary returns the counts so far.
func (h *History) Summary() (s Summary) {
	sends, readers, _ := h.snapshot()
	s.Sent = len(sends)
	for _, send := range sends {
		if !send.Acked.IsZero() {
			s.Acked++
			if send.Edits != "" {
				s.Edits++
			}
		}
	}
	for _, r := range readers {
		seen := map[string]bool{}
		for i, e := range r.events {
			switch e.Kind {
			case Message:
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
