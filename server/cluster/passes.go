package cluster

import (
	"math/bits"
	"sync/atomic"
	"time"
)

// steps is how many buckets a doubling of the duration has: a percentile is read with an error of an eighth at most.
const steps = 8

// Passes counts how long passes took, in buckets. The zero value is ready. Add may be called from any goroutine, costs one atomic addition and
// allocates nothing.
type Passes struct {
	buckets [64 * steps]atomic.Uint64
}

// Add counts one pass.
func (p *Passes) Add(took time.Duration) { p.buckets[bucket(took)].Add(1) }

// Percentile returns what share (0.99) of the passes since its last call took at most; 0 if there were none.
func (p *Passes) Percentile(share float64) time.Duration {
	var counts [len(p.buckets)]uint64
	var total uint64
	for i := range p.buckets {
		counts[i] = p.buckets[i].Swap(0)
		total += counts[i]
	}
	if total == 0 {
		return 0
	}
	rest := float64(total) * (1 - share)
	for i := len(counts) - 1; i > 0; i-- {
		if rest -= float64(counts[i]); rest < 0 {
			return upper(i)
		}
	}
	return 0 // cannot be: the lowest buckets are empty
}

// bucket returns the bucket of a duration: its highest bit, and the three bits behind it.
func bucket(d time.Duration) int {
	ns := uint64(max(d, steps))
	high := bits.Len64(ns) - 1
	return high*steps + int(ns>>(high-3))&(steps-1)
}

// upper returns the first duration that is above a bucket.
func upper(i int) time.Duration {
	high, step := i/steps, i%steps
	return time.Duration(steps+step+1) << (high - 3)
}
