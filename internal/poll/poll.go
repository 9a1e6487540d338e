// Package poll waits for things that tests cannot be told about.
package poll

import (
	"testing"
	"time"
)

// Until returns when ok does, and fails the test, saying what was waited for, after 20 s.
func Until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-deadline:
			t.Fatalf("not within 20 s: %s", what)
		case <-tick.C:
		}
	}
}
