package presence

import (
	"testing"
	"time"
)

// The age of the feed is that of the newest own report that came back, whatever else works.
func TestFeedAge(t *testing.T) {
	bubble(t, 2, func(t *testing.T, h *hub, s []*server) {
		pass(5 * time.Second)
		if age := s[0].FeedAge(); age > time.Second {
			t.Errorf("%v while all is well", age)
		}
		h.mu.Lock()
		h.drop = func(to *server, _ string) bool { return to == s[0] }
		h.mu.Unlock()
		pass(10 * time.Second)
		s[0].Reset() // a subscription that stands proves nothing
		if age := s[0].FeedAge(); age < 10*time.Second || age > 11*time.Second {
			t.Errorf("%v after 10 s in which it heard nothing", age)
		}
		if age := s[1].FeedAge(); age > time.Second {
			t.Errorf("%v at the other server", age)
		}
		h.mu.Lock()
		h.drop = nil
		h.mu.Unlock()
		pass(time.Second)
		if age := s[0].FeedAge(); age > time.Second {
			t.Errorf("%v when all is well again", age)
		}
	})
}

// What comes late is as old as it is: all reports may come, one a second, and each
// be five seconds old.
func TestFeedAgeOfWhatIsLate(t *testing.T) {
	bubble(t, 1, func(t *testing.T, h *hub, s []*server) {
		pass(2 * time.Second)
		h.mu.Lock()
		h.drop = func(to *server, payload string) bool {
			time.AfterFunc(5*time.Second, func() { to.Receive([]byte(payload)) })
			return true
		}
		h.mu.Unlock()
		pass(20 * time.Second)
		if age := s[0].FeedAge(); age < 5*time.Second || age > 6100*time.Millisecond {
			t.Errorf("%v where everything is five seconds late", age)
		}
		h.mu.Lock()
		h.drop = nil
		h.mu.Unlock()
		pass(6 * time.Second)
	})
}

// Servers know of each other which of them takes no clients.
func TestAway(t *testing.T) {
	bubble(t, 2, func(t *testing.T, _ *hub, s []*server) {
		pass(2 * time.Second)
		if away(s[0]) != 0 || away(s[1]) != 0 {
			t.Error("somebody is away at the beginning")
		}
		s[0].SetAway(true)
		pass(1100 * time.Millisecond)
		if away(s[0]) != 1 || away(s[1]) != 1 {
			t.Errorf("a second later %d and %d servers are away, want 1", away(s[0]), away(s[1]))
		}
		s[0].SetAway(false)
		pass(1100 * time.Millisecond)
		if away(s[0]) != 0 || away(s[1]) != 0 {
			t.Error("somebody stays away")
		}
	})
}
