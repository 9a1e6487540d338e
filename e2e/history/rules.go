package history

import (
	"slices"
	"time"
)

// Silence is a time in which somebody may not write, by the rules of the room.
type Silence struct {
	Name string // whose; empty: everybody's
	Rule string // the code with which servers refuse what is written
	// Just before it was asked for, and when it was confirmed; then the same for
	// its end. While Lifted is zero it holds.
	Asked, Holds, Lifting, Lifted time.Time
}

// refusedAfter is how long after the end of a silence a server that cannot read
// the rules may still go by those that it remembers.
const refusedAfter = 30 * time.Second

// Silenced records a silence that is over.
func (h *History) Silenced(s Silence) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.silences = append(h.silences, s)
}

// Ruled records that the rules of the room refused a message. An earlier attempt
// may have been taken, and its ack lost.
func (h *History) Ruled(id, rule string, when time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if s := h.sends[id]; s != nil {
		s.rule, s.ruled = rule, when
	}
}

// RuledReaction records that the rules of the room refused to set a reaction, or
// to take it back. An earlier attempt may have been taken, or be taken yet.
func (h *History) RuledReaction(r Reaction) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.doubted[r] = true
}

// covers reports whether a message falls under a silence. Deletes do not: what
// somebody has written may be taken back.
func (s Silence) covers(m Send) bool { return m.Deletes == "" && (s.Name == "" || s.Name == m.Name) }

// breaks reports whether a message was sent and acked while nobody may have.
func (s Silence) breaks(m Send) bool {
	return s.covers(m) && !m.Acked.IsZero() && !m.acks[0].Duplicate && m.Sent.After(s.Holds) &&
		m.Acked.Before(s.Lifting)
}

// explains reports whether a silence may be why a message was refused.
func (s Silence) explains(m Send) bool {
	return s.covers(m) && s.Rule == m.rule && s.Asked.Before(m.ruled) &&
		m.Sent.Before(s.Lifted.Add(refusedAfter))
}

// rules checks that nobody wrote in a silence, and that rules refused nothing
// without one.
func (c *check) rules(sends []Send, silences []Silence) {
	for _, m := range sends {
		explained := m.rule == ""
		for _, s := range silences {
			if s.breaks(m) {
				c.violation("%s wrote %s at %v although the room has answered %s since %v", m.Name, m.ID,
					stamp(m.Sent), s.Rule, stamp(s.Holds))
			}
			explained = explained || s.explains(m)
		}
		if !explained {
			c.violation("message %s of %s was refused with %s at %v without such a rule", m.ID, m.Name, m.rule,
				stamp(m.ruled))
		}
	}
}

func stamp(t time.Time) string { return t.Format("15:04:05.000") }

func (h *History) allSilences() []Silence {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return slices.Clone(h.silences)
}
