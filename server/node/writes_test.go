package node

import (
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"livechat/internal/poll"
	"livechat/internal/testlog"
	"livechat/internal/testredis"
)

// toldWithin is how long an operator may have to wait until a server says what is wrong.
const toldWithin = 5 * time.Second

// A Redis that takes no writes is told: by one line when it begins and one when
// it is over, on /readyz and by a metric. Nobody is cut off, and all is well by
// itself afterwards.
func TestRedisRefusesWrites(t *testing.T) {
	for name, c := range map[string]struct {
		want        string
		begin, over func(r *testredis.Server)
	}{
		"full": {"full",
			func(r *testredis.Server) { r.CLI("config", "set", "maxmemory", "1") },
			func(r *testredis.Server) { r.CLI("config", "set", "maxmemory", "0") }},
		"read-only": {"read-only",
			func(r *testredis.Server) { r.CLI("replicaof", "127.0.0.1", "1") },
			func(r *testredis.Server) { r.CLI("replicaof", "no", "one") }},
		"the disk of its log is full": {"refuses-writes", (*testredis.Server).FillDisk, (*testredis.Server).FreeDisk},
		"too few replicas": {"refuses-writes",
			func(r *testredis.Server) { r.CLI("config", "set", "min-replicas-to-write", "1") },
			func(r *testredis.Server) { r.CLI("config", "set", "min-replicas-to-write", "0") }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := testredis.New(t, "--appendfsync", "everysec")
			r.Start()
			var log testlog.Buffer
			n := startLogging(t, slog.NewTextHandler(&log, nil), "REDIS_URL="+r.URL, "ROLE=ws", "DATABASE_URL=")
			poll.Until(t, "it is ready", func() bool { status, _ := n.readiness(); return status == http.StatusOK })
			ann := dial(t, n, "name=ann", "history=0")
			ann.send("before")
			ann.next("message")

			c.begin(r)
			began := time.Now()
			poll.Until(t, "/readyz says so", func() bool {
				status, body := n.readiness()
				return status == http.StatusNotFound && body.Redis == c.want
			})
			if took := time.Since(began); took > toldWithin {
				t.Errorf("/readyz has said so after %s", took)
			}
			if lines := strings.Count(log.String(), "redis: writes are refused"); lines != 1 {
				t.Errorf("%d lines when it begins, want 1:\n%s", lines, log.String())
			}
			if got := scrape(t, n)[`livechat_redis_refuses_writes{reason="`+c.want+`"}`]; got != 1 {
				t.Errorf("livechat_redis_refuses_writes is %v", got)
			}
			poll.Until(t, "it goes on for a while", func() bool { return time.Since(began) > toldWithin })

			c.over(r)
			poll.Until(t, "it is ready again", func() bool { status, body := n.readiness(); return status == http.StatusOK && body.Redis == "up" })
			ann.send("after")
			if m := ann.next("message"); m.Text != "after" {
				t.Errorf("heard %q", m.Text)
			}
			for _, line := range []string{"redis: writes are refused", "redis: writes are taken again"} {
				if lines := strings.Count(log.String(), line); lines != 1 {
					t.Errorf("%d lines %q, want 1:\n%s", lines, line, log.String())
				}
			}
			if lines := strings.Count(log.String(), "\n"); lines > 9 {
				t.Errorf("%d lines in all:\n%s", lines, log.String())
			}
		})
	}
}
