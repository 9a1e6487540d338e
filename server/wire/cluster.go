package wire

// Cluster is the state of all servers. A socket at /cluster gets one at once,
// then one a second, and one whenever a server comes, goes or changes its
// state. It gets no other frames and need not send any.
type Cluster struct {
	Type    string          `json:"type"` // "cluster"
	At      int64           `json:"at"`   // Unix milliseconds
	App     string          `json:"app"`  // the server that sends it
	Redis   ClusterRedis    `json:"redis"`
	Servers []ClusterServer `json:"servers"` // by app, numbers by value
}

// ClusterRedis is Redis as seen by the sending server.
type ClusterRedis struct {
	// "up", or "down": this server does not receive its own messages, so it
	// cannot know the state of the others
	State string `json:"state"`
	// microseconds from publishing a message to receiving it
	RoundTrip int64 `json:"round_trip_us,omitzero"`
	Embedded  bool  `json:"embedded,omitzero"` // runs inside the server, which is standalone
}

// ClusterServer is one server, as it published itself within the last two
// seconds.
type ClusterServer struct {
	Node        string  `json:"node"` // identifies a process: a restarted server is another one
	App         string  `json:"app"`
	State       string  `json:"state"` // one of the states below
	Connections int     `json:"connections"`
	In          float64 `json:"rate_in"` // messages per second accepted from its clients
	// messages per second delivered to its clients, counted per client
	Out float64 `json:"rate_out"`
	// 99th percentile of the passes over its clients in the last second, in
	// microseconds; 0 without any
	P99     int64  `json:"p99_pass_us"`
	Uptime  int64  `json:"uptime_s"`
	Version string `json:"version"`
}

// Values of ClusterServer.State. The first five are what the server says of
// itself, as in /readyz.
const (
	ClusterStarting = "starting"
	ClusterReady    = "ready"
	ClusterDraining = "draining"
	ClusterDeaf     = "deaf"      // isolated: it receives nothing from Redis
	ClusterReadOnly = "read-only" // Redis takes no writes: nobody can send
	ClusterLeft     = "left"      // it was draining, and has stopped publishing
	ClusterGone     = "gone"      // it has stopped publishing without a reason
	ClusterUnknown  = "unknown"   // the sending server is isolated
)
