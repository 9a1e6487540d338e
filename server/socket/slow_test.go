package socket

import (
	"testing"
	"time"
)

func TestSlowClientsHaveToWait(t *testing.T) {
	s := newSlowClients()
	now := time.Unix(1_000_000, 0)
	for i := range maxCuts {
		if wait := s.cut(1, now); wait != 0 || s.wait(1, now) != 0 {
			t.Fatalf("cut %d asks to wait for %v", i+1, wait)
		}
	}
	if wait := s.cut(2, now); wait != 0 {
		t.Errorf("another client's first cut asks to wait for %v", wait)
	}
	if wait := s.cut(1, now.Add(30*time.Second)); wait != slowWait {
		t.Errorf("the third cut in a minute asks to wait for %v", wait)
	}
	if wait := s.wait(1, now.Add(40*time.Second)); wait != slowWait-10*time.Second {
		t.Errorf("ten seconds later %v are left", wait)
	}
	if wait := s.wait(1, now.Add(2*time.Minute)); wait != 0 {
		t.Errorf("after the wait %v are left", wait)
	}
	if wait := s.cut(1, now.Add(2*time.Minute)); wait != 0 {
		t.Errorf("an old cut still counts: wait %v", wait)
	}
}

// TestSlowClientsRememberedAreBounded: memory is bounded, and clients that have
// to wait are not the first to be forgotten.
func TestSlowClientsRememberedAreBounded(t *testing.T) {
	s := newSlowClients()
	now := time.Unix(1_000_000, 0)
	for who := range uint64(maxSlowClients + 100) {
		s.cut(who, now.Add(time.Duration(who)*time.Microsecond))
	}
	if len(s.known) != maxSlowClients {
		t.Errorf("%d are remembered, want %d", len(s.known), maxSlowClients)
	}
	if _, ok := s.known[0]; ok {
		t.Error("the oldest is remembered")
	}
	s.cut(1<<32, now.Add(time.Hour))
	if len(s.known) != 1 {
		t.Errorf("%d are remembered when all but one may be forgotten", len(s.known))
	}
}
