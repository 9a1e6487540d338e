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

// bubble runs a test with n servers whose time is the test's own. It begins when they know each other and have nothing to say.
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

func TestEverybodySeesEverybody(t *testing.T) {
	bubble(t, 3, func(t *testing.T, _ *hub, s []*server) {
		s[0].enter(lobby, "s1", "bob")
		s[0].Join(lobby, "s1", "bob") // nothing new
		s[1].enter(lobby, "s2", "ann")
		s[2].enter("den", "s3", "eve")
		s[2].enter(lobby, "s4", "ann")
		pass(time.Second)
		for _, s := range s {
			s.sees(t, lobby, 3, "ann", "bob")
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

func TestUpdates(t *testing.T) {
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

		var got []string
		for _, u := range s[0].told() {
			got = append(got, fmt.Sprint(u.at.Sub(began), " ", u.Online, " ", u.Names, u.Joined, u.Left))
		}
		want := []string{"0s 2 [] [bob] []", "1s 4 [] [eve] []", "6.3s 3 [] [] [eve]"}
		if !slices.Equal(got, want) {
			t.Errorf("updates\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	})
}

// Whoever reloads the page was never away, also if the new connection goes to another server.
func TestReload(t *testing.T) {
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
				t.Errorf("reload to server %d: %d reports of somebody who joined", to, n)
			}
			for i, s := range s {
				for _, u := range s.told() {
					if len(u.Left) > 0 || to == 0 && i > 0 {
						t.Errorf("reload to server %d: server %d tells %+v", to, i, u)
					}
				}
				s.sees(t, lobby, 4, "ann", "watcher0", "watcher1", "watcher2")
			}
		})
	}
}

// However much happens, a server speaks at most once a second of changes, and its people hear at most one update a second.
func TestRates(t *testing.T) {
	bubble(t, 3, func(t *testing.T, h *hub, s []*server) {
		for _, s := range s[:2] {
			s.enter(lobby, "watcher", "watcher")
		}
		pass(5 * time.Second)
		s[0].told()
		s[1].told()
		before, directs, whole := h.count(`"node":"node0","app"`), h.count(`"node":"node0"`, `"d":`, `"to":"node1"`), h.count(`"full":true`)
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
		if n := h.count(`"node":"node0"`, `"d":`, `"to":"node1"`) - directs; n < seconds || n > seconds+1 { // the third has nobody there
			t.Errorf("names were told %d times in %d s", n, seconds)
		}
		if n := h.count(`"full":true`) - whole; n != 0 {
			t.Errorf("%d full reports, though nobody missed anything", n)
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

func TestHeartbeat(t *testing.T) {
	bubble(t, 2, func(t *testing.T, h *hub, s []*server) {
		s[0].enter(lobby, "s1", "ann")
		pass(5 * time.Second)
		s[1].enter(lobby, "s2", "eve")
		pass(5 * time.Second)
		before := h.count()
		pass(10 * time.Second)
		if n := h.count() - before; n != 20+2*2 { // a report a second, and where the names are, now and then
			t.Errorf("two servers sent %d reports in 10 s in which nothing happened", n)
		}
		h.mu.Lock()
		last := h.sent[len(h.sent)-1]
		h.mu.Unlock()
		if len(last) > 90 || strings.Contains(last, "ann") {
			t.Errorf("a heartbeat is %s", last)
		}
	})
}

func TestKilledServer(t *testing.T) {
	bubble(t, 3, func(t *testing.T, h *hub, s []*server) {
		for i := range s {
			s[i].enter(lobby, fmt.Sprint("s", i), fmt.Sprint("name", i))
			s[i].enter(lobby, fmt.Sprint("t", i), "ann")
		}
		pass(5 * time.Second)
		h.kill(s[2])
		pass(3 * time.Second)
		s[0].sees(t, lobby, 6, "ann", "name0", "name1", "name2")
		pass(s[0].opts.Expiry + time.Second - 3*time.Second)
		for _, s := range s[:2] {
			s.sees(t, lobby, 4, "ann", "name0", "name1")
			if nodes := s.Nodes(); len(nodes) != 2 {
				t.Errorf("nodes %v", nodes)
			}
		}
	})
}

func TestShutdownIsNoticedAtOnce(t *testing.T) {
	bubble(t, 2, func(t *testing.T, _ *hub, s []*server) {
		s[0].enter(lobby, "s0", "bob")
		s[1].enter(lobby, "s1", "ann")
		pass(5 * time.Second)
		s[1].stop()
		pass(0)
		s[0].sees(t, lobby, 1, "bob")
	})
}

func TestNewServerLearnsAll(t *testing.T) {
	bubble(t, 2, func(t *testing.T, h *hub, s []*server) {
		s[0].enter(lobby, "s0", "bob")
		s[1].enter(lobby, "s1", "ann")
		pass(5 * time.Second)
		late := h.start("late")
		defer late.stop()
		pass(0)
		late.sees(t, lobby, 2, "ann", "bob")
		s[0].Reset() // asks for all that it has
		pass(2 * time.Second)
		if n := h.count(`"node":"late"`, `"rooms"`); n != 0 {
			t.Errorf("the new server reported other servers' people %d times", n)
		}
		if n := h.count(`"ask":true`, `"node":"node`, `"to"`); n != 0 {
			t.Errorf("the new server was asked %d times, though it tells all by itself", n)
		}
		late.enter(lobby, "s2", "eve")
		pass(time.Second)
		for _, s := range append(s, late) {
			s.sees(t, lobby, 3, "ann", "bob", "eve")
		}
	})
}

// Many ask at once, and again and again: the answers are one a second.
func TestAnswersAreFew(t *testing.T) {
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
			t.Errorf("%d answers to a question to another", n)
		}
	})
}

// A report is lost, and for a while also each question for what was in it.
func TestMissedReport(t *testing.T) {
	for _, what := range []string{`"counts"`, `"joined"`, `"all"`, `"left"`} {
		bubble(t, 2, func(t *testing.T, h *hub, s []*server) {
			s[0].enter(lobby, "s0", "bob")
			s[0].enter("den", "s1", "bob")
			s[1].enter("den", "s2", "eve")
			pass(5 * time.Second)
			asked, lost := h.count(`"ask":true`, `"to":`), 0
			h.mu.Lock()
			h.drop = func(_ *server, payload string) bool {
				if strings.Contains(payload, what) {
					lost++
					return true
				}
				return strings.Contains(payload, `"ask"`)
			}
			h.mu.Unlock()
			s[1].enter(lobby, "s3", "ann")
			s[1].exit("den", "s2")
			s[1].enter("den", "s4", "dan")
			pass(7 * time.Second)
			h.mu.Lock()
			h.drop = nil
			h.mu.Unlock()
			if asked = h.count(`"ask":true`, `"to":`) - asked; asked == 0 || lost == 0 {
				t.Errorf("%s is lost %d times: servers asked %d times", what, lost, asked)
			}
			pass(6 * time.Second)
			for _, s := range s {
				s.sees(t, lobby, 2, "ann", "bob")
				s.sees(t, "den", 2, "bob", "dan")
			}
		})
	}
}

// A report that comes a second time, or late, changes nothing.
func TestOldReport(t *testing.T) {
	bubble(t, 2, func(t *testing.T, h *hub, s []*server) {
		s[0].enter(lobby, "s0", "bob")
		pass(5 * time.Second) // the first reports tell all, and not who has joined
		s[1].enter(lobby, "s1", "ann")
		pass(5 * time.Second)
		s[1].exit(lobby, "s1")
		pass(5 * time.Second)
		old := h.sentWith("node1", "joined", "ann")
		if len(old) != 1 {
			t.Fatalf("ann joined in %q", old)
		}
		asked := h.count(`"ask":true`, `"to"`) // servers that have just met may
		s[0].Receive([]byte(old[0]))
		s[0].sees(t, lobby, 1, "bob")
		pass(5 * time.Second)
		if n := h.count(`"ask":true`, `"to"`); n != asked {
			t.Errorf("it asked %d times", n-asked)
		}
	})
}

// Redis is away: everybody stays where they are, and its own people still see each other.
func TestRedisAway(t *testing.T) {
	bubble(t, 3, func(t *testing.T, h *hub, s []*server) {
		for i := range s {
			s[i].enter(lobby, fmt.Sprint("s", i), fmt.Sprint("name", i))
		}
		pass(5 * time.Second)
		for _, s := range s {
			h.disconnect(s)
		}
		pass(time.Minute)
		s[0].enter(lobby, "new", "new")
		pass(time.Second)
		s[0].sees(t, lobby, 4, "name0", "name1", "name2", "new")
		s[1].sees(t, lobby, 3, "name0", "name1", "name2")
		for _, s := range s {
			h.connect(s)
		}
		pass(100 * time.Millisecond)
		s[1].sees(t, lobby, 3, "name0", "name1", "name2") // nobody is dropped for what was missed
		h.kill(s[2])
		pass(3 * time.Second)
		s[1].sees(t, lobby, 4, "name0", "name1", "name2", "new")
		pass(4 * time.Second)
		for _, s := range s[:2] {
			s.sees(t, lobby, 3, "name0", "name1", "new")
		}
	})
}

// One server alone loses Redis: to the others it is dead, and when it is back everybody knows everybody.
func TestOneServerAway(t *testing.T) {
	bubble(t, 3, func(t *testing.T, h *hub, s []*server) {
		for i := range s {
			s[i].enter(lobby, fmt.Sprint("s", i), fmt.Sprint("name", i))
		}
		pass(5 * time.Second)
		h.disconnect(s[0])
		pass(6 * time.Second)
		s[1].sees(t, lobby, 2, "name1", "name2")
		s[0].sees(t, lobby, 3, "name0", "name1", "name2")
		s[1].exit(lobby, "s1")
		pass(6 * time.Second)
		h.connect(s[0])
		pass(3 * time.Second)
		for _, s := range s {
			s.sees(t, lobby, 2, "name0", "name2")
		}
	})
}

// Who is only the API is no server that people could be on. A server that does
// not say what it does is older than the role in reports, and has sockets.
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

// roles is node:role of each server.
func roles(nodes []NodeInfo) string {
	var words []string
	for _, n := range nodes {
		words = append(words, n.Node+":"+n.Role)
	}
	return strings.Join(words, " ")
}
