package main

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"

	"livechat/server/config"
)

// GC targets, unless GOGC says otherwise. Go's default of 100 doubles the memory
// of idle connections; they produce no garbage, so collecting earlier costs next
// to nothing. The API keeps little and discards much: there memory is cheaper
// than CPU time.
const (
	gcPercent    = 50
	gcPercentAPI = 300
)

// gcRoom is how many bytes of garbage gather before a collection, however small
// the heap. Half of a small heap would be full again every few milliseconds
// while thousands of clients join, and each collection looks at the stacks of
// all.
const gcRoom = 16 << 20

// tuneGC sets the GC target of a role. A GOGC other than Go's default stays.
func tuneGC(role string) {
	percent := gcPercent
	if role == config.RoleAPI {
		percent = gcPercentAPI
	}
	if old := debug.SetGCPercent(percent); old != 100 {
		debug.SetGCPercent(old)
		return
	}
	afterGC(func() { debug.SetGCPercent(gcTarget(percent, liveHeap())) })
}

// gcTarget returns the percentage of live, in bytes, that is at least percent
// and at least gcRoom.
func gcTarget(percent int, live uint64) int {
	return max(percent, int(100*gcRoom/max(live, 1<<20)))
}

// liveHeap returns the bytes that the last collection left.
func liveHeap() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// afterGC calls f after each collection, in the goroutine of finalizers.
func afterGC(f func()) {
	type mark struct{ _ [16]byte } // not tiny: those share their end with others
	var finalize func(*mark)
	finalize = func(m *mark) {
		f()
		runtime.SetFinalizer(m, finalize)
	}
	runtime.SetFinalizer(&mark{}, finalize)
}
