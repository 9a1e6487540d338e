// Package poll waits for conditions in tests.
package poll

import (
	"testing"
	"time"
)

// Until returns when ok does. After 20 s it fails the test with what, the
// condition.
func Until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-deadline:
			t.Fatalf("after 20 s: still waiting for: %s", what)
		case <-tick.C:
		}
	}
}
