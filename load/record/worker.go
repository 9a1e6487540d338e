package record

import "math"

// Worker is one of several processes that performed the run.
type Worker struct {
	Address   string  `json:"address"`
	Machine   string  `json:"machine"`
	Clients   int     `json:"clients"`
	Delivered int64   `json:"delivered"`
	Lost      int64   `json:"lost"`
	CPU       float64 `json:"cpu"` // seconds of processor time while messages were sent
	// Clock is the worker's clock minus that of the coordinator, Error how much
	// of that can be wrong, and Drift how much it had changed at the end.
	Clock float64 `json:"clock"`
	Error float64 `json:"clock_error"`
	Drift float64 `json:"clock_drift"`
}

// ClockError returns by how much a latency between two workers can be wrong
// because of their clocks, in ms; 0 without workers.
func (r *Run) ClockError() (most float64) {
	for i, a := range r.Workers {
		for _, b := range r.Workers[:i] {
			most = max(most, a.Error+b.Error+math.Abs(a.Drift-b.Drift))
		}
	}
	return most
}
