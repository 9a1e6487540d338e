package presence

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestTypingIsRateLimited(t *testing.T) {
	bubble(t, 2, func(t *testing.T, h *hub, s []*server) {
		s[0].enter(lobby, "s0", "bob")
		s[1].enter(lobby, "s1", "ann")
		pass(5 * time.Second)
		s[0].Typing(lobby, "s0", "bob")
		s[0].Typing("nowhere", "s9", "eve")
		pass(0)
		for i, s := range s {
			if want := []string{"livechat s0 bob"}; !slices.Equal(s.typed(), want) {
				t.Errorf("server %d: %q, want %q", i, s.typed(), want)
			}
		}
		pass(5 * time.Second)
		const seconds = 10
		for range seconds * 100 {
			s[0].Typing(lobby, "s0", "bob")
			s[1].Typing(lobby, "s1", "ann")
			pass(10 * time.Millisecond)
		}
		for i, s := range s {
			if n := len(s.typed()) - 1; n < seconds*typingRate || n > (seconds+1)*typingRate {
				t.Errorf("server %d: %d typing events in %d s", i, n, seconds)
			}
		}
	})
}

// A server without clients in a room does not pass on typing events.
func TestTypingWithoutReaders(t *testing.T) {
	bubble(t, 2, func(t *testing.T, _ *hub, s []*server) {
		s[0].enter(lobby, "s0", "bob")
		pass(time.Second)
		s[0].Typing(lobby, "s0", "bob")
		pass(time.Second)
		if typed, told := s[1].typed(), s[1].told(); len(typed) != 0 || len(told) != 0 {
			t.Errorf("typing %q, updates %v", typed, told)
		}
	})
}

func TestNamesAreCapped(t *testing.T) {
	bubble(t, 2, func(t *testing.T, _ *hub, s []*server) {
		s[0].enter(lobby, "watcher", "watcher")
		pass(5 * time.Second)
		s[0].told()
		name := func(i int) string { return fmt.Sprintf("name%04d", i) }
		const n = 3000
		for i := range n {
			s[1].Join(lobby, name(i), name(i))
		}
		pass(5 * time.Second)
		for _, u := range append(s[0].told(), told{Update: s[0].Snapshot(lobby)}) {
			if len(u.Names) > MaxNames || len(u.Joined)+len(u.Left) > MaxNames {
				t.Errorf(
					"an update of %d names, %d joined, %d left",
					len(u.Names),
					len(u.Joined),
					len(u.Left),
				)
			}
		}
		u := s[0].Snapshot(lobby)
		if u.Online != n+1 || len(u.Names) != MaxNames || u.Names[0] != name(0) ||
			!slices.IsSorted(u.Names) {
			t.Errorf("snapshot of %d: %d names from %s", u.Online, len(u.Names), u.Names[0])
		}
		if got := s[1].Online(lobby); got != n+1 {
			t.Errorf("%d online", got)
		}
		for i := range n {
			s[1].Leave(lobby, name(i))
		}
		pass(5 * time.Second)
		for _, s := range s {
			s.sees(t, lobby, 1, "watcher")
		}
	})
}

// In a big room clients that come at about the same time share a snapshot. With
// the updates that follow it is as good as one of their own.
func TestSnapshotsAreShared(t *testing.T) {
	bubble(t, 1, func(t *testing.T, _ *hub, s []*server) {
		const crowd = MaxNames + 50
		for i := range crowd {
			s[0].Join(lobby, fmt.Sprint("s", i), fmt.Sprint("ann", i))
		}
		pass(10 * time.Second)
		one, two := s[0].Presence.Snapshot(lobby), s[0].Presence.Snapshot(lobby)
		if &one[0] != &two[0] {
			t.Error("two snapshots of one moment were encoded twice")
		}
		here := make(map[string]bool)
		for i := range 200 {
			name := fmt.Sprint("aa", i) // among the names that a snapshot has
			s[0].enter(lobby, name, name)
			here[name] = true
			if old := fmt.Sprint("aa", i-3); i%7 == 0 && here[old] {
				s[0].exit(lobby, old)
				delete(here, old)
			}
			pass(time.Duration(i%11) * 13 * time.Millisecond)
		}
		pass(10 * time.Second)
		s[0].mu.Lock()
		defer s[0].mu.Unlock()
		for session, p := range s[0].people {
			if p.online != crowd+len(here) {
				t.Errorf("%s sees %d online, want %d", session, p.online, crowd+len(here))
			}
			known := make(map[string]bool)
			for name := range p.names {
				if strings.HasPrefix(name, "aa") {
					known[name] = true
				}
			}
			if !maps.Equal(known, here) {
				t.Errorf("%s knows %d, want the %d that are here", session, len(known), len(here))
			}
		}
	})
}

