package record

// Limit is a limit for a figure of the run, given before it, with the figure
// that was measured. Bound and Value are in Unit.
type Limit struct {
	Text     string  `json:"text"`   // as given: p99>200ms
	Figure   string  `json:"figure"` // p99
	Unit     string  `json:"unit"`   // ms, µs, bytes, /s; empty for counts
	Bound    float64 `json:"bound"`
	Value    float64 `json:"value"`
	Measured bool    `json:"measured"` // false: the run has no such figure
	Exceeded bool    `json:"exceeded"` // also if it was not measured
}

// Baseline compares the run with an earlier one.
type Baseline struct {
	File    string   `json:"file"`
	Worse   float64  `json:"worse"` // percent by which a figure may be worse
	Figures []Change `json:"figures"`
}

// Change is what became of a figure of which less is better.
type Change struct {
	Figure string  `json:"figure"`
	Unit   string  `json:"unit"` // as in Limit
	Before float64 `json:"before"`
	Now    float64 `json:"now"`
	Worse  bool    `json:"worse"` // by more than is allowed
}

// Exceeded reports whether a limit was exceeded, or a figure is worse than that
// of the baseline by more than is allowed.
func (r *Run) Exceeded() bool {
	for _, l := range r.Limits {
		if l.Exceeded {
			return true
		}
	}
	if r.Baseline != nil {
		for _, c := range r.Baseline.Figures {
			if c.Worse {
				return true
			}
		}
	}
	return false
}
