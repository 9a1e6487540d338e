package presence

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestKilledServerTimesOut(t *testing.T) {
	bubble(t, 3, func(t *testing.T, h *hub, s []*server) {
		for i := range s {
			s[i].enter(lobby, fmt.Sprint("s", i), fmt.Sprint("name", i))
			s[i].enter(lobby, fmt.Sprint("t", i), "ann")
		}
		pass(5 * time.Second)
		h.kill(s[2])
		pass(3 * time.Second)
		s[0].sees(t, lobby, 6, "ann×3", "name0", "name1", "name2")
		pass(s[0].opts.Expiry + time.Second - 3*time.Second)
		for _, s := range s[:2] {
			s.sees(t, lobby, 4, "ann×2", "name0", "name1")
			if nodes := s.Nodes(); len(nodes) != 2 {
				t.Errorf("nodes %v", nodes)
			}
		}
	})
}

func TestShutdownIsReportedAtOnce(t *testing.T) {
	bubble(t, 2, func(t *testing.T, _ *hub, s []*server) {
		s[0].enter(lobby, "s0", "bob")
		s[1].enter(lobby, "s1", "ann")
		pass(5 * time.Second)
		s[1].stop()
		pass(0)
		s[0].sees(t, lobby, 1, "bob")
	})
}

// A report is lost, and for a while so is each request for what it contained.
func TestMissedReportIsRequested(t *testing.T) {
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

// A repeated or late report changes nothing.
func TestDuplicateReportIsIgnored(t *testing.T) {
	bubble(t, 2, func(t *testing.T, h *hub, s []*server) {
		s[0].enter(lobby, "s0", "bob")
		pass(5 * time.Second) // the first reports are full and list no joins
		s[1].enter(lobby, "s1", "ann")
		pass(5 * time.Second)
		s[1].exit(lobby, "s1")
		pass(5 * time.Second)
		old := h.sentWith("node1", "joined", "ann")
		if len(old) != 1 {
			t.Fatalf("ann joined in %q", old)
		}
		asked := h.count(`"ask":true`, `"to"`) // servers that have just met may ask
		s[0].Receive([]byte(old[0]))
		s[0].sees(t, lobby, 1, "bob")
		pass(5 * time.Second)
		if n := h.count(`"ask":true`, `"to"`); n != asked {
			t.Errorf("it asked %d times", n-asked)
		}
	})
}

// During an outage of Redis everyone stays listed, and clients of one server
// still see each other.
func TestRedisUnavailable(t *testing.T) {
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
		s[1].sees(t, lobby, 3, "name0", "name1", "name2") // no peer is dropped for missed reports
		h.kill(s[2])
		pass(3 * time.Second)
		s[1].sees(t, lobby, 4, "name0", "name1", "name2", "new")
		pass(4 * time.Second)
		for _, s := range s[:2] {
			s.sees(t, lobby, 3, "name0", "name1", "new")
		}
	})
}

// One server loses Redis: it times out on the others, and when it is back all
// views are complete again.
func TestOneServerIsolated(t *testing.T) {
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
