package cluster

import (
	"math/bits"
	"sync/atomic"
	"time"
)

// steps is the number of buckets per doubling of the duration: a percentile has
// an error of an eighth at most.
const steps = 8

// Passes is a histogram of the durations of passes. The zero value is ready to
// use. Add may be called from any goroutine, costs one atomic addition and
// allocates nothing.
type Passes struct {
	buckets [64 * steps]atomic.Uint64
}

// Add counts one pass.
func (p *Passes) Add(took time.Duration) { p.buckets[bucket(took)].Add(1) }

// Percentile returns the duration that a share (0.99) of the passes since the
// last call did not exceed; 0 if there were none.
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
	return 0 // unreachable: the lowest buckets are empty
}

// bucket returns the bucket of a duration: its highest bit and the three bits
// after it.
func bucket(d time.Duration) int {
	ns := uint64(max(d, steps))
	high := bits.Len64(ns) - 1
	return high*steps + int(ns>>(high-3))&(steps-1)
}

// upper returns the lowest duration above a bucket.
func upper(i int) time.Duration {
	high, step := i/steps, i%steps
	return time.Duration(steps+step+1) << (high - 3)
}