func TestNodes(t *testing.T) {
	bubble(t, 2, func(t *testing.T, _ *hub, s []*server) {
		s[0].enter(lobby, "s0", "bob")
		s[0].enter("den", "s1", "bob")
		pass(2 * time.Second)
		for _, s := range s {
			nodes := s.Nodes()
			if len(nodes) != 2 {
				t.Fatalf("nodes %v", nodes)
			}
			for i, want := range []NodeInfo{
				{Node: "node0", App: "NODE0", Role: "ws", Total: 2},
				{Node: "node1", App: "NODE1", Role: "ws"},
			} {
				if age := time.Since(nodes[i].LastSeen); age < 0 || age > time.Second {
					t.Errorf("%s was last seen %v ago", nodes[i].Node, age)
				}
				if nodes[i].LastSeen = (time.Time{}); nodes[i] != want {
					t.Errorf("node %+v, want %+v", nodes[i], want)
				}
			}
		}
	})
}

// Rooms and servers come and go indefinitely; nothing may be kept of them.
func TestNothingIsKeptOfClosedRooms(t *testing.T) {
	bubble(t, 2, func(t *testing.T, h *hub, s []*server) {
		for i := range 50 {
			s[0].enter(fmt.Sprint("lobby", i), "s", "ann")
			pass(100 * time.Millisecond)
			s[0].exit(fmt.Sprint("lobby", i), "s")
			s[0].Snapshot(fmt.Sprint("other", i))
			s[0].Typing(fmt.Sprint("other", i), "s", "ann")
		}
		passing := h.start("passing")
		passing.enter("passing", "s", "ann")
		pass(time.Second)
		passing.stop()
		pass(5 * time.Second)
		for _, s := range s {
			s.Presence.mu.Lock()
			if len(s.rooms) != 0 || len(s.due) != 0 || len(s.report.rooms) != 0 || len(s.peers) != 1 {
				t.Errorf(
					"%d rooms, %d due, %d to report, %d peers",
					len(s.rooms),
					len(s.due),
					len(s.report.rooms),
					len(s.peers),
				)
			}
			for _, p := range s.peers {
				if len(p.rooms) != 0 {
					t.Errorf("%d rooms of a peer", len(p.rooms))
				}
			}
			s.Presence.mu.Unlock()
		}
	})
}

// Anyone with access to Redis can publish anything on the channel.
func TestUnknownPayloadsAreIgnored(t *testing.T) {
	bubble(t, 1, func(t *testing.T, h *hub, s []*server) {
		s[0].enter(lobby, "s0", "bob")
		pass(5 * time.Second)
		for _, payload := range []string{
			"", "hello", "null", "{}", "[]", `{"type":"presence"}`,
			`{"type":"other","node":"x"}`, `{"type":"typing","node":"x"}`,
			`{"type":"presence","node":"x","n":-1}`, `{"type":"presence","node":"x","n":1,"n":2}`,
			`{"type":"presence","node":"x","n":1}{}`,
			// pretends to be this server
			`{"type":"presence","node":"node0","n":99,"rooms":{"livechat":{"online":99,"joined":["me"]}}}`,
			`{"type":"presence","node":"node0","bye":true}`, `{"type":"presence","node":"unknown","bye":true}`,
			`{"type":"presence","node":"x","n":1,"full":true,"rooms":{"livechat":{"online":-7,"all":null,"left":["bob"]}}}`,
			"{\"type\":\"presence\",\"node\":\"\xff\"}", strings.Repeat("[", 100_000),
		} {
			s[0].Receive([]byte(payload))
			pass(time.Second)
			s[0].sees(t, lobby, 1, "bob")
		}
		pass(5 * time.Second)
		if nodes := s[0].Nodes(); len(nodes) != 1 {
			t.Errorf("nodes %v", nodes)
		}
	})
}
