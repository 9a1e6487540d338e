package presence

import (
	"strings"
	"testing"
	"time"
)

// Whoever comes to a room as the first on a server sees at once who is there on others.
func TestTheFirstOfAServer(t *testing.T) {
	bubble(t, 3, func(t *testing.T, _ *hub, s []*server) {
		s[1].enter("den", "s1", "ann")
		s[2].enter("den", "s2", "eve")
		pass(10 * time.Second)
		if u := s[0].Snapshot("den"); u.Online != 2 || len(u.Names) != 0 {
			t.Errorf("a server without people in the room knows %+v", u)
		}
		s[0].enter("den", "s0", "bob")
		pass(200 * time.Millisecond)
		s[0].sees(t, "den", 3, "ann", "bob", "eve")
		s[0].exit("den", "s0")
		pass(3 * time.Second)
		s[0].sees(t, "den", 2)
		s[1].sees(t, "den", 2, "ann", "eve")
		s[0].enter("den", "s0", "bob")
		pass(200 * time.Millisecond)
		s[0].sees(t, "den", 3, "ann", "bob", "eve")
	})
}

// A server that has nobody in a room knows soon how many are there.
func TestCountsOfOtherRooms(t *testing.T) {
	bubble(t, 2, func(t *testing.T, _ *hub, s []*server) {
		s[1].enter("den", "s1", "ann")
		pass(100 * time.Millisecond)
		if n := s[0].Online("den"); n != 1 {
			t.Errorf("%d online at once, want 1", n)
		}
		s[1].enter("den", "s2", "eve")
		pass((countsEvery + 1) * time.Second)
		if n := s[0].Online("den"); n != 2 {
			t.Errorf("%d online a while later, want 2", n)
		}
		s[1].exit("den", "s1")
		s[1].exit("den", "s2")
		pass(3 * time.Second)
		if n := s[0].Online("den"); n != 0 {
			t.Errorf("%d online when all have left", n)
		}
	})
}

// A server from before names went to single servers says all names in its reports, and finds them there.
func TestOldServer(t *testing.T) {
	bubble(t, 2, func(t *testing.T, h *hub, s []*server) {
		s[0].enter("den", "s0", "bob")
		pass(5 * time.Second)
		inReports := func() int {
			return h.count(`"node":"node0","app"`, `"rooms"`, `"bob"`) - h.count(`"node":"node0","app"`, `"to":`, `"bob"`)
		}
		before := inReports()
		for _, s := range s {
			s.Receive([]byte(`{"type":"presence","node":"old","ask":true}`))
			s.Receive([]byte(`{"type":"presence","node":"old","app":"OLD","n":1,"full":true,"total":1,"rooms":{"den":{"online":1,"all":["eve"]}}}`))
		}
		pass(time.Second)
		s[0].sees(t, "den", 2, "bob", "eve")
		if inReports() == before {
			t.Error("an old server is not told who is here")
		}
		for _, s := range s {
			s.Receive([]byte(`{"type":"presence","node":"old","app":"OLD","n":2,"total":1,"rooms":{"den":{"online":1,"joined":["dan"],"left":["eve"]}}}`))
		}
		s[1].enter("den", "s1", "ann")
		pass(time.Second)
		for _, s := range s {
			s.sees(t, "den", 3, "ann", "bob", "dan")
		}
		pass(5 * time.Second) // it is not heard any more
		before = inReports()
		s[0].enter("den", "s2", "liz")
		s[0].Receive([]byte(`{"type":"presence","node":"node1","role":"ws","ask":true}`))
		pass(5 * time.Second)
		for _, s := range s {
			s.sees(t, "den", 3, "ann", "bob", "liz")
		}
		if inReports() != before {
			t.Error("names are in reports though there is no old server")
		}
	})
}

// Who types is said where the room is.
func TestTypingGoesWhereTheRoomIs(t *testing.T) {
	bubble(t, 5, func(t *testing.T, h *hub, s []*server) {
		for i := range 2 {
			s[i].enter("den", "s", "ann")
		}
		pass(5 * time.Second)
		s[0].Typing("den", "s", "ann")
		pass(time.Second)
		if got := strings.Join(s[1].typed(), ","); got != "den s ann" {
			t.Errorf("the other server shows %q", got)
		}
		if n := h.count(`"typing"`); n != 1 || h.count(`"typing"`, `"to":"node1"`) != 1 {
			t.Errorf("%d typing events", n)
		}
	})
}
