package presence

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// people is who is in a room according to a client that got a snapshot and then
// updates.
type people struct {
	room   string
	online int
	names  map[string]int // connections
}

func (p people) with(u Update) people {
	p.online = u.Online
	if u.Names != nil {
		clear(p.names)
	}
	for _, n := range slices.Concat(u.Names, u.Joined) {
		p.names[n] = max(u.Connections[n], 1)
	}
	for _, n := range u.Left {
		delete(p.names, n)
	}
	return p
}

func (p people) String() string { return describe(p.online, counted(p.names)) }

// counted returns names as sees takes them: ann, or ann×2 with two connections.
func counted(connections map[string]int) (names []string) {
	for _, name := range slices.Sorted(maps.Keys(connections)) {
		if n := connections[name]; n > 1 {
			name = fmt.Sprint(name, "×", n)
		}
		names = append(names, name)
	}
	return names
}

func describe(online int, names []string) string { return fmt.Sprintf("%d %v", online, names) }

// sees fails unless a server and each of its clients in the room know exactly
// these names.
func (s *server) sees(t *testing.T, room string, online int, names ...string) {
	t.Helper()
	if err := s.check(room, describe(online, names)); err != nil {
		t.Error(err)
	}
}

func (s *server) check(room, want string) error {
	u := s.Snapshot(room)
	if !s.has(room) { // it knows the number and no names
		want, _, _ = strings.Cut(want, " ")
		want += " []"
	}
	if got := (people{names: map[string]int{}}).with(u); got.String() != want {
		return fmt.Errorf("server %s sees %s in %s, want %s", s.opts.Node, got, room, want)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for client, p := range s.people {
		if p.room == room && p.String() != want {
			return fmt.Errorf("client %s of server %s sees %s in %s, want %s", client, s.opts.Node, p, room, want)
		}
	}
	return nil
}
