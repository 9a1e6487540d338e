package run

import (
	"maps"
	"net"
	"sync"
	"time"

	"livechat/load/network"
	"livechat/load/plan"
	"livechat/load/record"
)

// slowNetwork is the network of some clients, and what became of them. It is
// safe for concurrent use.
type slowNetwork struct {
	*network.Network
	apart bool // whether there are others to compare with

	mu        sync.Mutex
	latencies Histogram
	closed    map[string]int64
	clients   int64
}

// newSlowNetwork returns the network of the settings; nil if all clients have
// that of this machine.
func newSlowNetwork(s *plan.Settings) *slowNetwork {
	if s.Network == (plan.Network{}) {
		return nil
	}
	return &slowNetwork{Network: network.New(s.Network), apart: s.Network.Share < 100,
		latencies: NewHistogram(), closed: make(map[string]int64)}
}

// ease makes the network fast when no more messages are sent.
func (n *slowNetwork) ease() {
	if n != nil {
		n.Ease()
	}
}

// close ends what still uses the network, at the end of the run.
func (n *slowNetwork) close() {
	if n != nil {
		n.Close()
	}
}

// isApart reports whether the latencies of a client are those of a slow network,
// and count apart. A nil member is somebody who is no client.
func (m *member) isApart() bool { return m != nil && m.network != nil && m.network.apart }

// received counts the latency of a delivery from or to a client of the network.
func (n *slowNetwork) received(latency time.Duration) {
	us := min(max(latency, shortest), longest).Microseconds()
	n.mu.Lock()
	defer n.mu.Unlock()
	_ = n.latencies.RecordValue(us) // fails only out of range
}

// ended counts the end of a connection by its code.
func (n *slowNetwork) ended(code string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.closed[code]++
}

// source returns the address that a client connects from; nil: any.
func (m *member) source() net.Addr {
	if source := m.run.settings.Source(m.index); source != "" {
		return &net.TCPAddr{IP: net.ParseIP(source)}
	}
	return nil
}

// NetworkCount is what was counted of the clients with a slow network. All of it
// adds up.
type NetworkCount struct {
	Clients   int64
	Latencies Histogram // empty if all clients are
	Closed    map[string]int64
}

// count returns the counts after the run; the zero value without a network.
func (n *slowNetwork) count() NetworkCount {
	if n == nil {
		return NetworkCount{}
	}
	return NetworkCount{n.clients, n.latencies, n.closed}
}

// add adds what another process has counted.
func (c *NetworkCount) add(other *NetworkCount) {
	if other.Latencies.Histogram == nil {
		return
	}
	if c.Latencies.Histogram == nil {
		c.Latencies = NewHistogram()
	}
	c.Latencies.Merge(other.Latencies.Histogram)
	c.Clients += other.Clients
	if c.Closed = maps.Clone(c.Closed); c.Closed == nil {
		c.Closed = make(map[string]int64)
	}
	for code, n := range other.Closed {
		c.Closed[code] += n
	}
}

// networkOf returns the counts as the result has them; nil without a network.
func networkOf(s *plan.Settings, c *NetworkCount, excused int64) *record.Network {
	if s.Network == (plan.Network{}) {
		return nil
	}
	n := &record.Network{Like: s.Network.String(), Clients: c.Clients, Closed: c.Closed, Excused: excused}
	if c.Latencies.Histogram != nil {
		n.Measured, n.Latency = c.Latencies.TotalCount(), LatencyOf(c.Latencies)
	}
	return n
}
