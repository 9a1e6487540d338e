package fanout

import "time"

const (
	// paceFactor is how many times as long as a pass takes the next one may be put off.
	paceFactor = 16
	// paceWrite is what a write costs, about. The clock is not asked: a pass that was interrupted would seem a long one.
	paceWrite = 10 * time.Microsecond
	// paceLeast is how many writes a pass must have made for that. For fewer nobody shall wait.
	paceLeast = 120
)

// pace says how long a shard puts off its next pass, behind one that made so many writes and brought a room so many frames: up to most. One message
// more in a write costs next to nothing, one write more costs the server and a balancer in front of it 10 to 20 µs each. So a shard with many clients
// takes what has come meanwhile together, and one with few does not wait. Nor does a message that comes when nothing has for a while.
func pace(writes int, frames uint64, most time.Duration) time.Duration {
	if frames == 0 || writes < paceLeast { // no frames: acks, pongs
		return 0
	}
	return min(time.Duration(paceFactor*writes)*paceWrite, most)
}
