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
	for began := time.Now(); !ok(); time.Sleep(pause(time.Since(began))) {
		if time.Since(began) > time.Minute {
			t.Fatalf("after a minute: still waiting for: %s", what)
		}
	}
}

// pause is how long to wait before the next try: a tenth of the wait so far, as
// many conditions ask a server that then has less time for what they wait for.
func pause(waited time.Duration) time.Duration {
	return min(max(waited/10, 2*time.Millisecond), 50*time.Millisecond)
}
