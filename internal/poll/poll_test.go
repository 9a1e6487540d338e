package poll

import (
	"testing"
	"testing/synctest"
	"time"
)

// The tries get rarer, and what comes late is still seen soon.
func TestUntilTriesLessOften(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began, tries := time.Now(), 0
		Until(t, "three seconds are over", func() bool {
			tries++
			return time.Since(began) >= 3*time.Second
		})
		if took := time.Since(began); took > 3050*time.Millisecond || tries > 110 {
			t.Errorf("saw it after %v, with %d tries", took, tries)
		}
	})
}
