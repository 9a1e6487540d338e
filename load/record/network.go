package record

// Network is a slow network that some clients have, and what became of them.
type Network struct {
	Like     string `json:"like"` // as -network has it
	Clients  int64  `json:"clients"`
	Measured int64  `json:"measured"` // deliveries from or to them whose latency counts
	// Latency of these deliveries, which are not in that of the run; zero if all
	// clients have the network.
	Latency Latency          `json:"latency"`
	Closed  map[string]int64 `json:"closed,omitempty"` // their ended connections by close code
	Excused int64            `json:"excused"`          // deliveries that were announced to them as gaps
}
