package presence

import (
	"testing"
	"time"
)

// The number of connections of a name is that on all servers: through joins,
// leaves, and servers that come and are killed.
func TestConnectionsOfName(t *testing.T) {
	bubble(t, 3, func(t *testing.T, h *hub, s []*server) {
		see := func(online int, names ...string) {
			t.Helper()
			pass(3 * time.Second)
			for _, s := range s {
				s.sees(t, lobby, online, names...)
			}
		}
		s[0].enter(lobby, "s0", "tomas")
		s[1].enter(lobby, "s1", "bob")
		s[2].enter(lobby, "s2", "eve")
		see(3, "bob", "eve", "tomas")
		s[0].enter(lobby, "s3", "tomas") // in another window
		see(4, "bob", "eve", "tomas×2")
		s[1].enter(lobby, "s4", "tomas") // on another server
		see(5, "bob", "eve", "tomas×3")
		s[0].exit(lobby, "s0")
		see(4, "bob", "eve", "tomas×2")

		// A server that comes later learns it.
		late := h.start("late")
		late.enter(lobby, "s5", "tomas")
		s = append(s, late)
		pass(3 * time.Second)
		see(5, "bob", "eve", "tomas×3")

		// It is killed with its connections.
		h.kill(late)
		s = s[:3]
		pass(5 * time.Second)
		see(4, "bob", "eve", "tomas×2")
		s[1].exit(lobby, "s4")
		see(3, "bob", "eve", "tomas")
		s[0].exit(lobby, "s3")
		see(2, "bob", "eve")
	})
}

// A reload of one of two windows changes no number, and nobody is told of it.
func TestReloadChangesNoNumber(t *testing.T) {
	bubble(t, 2, func(t *testing.T, _ *hub, s []*server) {
		s[0].enter(lobby, "s0", "tomas")
		s[0].enter(lobby, "s1", "tomas")
		s[1].enter(lobby, "s2", "bob")
		pass(5 * time.Second)
		for _, s := range s {
			s.sees(t, lobby, 3, "bob", "tomas×2")
			s.told()
		}
		s[0].exit(lobby, "s1")
		pass(200 * time.Millisecond)
		s[0].enter(lobby, "s3", "tomas")
		pass(5 * time.Second)
		for _, s := range s {
			s.sees(t, lobby, 3, "bob", "tomas×2")
			for _, u := range s.told() {
				if len(u.Joined)+len(u.Left) > 0 && s.opts.Node == "node1" { // the other has a new snapshot
					t.Errorf("server %s emits %+v", s.opts.Node, u.Update)
				}
			}
		}
	})
}

// A server that knows no numbers has one connection for each of its names, and
// ignores those of others.
func TestConnectionsInMixedCluster(t *testing.T) {
	bubble(t, 1, func(t *testing.T, _ *hub, s []*server) {
		s[0].enter(lobby, "s0", "tomas")
		pass(5 * time.Second)
		s[0].Receive([]byte(`{"type":"presence","node":"old","app":"OLD","role":"ws","n":1,"total":2,"full":true,` +
			`"counts":{"livechat":2}}`))
		s[0].Receive([]byte(`{"type":"presence","node":"old","to":"node0","app":"OLD","role":"ws","d":1,"n":1,` +
			`"full":true,"total":2,"counts":{"livechat":2},"rooms":{"livechat":{"online":2,"all":["tomas"]}}}`))
		pass(time.Second)
		s[0].sees(t, lobby, 3, "tomas×2")
		pass(10 * time.Second) // it has timed out
		s[0].sees(t, lobby, 1, "tomas")
		if got := s[0].Snapshot(lobby).Connections; len(got) > 0 {
			t.Errorf("the snapshot has %v, want nothing of one connection", got)
		}
	})
}
