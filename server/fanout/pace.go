package fanout

import "time"

const (
	// paceFactor is by how many times its own duration a pass may delay the
	// next one.
	paceFactor = 16
	// paceWrite is the approximate cost of a write. The clock is not used: a
	// preempted pass would look long.
	paceWrite = 10 * time.Microsecond
	// paceMinWrites is how many writes a pass needs before the next one is
	// delayed. With fewer clients no message should wait.
	paceMinWrites = 120
)

// pace returns how long a shard delays its next pass after a pass with that
// many writes, which brought a room that many frames; at most most.
//
// An extra message in a write costs almost nothing, while an extra write costs
// the server and the load balancer in front of it 10 to 20 µs each. So a shard
// with many clients collects what arrives in the meantime, and one with few
// clients does not wait. A message that arrives after a quiet period does not
// wait either.
func pace(writes int, frames uint64, most time.Duration) time.Duration {
	if frames == 0 || writes < paceMinWrites { // only acks and pongs
		return 0
	}
	return min(time.Duration(paceFactor*writes)*paceWrite, most)
}
