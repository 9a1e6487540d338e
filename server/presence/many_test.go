package presence

import (
	"fmt"
	"testing"
	"time"
)

// With many servers each reports less often, and none counts as down, stale or
// isolated because of that. A server that is down is noticed, later.
func TestManyServersReportLessOften(t *testing.T) {
	const others, seconds = maxReportsReceived + 10, 20
	bubble(t, 2, func(t *testing.T, h *hub, s []*server) {
		alive := others
		live := func(seconds int) {
			for second := range seconds {
				for i := range alive {
					if (i+second)%2 != 0 {
						continue
					}
					for _, s := range s {
						s.Receive(fmt.Appendf(nil, `{"type":"presence","node":"other%d","role":"ws","n":%d,`+
							`"full":true,"every":2000}`, i, time.Now().Unix()))
					}
				}
				pass(time.Second)
				if age := s[0].SubscriptionAge(); age > time.Second {
					t.Errorf("the subscription is %v old", age)
				}
			}
		}
		check := func(want int) {
			t.Helper()
			nodes := s[0].Nodes()
			for _, n := range nodes {
				if n.Stale {
					t.Errorf("server %s is stale", n.Node)
				}
			}
			if len(nodes) != want {
				t.Errorf("%d servers are known, want %d", len(nodes), want)
			}
		}
		live(5)
		before := h.count(`"node":"node0","app"`)
		live(seconds)
		if n := h.count(`"node":"node0","app"`) - before; n < seconds/2-1 || n > seconds/2+1 {
			t.Errorf("%d reports in %d idle seconds", n, seconds)
		}
		check(others + 2)
		s[1].SetUnavailable(true)
		pass(0)
		if away := unavailable(s[0]); away != 1 {
			t.Errorf("%d servers are known to be unavailable at once, want 1", away)
		}
		alive--
		live(4)
		if n := len(s[0].Nodes()); n != others+2 {
			t.Errorf("%d servers are known 4 s after one went down, want all", n)
		}
		live(6)
		check(others + 1)
	})
}

// unavailable returns how many servers are known to take no new clients.
func unavailable(s *server) (n int) {
	for _, node := range s.Nodes() {
		if node.Unavailable {
			n++
		}
	}
	return n
}
