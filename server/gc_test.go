package main

import (
	"runtime"
	"testing"

	"livechat/internal/poll"
)

// A small heap gets room for garbage, a large one the given percentage.
func TestGCTarget(t *testing.T) {
	for _, test := range []struct {
		live uint64
		want int
	}{{0, 1600}, {1 << 20, 1600}, {8 << 20, 200}, {32 << 20, 50}, {1 << 30, 50}} {
		if got := gcTarget(gcPercent, test.live); got != test.want {
			t.Errorf("of %d bytes: %d %%, want %d", test.live, got, test.want)
		}
	}
}

func TestAfterGC(t *testing.T) {
	calls := make(chan struct{}, 1)
	afterGC(func() {
		select {
		case calls <- struct{}{}:
		default:
		}
	})
	for range 3 { // each collection sets the finalizer again
		poll.Until(t, "a call after a collection", func() bool {
			runtime.GC()
			select {
			case <-calls:
				return true
			default:
				return false
			}
		})
	}
}
