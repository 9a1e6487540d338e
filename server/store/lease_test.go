package store_test

import (
	"testing"
	"time"

	"livechat/internal/poll"
	"livechat/server/store"
)

// testLease uses two holders on one database, or one where a second one cannot
// reach it.
func testLease(t *testing.T, w *world) {
	try := func(s *store.Store, ttl time.Duration, want bool) {
		t.Helper()
		got, err := s.TryLock(t.Context(), "relay", ttl)
		if err != nil || got != want {
			t.Errorf("TryLock: %t, %v; want %t", got, err, want)
		}
	}
	try(w.Store, time.Hour, true)
	try(w.Store, time.Hour, true) // extended
	if w.url == "sqlite::memory:" {
		return
	}
	other := open(t, w.url)
	try(other, time.Hour, false)
	if err := other.Unlock(t.Context(), "relay"); err != nil { // not its lease
		t.Error(err)
	}
	try(other, time.Hour, false)
	if err := w.Unlock(t.Context(), "relay"); err != nil {
		t.Error(err)
	}
	try(other, time.Millisecond, true)
	poll.Until(t, "a lease ends by itself", func() bool {
		ok, err := w.TryLock(t.Context(), "relay", time.Hour)
		return ok && err == nil
	})
	try(other, time.Hour, false)
}
