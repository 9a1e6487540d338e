package presence

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// The first client in a room on a server sees at once who is there on other
// servers.
func TestFirstClientOfServerSeesNames(t *testing.T) {
	bubble(t, 3, func(t *testing.T, _ *hub, s []*server) {
		s[1].enter("den", "s1", "ann")
		s[2].enter("den", "s2", "eve")
		pass(10 * time.Second)
		if u := s[0].Snapshot("den"); u.Online != 2 || len(u.Names) != 0 {
			t.Errorf("a server without clients in the room knows %+v", u)
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

// A glance shows the first names on a server that has clients in the room, and
// the number alone on the others. It is no snapshot: updates go on as before.
func TestGlance(t *testing.T) {
	bubble(t, 2, func(t *testing.T, _ *hub, s []*server) {
		for i, name := range []string{"eve", "ann", "bob"} {
			s[0].enter("den", fmt.Sprint("s", i), name)
		}
		pass((countsEvery + 1) * time.Second)
		for i, want := range []string{"3 [ann bob]", "3 []"} {
			if online, names := s[i].Glance("den", 2); fmt.Sprint(online, " ", names) != want {
				t.Errorf("server %d shows %d %q, want %s", i, online, names, want)
			}
		}
		if _, names := s[0].Glance("den", 9); len(names) != 3 {
			t.Errorf("all of three names are %q", names)
		}
		if online, names := s[0].Glance("attic", 9); online != 0 || names != nil {
			t.Errorf("an empty room has %d %q", online, names)
		}
		s[1].enter("den", "s9", "zoe")
		pass(2 * time.Second)
		s[0].sees(t, "den", 4, "ann", "bob", "eve", "zoe")
	})
}

// A server without clients in a room soon knows how many there are.
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
			t.Errorf("%d online after all have left", n)
		}
	})
}

// A legacy server has all names in its reports, and finds other servers' names
// in theirs.
func TestLegacyServer(t *testing.T) {
	bubble(t, 2, func(t *testing.T, h *hub, s []*server) {
		s[0].enter("den", "s0", "bob")
		pass(5 * time.Second)
		inReports := func() int {
			return h.count(`"node":"node0","app"`, `"rooms"`, `"bob"`) - h.count(
				`"node":"node0","app"`,
				`"to":`,
				`"bob"`,
			)
		}
		before := inReports()
		for _, s := range s {
			s.Receive([]byte(`{"type":"presence","node":"old","ask":true}`))
			s.Receive(
				[]byte(
					`{"type":"presence","node":"old","app":"OLD","n":1,"full":true,"total":1,"rooms":{"den":{"online":1,"all":["eve"]}}}`,
				),
			)
		}
		pass(time.Second)
		s[0].sees(t, "den", 2, "bob", "eve")
		if inReports() == before {
			t.Error("a legacy server gets no names")
		}
		for _, s := range s {
			s.Receive(
				[]byte(
					`{"type":"presence","node":"old","app":"OLD","n":2,"total":1,"rooms":{"den":{"online":1,"joined":["dan"],"left":["eve"]}}}`,
				),
			)
		}
		s[1].enter("den", "s1", "ann")
		pass(time.Second)
		for _, s := range s {
			s.sees(t, "den", 3, "ann", "bob", "dan")
		}
		pass(5 * time.Second) // it times out
		before = inReports()
		s[0].enter("den", "s2", "liz")
		s[0].Receive([]byte(`{"type":"presence","node":"node1","role":"ws","ask":true}`))
		pass(5 * time.Second)
		for _, s := range s {
			s.sees(t, "den", 3, "ann", "bob", "liz")
		}
		if inReports() != before {
			t.Error("names are in reports without a legacy server")
		}
	})
}

// Typing events go only to servers with clients in the room.
func TestTypingGoesOnlyToServersInRoom(t *testing.T) {
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
