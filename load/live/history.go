package live

import (
	"livechat/load/record"
)

const (
	// maxPoints bounds the points of the charts: if there are more, two become
	// one.
	maxPoints = 600
	// maxMarks bounds the events that are shown. The oldest are forgotten.
	maxMarks = 300
	maxText  = 500 // bytes of an event
)

// point is a second of the run or, in a long run, several.
type point struct {
	At        float64  `json:"t"`
	Connected int      `json:"c"`
	Wanted    int64    `json:"w"`
	Sent      float64  `json:"s"` // a second
	Delivered float64  `json:"d"` // a second
	P50       *float64 `json:"m"` // ms, of several seconds the most; nil: nothing was measured
	P99       *float64 `json:"p"`
	Lost      int64    `json:"l"` // so far
	Loader    float64  `json:"u"` // percent of a core

	span float64
}

func pointOf(s record.Second, wanted int64) point {
	p := point{At: s.At, Connected: s.Connected, Wanted: wanted, Lost: s.Lost, Loader: s.Loader.CPU,
		span: s.Span}
	if s.Span > 0 {
		p.Sent, p.Delivered = float64(s.Sent)/s.Span, float64(s.Delivered)/s.Span
	}
	if s.Latency.Max > 0 {
		p.P50, p.P99 = &s.Latency.P50, &s.Latency.P99
	}
	return p
}

// join returns one point for p and the next one.
func (p point) join(next point) point {
	span := p.span + next.span
	both := next
	both.span = span
	both.Sent = (p.Sent*p.span + next.Sent*next.span) / span
	both.Delivered = (p.Delivered*p.span + next.Delivered*next.span) / span
	both.Loader = (p.Loader*p.span + next.Loader*next.span) / span
	both.P50, both.P99 = most(p.P50, next.P50), most(p.P99, next.P99)
	return both
}

func most(a, b *float64) *float64 {
	if a == nil || b != nil && *b > *a {
		return b
	}
	return a
}

// mark is an event of the run.
type mark struct {
	At   float64 `json:"t"`
	Text string  `json:"text"`
}

// history is the run so far, in bounded memory.
type history struct {
	points  []point
	every   int   // seconds in a point; 0: 1
	pending point // the one that is not complete
	within  int   // seconds in pending
	// generation changes when more than the end has changed.
	generation int

	marks     []mark
	forgotten int
}

func (h *history) add(s record.Second, wanted int64) {
	if s.Span <= 0 {
		return
	}
	next := pointOf(s, wanted)
	if h.within > 0 {
		next = h.pending.join(next)
	}
	h.pending, h.within = next, h.within+1
	if h.within >= max(1, h.every) {
		h.flush()
	}
}

// flush takes the pending point.
func (h *history) flush() {
	if h.within == 0 {
		return
	}
	h.points, h.within = append(h.points, h.pending), 0
	if len(h.points) < maxPoints {
		return
	}
	for i := range maxPoints / 2 {
		h.points[i] = h.points[2*i].join(h.points[2*i+1])
	}
	h.points, h.every = h.points[:maxPoints/2], 2*max(1, h.every)
	h.generation++
}

func (h *history) mark(m record.Mark) {
	text := record.Redact(m.Text)
	if len(text) > maxText {
		text = text[:maxText] + "…"
	}
	h.marks = append(h.marks, mark{m.At, text})
	if len(h.marks) > maxMarks {
		h.marks = h.marks[1:]
		h.forgotten++
	}
}
