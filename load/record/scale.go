package record

// Scale is how the clients spread while the number of servers changed.
type Scale struct {
	Even  string      `json:"even"` // what counts as spread evenly
	Steps []ScaleStep `json:"steps"`
}

// ScaleStep is one change of the number of servers, and what followed until the
// next one. Servers are those that take clients. Clients are those of the run.
type ScaleStep struct {
	N       *int    `json:"n,omitempty"`       // what the command was given
	Command string  `json:"command,omitempty"` // empty: somebody else made the change
	At      float64 `json:"at"`
	Took    float64 `json:"took"` // seconds that the command ran
	For     float64 `json:"for"`  // seconds of the step
	Before  int     `json:"before"`
	Servers int     `json:"servers"` // at its end
	Want    int     `json:"want"`    // that there should be; -1: not known
	// Even is the time from the beginning of the step until the clients were
	// spread evenly, in seconds; nil if they never were.
	Even *float64 `json:"even"`
	// How they were spread at the end of the step.
	Mean  float64 `json:"mean"`  // clients of a server
	Off   float64 `json:"off"`   // by how many clients the furthest server differs from it
	Least int     `json:"least"` // clients of the emptiest server; -1 if there is none
	Most  int     `json:"most"`

	// The effect on people.

	Moved       int64   `json:"moved"`       // clients that the servers moved, without an interruption
	Interrupted int64   `json:"interrupted"` // reconnects after the connection had ended
	P99         float64 `json:"p99"`         // ms
	Longest     float64 `json:"longest"`     // wait for a message in ms
	Delivered   int64   `json:"delivered"`
}
