package blob

import (
	"sync/atomic"
	"time"
)

// hourly lets a caller through once an hour. The zero value lets the first one
// through.
type hourly struct{ next atomic.Int64 } // Unix time in nanoseconds

func (h *hourly) due(now time.Time) bool {
	next := h.next.Load()
	return now.UnixNano() >= next && h.next.CompareAndSwap(next, now.Add(time.Hour).UnixNano())
}
