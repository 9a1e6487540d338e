package history

import "slices"

// span is a part of one log for which a reader was connected.
type span struct {
	epoch string
	to    uint64 // the reader's position, or that when the log was replaced
	gaps  [][2]uint64
}

// view is what one reader saw.
type view struct {
	name   string
	raw    bool
	left   bool
	joined Event // the first position that it knew

	seen  map[string][]string // the epochs in which it saw each message
	asked map[string]bool     // messages that it has from the store
	spans []span
	now   *span         // the last of spans; nil before it knew its position
	told  *welcomeClaim // from the last welcome; nil if it said nothing, or has been checked
	// a log has begun whose messages may begin anywhere up to the one after
	// `to`, and none of it has come
	fresh bool
}

// saw reports whether the reader received the message or has it from the store.
func (v *view) saw(id string) bool { return len(v.seen[id]) > 0 || v.asked[id] }

// gapAt reports whether a gap announced that it would not receive what is at
// this position. An empty epoch matches any.
func (v *view) gapAt(at Position) bool {
	for _, s := range v.spans {
		if at.Epoch != "" && at.Epoch != s.epoch {
			continue
		}
		if slices.ContainsFunc(s.gaps, func(g [2]uint64) bool { return g[0] <= at.Seq && at.Seq <= g[1] }) {
			return true
		}
	}
	return false
}

// read goes through a reader's events.
func (c *check) read(r *Reader) *view {
	v := &view{name: r.Name, raw: r.raw, left: r.left, seen: map[string][]string{}, asked: map[string]bool{}}
	for _, wrong := range r.wrong {
		c.violation("%s %s", r.Name, wrong)
	}
	c.more += r.more
	for i, e := range r.events {
		c.begins(e)
		switch e.Kind {
		case Joined:
			if v.now == nil {
				v.begin(e)
			}
		case Message, Tombstone:
			c.message(v, e)
		case Gap:
			c.gap(v, e)
		case Reset:
			c.reset(v, e)
		case Resumed: // a Session adds Reset before
			if i == 0 || r.events[i-1].Kind != Reset || r.events[i-1].At != e.At {
				c.reset(v, e)
			}
			v.fresh = true
		case Counted:
			c.summary(v, e)
		case Other:
			c.advance(v, e)
		case Asked:
			v.asked[e.ID] = true
		case Recovered, NotRecovered:
			c.judge(v)
			// In a log that is new to the reader, or that has less than it has
			// seen, only recovered:true says something.
			if e.Kind == Recovered || v.now != nil && !v.fresh && e.At.Epoch == v.now.epoch &&
				e.At.Seq >= v.now.to {
				v.told = &welcomeClaim{recovered: e.Kind == Recovered, to: e.At, from: v.now}
			}
		case Disconnected:
			c.judge(v)
		}
	}
	c.judge(v)
	return v
}

// begin sets the position at which the reader joined.
func (v *view) begin(e Event) {
	v.joined = e
	v.spans = append(v.spans, span{epoch: e.At.Epoch, to: e.At.Seq})
	v.now = &v.spans[0]
}

// advance moves the reader to the position of an entry and notes what is wrong
// with that.
func (c *check) advance(v *view, e Event) {
	if v.now == nil { // no event said where it begins: here
		v.begin(Event{At: Position{e.At.Epoch, e.At.Seq - 1}, When: e.When})
	}
	if e.At.Epoch != v.now.epoch {
		c.violation("%s saw %v in epoch %s without a reset", v.name, e.At, v.now.epoch)
		c.reset(v, Event{At: Position{e.At.Epoch, e.At.Seq - 1}})
	}
	last := v.now.to
	switch {
	case e.At.Seq > last+1:
		c.holes = append(c.holes, hole{v, e.At, last, "saw"})
	case e.At.Seq <= last && !v.fresh:
		c.violation("%s saw %v after %d: twice, or out of order", v.name, e.At, last)
	}
	if v.fresh || e.At.Seq > last {
		v.now.to = e.At.Seq
	}
	v.fresh = false
}

func (c *check) message(v *view, e Event) {
	c.advance(v, e)
	if c.sent[e.ID] == nil {
		c.violation("%s saw message %s at %v, which nobody sent", v.name, e.ID, e.At)
	}
	if s := c.sent[e.ID]; s != nil && s.refused {
		c.violation("%s saw message %s at %v, which was refused", v.name, e.ID, e.At)
	}
	// A session has edits, deletes and tombstones again in each log that has them.
	again := v.raw || c.isChange(e.ID) || e.Kind == Tombstone
	if epochs := v.seen[e.ID]; len(epochs) > 0 && (!again || slices.Contains(epochs, e.At.Epoch)) {
		c.violation("%s saw message %s %d times, now at %v", v.name, e.ID, len(epochs)+1, e.At)
	}
	v.seen[e.ID] = append(v.seen[e.ID], e.At.Epoch)
	c.place(e.ID, e.At, v.name)
}

// hole is what a reader did not see when it came from the message with seq
// `after` to this position.
type hole struct {
	view  *view
	at    Position
	after uint64
	how   string // verb: saw, or was told of a gap from
}

// hidden reports whether a hole contains only messages that the reader knew
// from an older log, so that its session did not show them again, as it would
// do with edits and deletes. It takes a raw reader to know them.
func (c *check) hidden(h hole) bool {
	if h.view.raw || h.view.spans[0].epoch == h.at.Epoch {
		return false
	}
	for seq := h.after + 1; seq < h.at.Seq; seq++ {
		if there, ok := c.who[Position{h.at.Epoch, seq}]; !ok || !h.view.saw(there.id) || c.isChange(there.id) {
			return false
		}
	}
	return true
}

// unannounced finds holes that hide a message.
func (c *check) unannounced() {
	for _, h := range c.holes {
		if !c.hidden(h) {
			c.violation("%s %s %v after %d: a hole of %d that was not announced", h.view.name, h.how, h.at,
				h.after, h.at.Seq-h.after-1)
		}
	}
}

func (c *check) gap(v *view, e Event) {
	if c.gaps == NoGaps {
		c.violation("%s was told that it will not get %d to %d", v.name, e.At.Seq, e.To)
	}
	if v.now == nil {
		v.begin(Event{At: Position{e.At.Epoch, e.At.Seq - 1}, When: e.When})
	}
	if !v.fresh && e.At.Seq > v.now.to+1 {
		c.holes = append(c.holes,
			hole{v, Position{v.now.epoch, e.At.Seq}, v.now.to, "was told of a gap from"})
	}
	c.missing(v, e)
	v.now.gaps = append(v.now.gaps, [2]uint64{e.At.Seq, e.To})
	v.now.to = max(v.now.to, e.To)
	if v.fresh {
		v.now.to = e.To
	}
	v.fresh = false
}

func (c *check) reset(v *view, e Event) {
	if v.now == nil {
		v.begin(e)
		return
	}
	if v.now.epoch == e.At.Epoch {
		c.violation("%s was told of a reset to epoch %s, in which it is", v.name, e.At.Epoch)
		return
	}
	for _, s := range v.spans {
		way := [2]string{s.epoch, e.At.Epoch}
		if who, ok := c.follows[[2]string{way[1], way[0]}]; ok {
			c.violation("%s went from epoch %s to %s, %s the other way", v.name, way[0], way[1], who)
		}
		c.follows[way] = v.name
	}
	v.spans = append(v.spans, span{epoch: e.At.Epoch, to: e.At.Seq})
	v.now = &v.spans[len(v.spans)-1]
	v.fresh = false
}
