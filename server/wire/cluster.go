package wire

// Cluster says how all servers are. A socket at /cluster gets one at once, one a second from then on, and one whenever a server comes, goes or
// changes its state. Such a socket gets nothing else, and is not expected to send anything.
type Cluster struct {
	Type    string          `json:"type"` // "cluster"
	At      int64           `json:"at"`   // Unix milliseconds
	App     string          `json:"app"`  // the server that says so
	Redis   ClusterRedis    `json:"redis"`
	Servers []ClusterServer `json:"servers"` // by app, in the order in which people count
}

// ClusterRedis is Redis as the server that says so sees it.
type ClusterRedis struct {
	State     string `json:"state"`                  // "up", or "down": this server does not hear itself through it, so it cannot know how the others are
	RoundTrip int64  `json:"round_trip_us,omitzero"` // microseconds from saying something to hearing it
	Embedded  bool   `json:"embedded,omitzero"`      // it is inside the server, which is alone then
}

// ClusterServer is one server, as it said itself within the last two seconds.
type ClusterServer struct {
	Node        string  `json:"node"` // names a process: a server that restarts is another one
	App         string  `json:"app"`
	State       string  `json:"state"` // one of the states below
	Connections int     `json:"connections"`
	In          float64 `json:"rate_in"`     // messages a second taken from its clients
	Out         float64 `json:"rate_out"`    // messages a second delivered to them, each client counted
	P99         int64   `json:"p99_pass_us"` // microseconds that 99 of 100 passes over its clients took at most in the last second; 0 without any
	Uptime      int64   `json:"uptime_s"`
	Version     string  `json:"version"`
}

// What ClusterServer.State can be. The first five are what the server says of
// itself, with the words of /readyz.
const (
	ClusterStarting = "starting"
	ClusterReady    = "ready"
	ClusterDraining = "draining"
	ClusterDeaf     = "deaf"      // it does not hear Redis
	ClusterReadOnly = "read-only" // Redis takes no writes: nobody can speak
	ClusterLeft     = "left"      // it was draining, and is not heard any more
	ClusterGone     = "gone"      // it is not heard any more, and has not said why
	ClusterUnknown  = "unknown"   // who says so does not hear Redis
)
