package presence

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

const lobby = "livechat"

// bubble runs a test with n servers in a synctest bubble. It starts when they
// know each other and have nothing to report.
func bubble(t *testing.T, n int, test func(t *testing.T, h *hub, s []*server)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		h := newHub()
		var servers []*server
		for i := range n {
			servers = append(servers, h.start(fmt.Sprint("node", i)))
		}
		pass(5 * time.Second)
		test(t, h, servers)
		for _, s := range servers {
			s.stop()
		}
	})
}

func TestServersSeeAllNames(t *testing.T) {
	bubble(t, 3, func(t *testing.T, _ *hub, s []*server) {
		s[0].enter(lobby, "s1", "bob")
		s[0].Join(lobby, "s1", "bob") // a duplicate
		s[1].enter(lobby, "s2", "ann")
		s[2].enter("den", "s3", "eve")
		s[2].enter(lobby, "s4", "ann") // reported a second after eve at most
		pass(2 * time.Second)
		for _, s := range s {
			s.sees(t, lobby, 3, "ann×2", "bob")
			s.sees(t, "den", 1, "eve")
		}
		s[1].exit(lobby, "s2")
		pass(2 * time.Second)
		for _, s := range s {
			s.sees(t, lobby, 2, "ann", "bob") // the other ann is still here
		}
		s[2].exit(lobby, "s4")
		s[2].exit(lobby, "s4")
		s[2].exit("nowhere", "s4")
		s[0].exit("den", "s3")
		pass(3 * time.Second)
		for _, s := range s {
			s.sees(t, lobby, 1, "bob")
			s.sees(t, "den", 1, "eve")
		}
	})
}

func TestUpdateTiming(t *testing.T) {
	bubble(t, 2, func(t *testing.T, _ *hub, s []*server) {
		s[0].enter(lobby, "s1", "ann")
		pass(5 * time.Second)
		s[0].told()
		began := time.Now()

		s[1].enter(lobby, "s2", "bob") // at once
		pass(300 * time.Millisecond)
		s[1].enter(lobby, "s3", "eve") // these wait for their second
		s[1].enter(lobby, "s4", "dan")
		s[1].exit(lobby, "s4")
		s[1].enter(lobby, "s5", "bob")
		pass(5 * time.Second)
		s[1].exit(lobby, "s3") // a second later
		pass(5 * time.Second)

		// Counts and names come in messages of their own, so either may be in an
		// update before the other.
		var got, joined, left []string
		told := s[0].told()
		for i, u := range told {
			at := u.at.Sub(began)
			got = append(got, fmt.Sprint(at, " ", u.Online, " ", u.Names, u.Joined, u.Left))
			joined, left = append(joined, u.Joined...), append(left, u.Left...)
			if i > 0 && u.at.Sub(told[i-1].at) < time.Second || at > 2*time.Second && at < 6*time.Second {
				t.Errorf("an update at %v", at)
			}
			if len(u.Left) > 0 && (at < 6300*time.Millisecond || at > 7300*time.Millisecond) {
				t.Errorf("%v left at %v", u.Left, at)
			}
		}
		slices.Sort(joined)
		if joined = slices.Compact(joined); len(told) < 3 || len(told) > 5 || told[0].at != began ||
			told[0].Online != 2 || told[len(told)-1].Online != 3 ||
			!slices.Equal(joined, []string{"bob", "eve"}) || !slices.Equal(left, []string{"eve"}) {
			t.Errorf("updates\n%s", strings.Join(got, "\n"))
		}
	})
}

// A reload is not a leave, even if the new connection goes to another server.
func TestReloadIsNotReported(t *testing.T) {
	for _, to := range []int{0, 1} {
		bubble(t, 3, func(t *testing.T, h *hub, s []*server) {
			for i := range s {
				s[i].enter(lobby, fmt.Sprint("watcher", i), fmt.Sprint("watcher", i))
			}
			s[0].enter(lobby, "old", "ann")
			pass(5 * time.Second)
			for _, s := range s {
				s.told()
			}
			before := h.count(`"joined"`)
			s[0].exit(lobby, "old")
			pass(400 * time.Millisecond)
			s[to].enter(lobby, "new", "ann")
			pass(5 * time.Second)
			if n := h.count(`"joined"`) - before; n != 2*to { // to each of two servers
				t.Errorf("reload to server %d: %d reports of a join", to, n)
			}
			for i, s := range s {
				for _, u := range s.told() {
					if len(u.Left) > 0 || to == 0 && i > 0 {
						t.Errorf("reload to server %d: server %d emits %+v", to, i, u)
					}
				}
				s.sees(t, lobby, 4, "ann", "watcher0", "watcher1", "watcher2")
			}
		})
	}
}

