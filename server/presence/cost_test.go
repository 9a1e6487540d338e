package presence

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"testing"
	"testing/synctest"
	"time"
)

// cost counts what a hub has delivered.
type cost struct{ messages, bytes int }

// guest returns a name that contains the number of its room.
func guest(room, n int) string { return fmt.Sprintf("guest-%d in room-%d", n, room) }

var named = regexp.MustCompile(`"guest-\d+ in (room-\d+)"`)

// received returns the cost since the last call.
func (h *hub) received() (c cost) {
	h.mu.Lock()
	defer h.mu.Unlock()
	c, h.cost, h.sent = h.cost, cost{}, nil
	return c
}

// The cost of presence in a cluster where each room is on a few servers, and in
// one where clients connect to any server. Names are only sent to servers that
// need them.
func TestNamesGoOnlyToServersInRoom(t *testing.T) {
	const servers, rooms, people = 20, 100, 10
	for _, spread := range []int{2, servers} {
		synctest.Test(t, func(t *testing.T) {
			h := newHub()
			var all []*server
			for i := range servers {
				all = append(all, h.start(fmt.Sprintf("%016x", i)))
			}
			pass(5 * time.Second)
			random := rand.New(rand.NewPCG(1, 2))
			at := func(room, i int) *server { return all[(room*7+i%spread)%servers] }
			if spread == servers {
				at = func(int, int) *server { return all[random.IntN(servers)] }
			}
			where := make(map[string]*server)
			for r := range rooms {
				for i := range people {
					session := fmt.Sprintf("s%d-%d", r, i)
					where[session] = at(r, i)
					where[session].Join(fmt.Sprint("room-", r), session, guest(r, r*people+i))
				}
			}
			pass(20 * time.Second)
			h.received()
			foreign := 0 // guarded by h.mu
			h.mu.Lock()
			h.drop = func(to *server, payload string) bool {
				for _, r := range named.FindAllStringSubmatch(payload, -1) {
					if !to.hasAnnounced(r[1]) {
						foreign++
					}
				}
				return false
			}
			h.mu.Unlock()

			const seconds, changes = 20, 10
			for range seconds * changes {
				r, i := random.IntN(rooms), random.IntN(people)
				session := fmt.Sprintf("s%d-%d", r, i)
				where[session].Leave(fmt.Sprint("room-", r), session)
				where[session] = at(r, i)
				where[session].Join(fmt.Sprint("room-", r), session, guest(r, random.IntN(1000)))
				pass(time.Second / changes)
			}
			steady := h.received()
			t.Logf("each room on %d servers: %d messages and %d KB a second are delivered in total", spread,
				steady.messages/seconds, steady.bytes/seconds/1000)

			pass(10 * time.Second)
			h.received()
			pass(10 * time.Second)
			quiet := h.received()
			for _, s := range all { // Redis has restarted
				s.Resubscribed()
			}
			pass(10 * time.Second)
			resync := h.received()
			resync.messages, resync.bytes = resync.messages-quiet.messages, resync.bytes-quiet.bytes
			t.Logf("a resync of all: %d messages, %d KB more than when idle", resync.messages,
				resync.bytes/1000)
			h.mu.Lock()
			if h.drop = nil; foreign > 10 { // in flight while the last clients left
				t.Errorf("%d names went to servers that had not announced clients in the room", foreign)
			}
			h.mu.Unlock()
			all[0].sees(t, "room-0", people, all[0].Snapshot("room-0").Names...)
			for _, s := range all {
				s.stop()
			}
		})
	}
}
