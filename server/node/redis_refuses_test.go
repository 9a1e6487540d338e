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
	"livechat/server/web"
)

// reportWithin bounds the time until a server reports what is wrong.
const reportWithin = 5 * time.Second

// A Redis that refuses writes is reported: by one log line when it begins and
// one when it ends, on /readyz and by a metric. No client is disconnected, and
// everything works again afterwards.
func TestRedisRefusesWrites(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for Redis to refuse for a while")
	}
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
		"the disk of its log is full": {
			"refuses-writes", (*testredis.Server).FillDisk, (*testredis.Server).FreeDisk,
		},
		"too few replicas": {"refuses-writes",
			func(r *testredis.Server) { r.CLI("config", "set", "min-replicas-to-write", "1") },
			func(r *testredis.Server) { r.CLI("config", "set", "min-replicas-to-write", "0") }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := testredis.New(t, "--appendfsync", "everysec")
			r.Start()
			var log testlog.Buffer
			n := startLogging(t, slog.NewTextHandler(&log, nil), "REDIS_URL="+r.URL, "ROLE=ws",
				"DATABASE_URL=")
			poll.Until(t, "it is ready",
				func() bool { status, _ := n.readiness(); return status == http.StatusOK })
			ann := dial(t, n, "name=ann", "history=0")
			ann.send("before")
			ann.next("message")

			c.begin(r)
			began := time.Now()
			poll.Until(t, "/readyz reports it", func() bool {
				status, body := n.readiness()
				return status == http.StatusNotFound && body.Redis == c.want
			})
			if status, body := n.readyz(web.ScopeSelf); status != http.StatusOK || body.Redis != c.want {
				t.Errorf("with scope=self it answers %d %+v", status, body)
			}
			if took := time.Since(began); took > reportWithin {
				t.Errorf("/readyz reported it after %s", took)
			}
			if lines := strings.Count(log.String(), "redis: refuses writes"); lines != 1 {
				t.Errorf("%d lines when it begins, want 1:\n%s", lines, log.String())
			}
			if got := scrape(t, n)[`livechat_redis_refuses_writes{reason="`+c.want+`"}`]; got != 1 {
				t.Errorf("livechat_redis_refuses_writes is %v", got)
			}
			poll.Until(t, "it lasts a while", func() bool { return time.Since(began) > reportWithin })

			c.over(r)
			poll.Until(
				t,
				"it is ready again",
				func() bool { status, body := n.readiness(); return status == http.StatusOK && body.Redis == "up" },
			)
			ann.send("after")
			if m := ann.next("message"); m.Text != "after" {
				t.Errorf("received %q", m.Text)
			}
			for _, line := range []string{"redis: refuses writes", "redis: accepts writes again"} {
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