// Whatever happens, a server reports changes at most once a second, and its
// clients get at most one update a second.
func TestReportsAndUpdatesAreRateLimited(t *testing.T) {
	bubble(t, 3, func(t *testing.T, h *hub, s []*server) {
		for _, s := range s[:2] {
			s.enter(lobby, "watcher", "watcher")
		}
		pass(5 * time.Second)
		s[0].told()
		s[1].told()
		before, directs, whole := h.count(`"node":"node0","app"`),
			h.count(`"node":"node0"`, `"d":`, `"to":"node1"`), h.count(`"full":true`)
		const seconds = 20
		for i := range seconds * 100 {
			s[0].Join(lobby, fmt.Sprint(i), fmt.Sprint("name", i%500))
			if i >= 50 {
				s[0].Leave(lobby, fmt.Sprint(i-50))
			}
			pass(10 * time.Millisecond)
		}
		if n := h.count(`"node":"node0","app"`) - before; n < seconds || n > seconds+1 {
			t.Errorf("%d reports in %d s", n, seconds)
		}
		if n := h.count(`"node":"node0"`, `"d":`, `"to":"node1"`) - directs; n < seconds ||
			n > seconds+1 { // the third server has no clients there
			t.Errorf("names were sent %d times in %d s", n, seconds)
		}
		if n := h.count(`"full":true`) - whole; n != 0 {
			t.Errorf("%d full reports, though no server missed anything", n)
		}
		for i, s := range s[:2] {
			updates := s.told()
			for j := 1; j < len(updates); j++ {
				if d := updates[j].at.Sub(updates[j-1].at); d < time.Second {
					t.Errorf("server %d: two updates within %v", i, d)
				}
			}
			if n := len(updates); n < seconds-1 || n > seconds+1 {
				t.Errorf("server %d: %d updates in %d s", i, n, seconds)
			}
		}
	})
}

func TestHeartbeatIsSmall(t *testing.T) {
	bubble(t, 2, func(t *testing.T, h *hub, s []*server) {
		s[0].enter(lobby, "s1", "ann")
		pass(5 * time.Second)
		s[1].enter(lobby, "s2", "eve")
		pass(5 * time.Second)
		before := h.count()
		pass(10 * time.Second)
		// one report a second, and renumberings where names are shared
		if n := h.count() - before; n != 20+2*2 {
			t.Errorf("two servers sent %d reports in 10 idle seconds", n)
		}
		h.mu.Lock()
		last := h.sent[len(h.sent)-1]
		h.mu.Unlock()
		if len(last) > 90 || strings.Contains(last, "ann") {
			t.Errorf("a heartbeat is %s", last)
		}
	})
}

func TestNewServerLearnsEverything(t *testing.T) {
	bubble(t, 2, func(t *testing.T, h *hub, s []*server) {
		s[0].enter(lobby, "s0", "bob")
		s[1].enter(lobby, "s1", "ann")
		pass(5 * time.Second)
		late := h.start("late")
		defer late.stop()
		pass(0)
		late.sees(t, lobby, 2, "ann", "bob")
		s[0].Resubscribed() // asks all servers for their full state
		pass(2 * time.Second)
		if n := h.count(`"node":"late"`, `"rooms"`); n != 0 {
			t.Errorf("the new server reported other servers' people %d times", n)
		}
		if n := h.count(`"ask":true`, `"to":"late"`); n != 0 {
			t.Errorf("the new server was asked %d times, though it reports everything by itself", n)
		}
		late.enter(lobby, "s2", "eve")
		pass(time.Second)
		for _, s := range append(s, late) {
			s.sees(t, lobby, 3, "ann", "bob", "eve")
		}
	})
}

// Many requests are answered once a second.
func TestAnswersAreRateLimited(t *testing.T) {
	bubble(t, 2, func(t *testing.T, h *hub, s []*server) {
		s[0].enter(lobby, "s0", "bob")
		pass(5 * time.Second)
		answers := func() int { return h.count(`"full":true`, `"node":"node0"`) }
		before := answers()
		for range 100 {
			s[0].Receive([]byte(`{"type":"presence","node":"x","ask":true}`))
			s[0].Receive([]byte(`{"type":"presence","node":"x","ask":true,"to":"node0"}`))
			pass(50 * time.Millisecond)
		}
		if n := answers() - before; n < 5 || n > 6 {
			t.Errorf("%d answers in 5 s", n)
		}
		pass(5 * time.Second)
		before = answers()
		s[0].Receive([]byte(`{"type":"presence","node":"x","ask":true,"to":"node1"}`))
		pass(5 * time.Second)
		if n := answers() - before; n != 0 {
			t.Errorf("%d answers to a request to another server", n)
		}
	})
}

// A process with only the API is not listed as a server for clients. A server
// without a role is older than roles, and takes sockets.
func TestRoles(t *testing.T) {
	bubble(t, 1, func(t *testing.T, h *hub, s []*server) {
		api := h.startAs("zapi", "api")
		s[0].Receive([]byte(`{"type":"presence","node":"old","app":"OLD","n":1,"full":true}`))
		pass(time.Second)
		for _, p := range []*server{s[0], api} {
			p.Receive([]byte(`{"type":"presence","node":"old","app":"OLD","n":2}`))
			if got := roles(p.Nodes()); got != "node0:ws old: zapi:api" {
				t.Errorf("%s knows %s", p.opts.Node, got)
			}
			if got := roles(p.Servers()); got != "node0:ws old:" {
				t.Errorf("%s knows the servers %s", p.opts.Node, got)
			}
		}
		api.stop()
	})
}

// roles returns node:role of each server.
func roles(nodes []NodeInfo) string {
	var words []string
	for _, n := range nodes {
		words = append(words, n.Node+":"+n.Role)
	}
	return strings.Join(words, " ")
}
