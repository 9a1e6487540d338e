// Package poll waits for conditions in tests.
package poll

import (
	"testing"
	"time"
)

// Until returns when ok does. After a minute it fails the test with what, the
// condition.
func Until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(time.Minute)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-deadline:
			t.Fatalf("after a minute: still waiting for: %s", what)
		case <-tick.C:
		}
	}
}
