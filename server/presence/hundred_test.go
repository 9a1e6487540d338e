//go:build !race

// The race detector makes this take a minute; `make test` runs it without it.

package presence

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"

	"livechat/internal/procstat"
)

// The cost of a hundred servers, each with clients in many rooms and in a big one
// that all of them share, while people come and go. Everybody agrees in the end.
func TestHundredServers(t *testing.T) {
	const servers, rooms, people, seconds, changes = 100, 1000, 50, 5, 100
	bubble(t, servers, func(t *testing.T, h *hub, all []*server) {
		random := rand.New(rand.NewPCG(1, 2))
		big := func(i int) string { return fmt.Sprint("big", i) }
		for i := range servers * people {
			s := all[i%servers]
			s.Join(fmt.Sprint("room-", random.IntN(rooms)), fmt.Sprint("s", i), guest(0, i))
			s.Join(lobby, big(i), guest(1, i))
		}
		pass(10 * time.Second)
		for _, s := range all {
			s.told()
		}
		h.received()
		began := time.Now()
		before := cpu(t)
		next := servers * people
		for range seconds * changes {
			gone := random.IntN(next)
			all[gone%servers].Leave(lobby, big(gone))
			all[next%servers].Join(lobby, big(next), guest(1, next))
			next++
			pass(time.Second / changes)
		}
		took := cpu(t) - before
		c, updates := h.received(), 0
		for _, s := range all {
			updates += len(s.told())
		}
		simulated := time.Since(began)
		t.Logf("%d servers, %d connections, %d changes a second: each server receives %d messages and %d KB "+
			"a second, and sends its clients %.1f updates a second; all of them take %.0f %% of a core",
			servers, 2*servers*people, changes, c.messages/seconds/servers, c.bytes/seconds/servers/1000,
			float64(updates)/servers/seconds, 100*took.Seconds()/simulated.Seconds())
		pass(10 * time.Second)
		want := all[0].Snapshot(lobby)
		for _, s := range all {
			if got := s.Snapshot(lobby); got.Online != want.Online || !slices.Equal(got.Names, want.Names) {
				t.Fatalf("server %s sees %d, server %s %d", s.opts.Node, got.Online, all[0].opts.Node, want.Online)
			}
		}
	})
}

// cpu returns the processor time of this process so far.
func cpu(t *testing.T) time.Duration {
	t.Helper()
	took, err := procstat.CPU(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	return took
}
