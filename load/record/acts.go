package record

// Act is one kind of what people did. Of messages, edits, deletes, reactions and
// uploads, the latency is the time from when one was due to its ack, and of
// history, search and private messages that to the answer; typing has none. The
// warm-up, and clients with a slow network unless all have it, count in everything
// but the latency.
type Act struct {
	Kind     string `json:"kind"` // as -mix names it, or messages
	Tried    int64  `json:"tried"`
	Answered int64  `json:"answered"`
	// those that were refused or failed, by code or reason
	Failed map[string]int64 `json:"failed,omitempty"`
	// what others received of it: frames of typing, and private messages in the
	// feeds of both people
	Received int64 `json:"received,omitempty"`
	// private messages that were answered and did not reach a feed
	Lost int64   `json:"lost,omitempty"`
	P50  float64 `json:"p50"`
	P99  float64 `json:"p99"`
	Max  float64 `json:"max"`
}

// Failures returns how many failed.
func (a *Act) Failures() (sum int64) {
	for _, n := range a.Failed {
		sum += n
	}
	return sum
}

// ActOf returns what was counted of a kind.
func (r *Run) ActOf(kind string) Act {
	for _, a := range r.Acts {
		if a.Kind == kind {
			return a
		}
	}
	return Act{Kind: kind}
}
