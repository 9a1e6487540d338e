package presence

import (
	"fmt"
	"testing"
	"time"
)

// Updates to many clients must not take all of a server's time. In the end
// these clients see the same.
func TestUpdatesSlowDownInBigRooms(t *testing.T) {
	bubble(t, 1, func(t *testing.T, _ *hub, s []*server) {
		const n = 10_000
		for i := range n {
			s[0].Join(lobby, fmt.Sprint("s", i), "ann")
		}
		pass(10 * time.Second)
		s[0].told()
		const seconds = 50
		for i := range seconds {
			s[0].Join(lobby, fmt.Sprint("late", i), fmt.Sprint("late", i))
			pass(time.Second)
		}
		if told, most := len(s[0].told()), int(seconds*time.Second/(n*updatePerClient)); told == 0 ||
			told > most+1 {
			t.Errorf("%d updates in %d s, want %d", told, seconds, most)
		}
		pass(5 * time.Second)
		if u := s[0].Snapshot(lobby); u.Online != n+seconds || len(u.Names) != seconds+1 {
			t.Errorf("%d online, %d names", u.Online, len(u.Names))
		}
	})
}

// Updates to the many small rooms of a big server must not, either.
func TestUpdatesSlowDownOnBigServers(t *testing.T) {
	bubble(t, 1, func(t *testing.T, _ *hub, s []*server) {
		const rooms, people, seconds = 100, 100, 20
		name := func(room int) string { return fmt.Sprint("room-", room) }
		for i := range rooms * people {
			s[0].Join(name(i%rooms), fmt.Sprint("s", i), "ann")
		}
		pass(10 * time.Second)
		s[0].told()
		for second := range seconds {
			for room := range rooms {
				s[0].Join(name(room), fmt.Sprint("late", room, second), fmt.Sprint("late", second))
			}
			pass(time.Second)
		}
		told, most := len(s[0].told()), int(rooms*seconds*time.Second/(rooms*people*updatePerConnection))
		if told < most/2 || told > most+rooms {
			t.Errorf("%d updates in %d s, want %d", told, seconds, most)
		}
		pass(maxUpdatePause)
		for room := range rooms {
			if u := s[0].Snapshot(name(room)); u.Online != people+seconds || len(u.Names) != seconds+1 {
				t.Errorf("%d online, %d names", u.Online, len(u.Names))
			}
		}
		if told := len(s[0].told()); told != rooms {
			t.Errorf("%d updates afterwards, want one for each room", told)
		}
		s[0].Leave(name(1), "s1") // long after the last one: as everywhere
		pass(time.Second)
		if told := len(s[0].told()); told != 1 {
			t.Errorf("%d updates a second after somebody left, want 1", told)
		}
	})
}

// While a room fills, each update waits for as long as the room is big by then.
func TestUpdatesWaitForStorm(t *testing.T) {
	bubble(t, 1, func(t *testing.T, _ *hub, s []*server) {
		const n, seconds = 10_000, 4
		for i := range n {
			s[0].Join(lobby, fmt.Sprint("s", i), fmt.Sprint("ann", i))
			pass(seconds * time.Second / n)
		}
		// The first client, and at most one on the way: each second would be four.
		if told := len(s[0].told()); told > 2 {
			t.Errorf("%d updates while the clients came, want at most 2", told)
		}
		pass(6 * time.Second)
		if told := s[0].told(); len(told) != 1 || told[0].Online != n {
			t.Errorf("%d updates afterwards, want one with %d online", len(told), n)
		}
	})
}
