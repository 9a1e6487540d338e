package presence

import (
	"testing"
	"time"
)

// The age of the subscription is that of the newest own report that came back,
// whatever else works.
func TestSubscriptionAge(t *testing.T) {
	bubble(t, 2, func(t *testing.T, h *hub, s []*server) {
		pass(5 * time.Second)
		if age := s[0].SubscriptionAge(); age > time.Second {
			t.Errorf("%v in normal operation", age)
		}
		h.mu.Lock()
		h.drop = func(to *server, _ string) bool { return to == s[0] }
		h.mu.Unlock()
		pass(10 * time.Second)
		s[0].Resubscribed() // resubscribing proves nothing
		if age := s[0].SubscriptionAge(); age < 10*time.Second || age > 11*time.Second {
			t.Errorf("%v after 10 s without receiving anything", age)
		}
		if age := s[1].SubscriptionAge(); age > time.Second {
			t.Errorf("%v at the other server", age)
		}
		h.mu.Lock()
		h.drop = nil
		h.mu.Unlock()
		pass(time.Second)
		if age := s[0].SubscriptionAge(); age > time.Second {
			t.Errorf("%v after recovery", age)
		}
	})
}

// Reports that arrive late count with their age: one may arrive every second,
// each five seconds old.
func TestSubscriptionAgeOfLateReports(t *testing.T) {
	bubble(t, 1, func(t *testing.T, h *hub, s []*server) {
		pass(2 * time.Second)
		h.mu.Lock()
		h.drop = func(to *server, payload string) bool {
			time.AfterFunc(5*time.Second, func() { to.Receive([]byte(payload)) })
			return true
		}
		h.mu.Unlock()
		pass(20 * time.Second)
		if age := s[0].SubscriptionAge(); age < 5*time.Second || age > 6100*time.Millisecond {
			t.Errorf("%v with everything five seconds late", age)
		}
		h.mu.Lock()
		h.drop = nil
		h.mu.Unlock()
		pass(6 * time.Second)
	})
}

// Servers know which of them take no new clients.
func TestUnavailableServersAreKnown(t *testing.T) {
	bubble(t, 2, func(t *testing.T, _ *hub, s []*server) {
		pass(2 * time.Second)
		if unavailable(s[0]) != 0 || unavailable(s[1]) != 0 {
			t.Error("a server is unavailable at the start")
		}
		s[0].SetUnavailable(true)
		pass(1100 * time.Millisecond)
		if unavailable(s[0]) != 1 || unavailable(s[1]) != 1 {
			t.Errorf("a second later %d and %d servers are unavailable, want 1", unavailable(s[0]), unavailable(s[1]))
		}
		s[0].SetUnavailable(false)
		pass(1100 * time.Millisecond)
		if unavailable(s[0]) != 0 || unavailable(s[1]) != 0 {
			t.Error("a server stays unavailable")
		}
	})
}
