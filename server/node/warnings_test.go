package node

import (
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"livechat/internal/poll"
	"livechat/internal/testlog"
	"livechat/internal/testpg"
	"livechat/internal/testredis"
)

// An ordinary first start logs no warning, even if the database does not exist
// yet or does not answer yet.
func TestFirstStartLogsNoWarning(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(t *testing.T) (url string, come func()){
		"SQLite without a file": func(t *testing.T) (string, func()) {
			return "sqlite:" + filepath.Join(t.TempDir(), "livechat.db"), func() {}
		},
		"PostgreSQL without tables": func(t *testing.T) (string, func()) {
			return testpg.New(t).Database(),
				func() {}
		},
		"PostgreSQL that comes later": func(t *testing.T) (string, func()) {
			db := testpg.New(t)
			url := db.Database()
			db.Kill()
			return url, db.Start
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := testredis.New(t)
			r.Start()
			url, come := prepare(t)
			var log testlog.Buffer
			n := startLogging(t, slog.NewTextHandler(&log, nil), "REDIS_URL="+r.URL, "ROLE=ws",
				"DATABASE_URL="+url)
			poll.Until(t, "it has found Redis", n.redisUp.Load)
			come()
			poll.Until(t, "it is ready",
				func() bool { status, _ := n.readiness(); return status == http.StatusOK })
			p := dial(t, n)
			p.send("hello")
			p.next("message")
			if strings.Contains(log.String(), "level=WARN") {
				t.Errorf("it warns:\n%s", log.String())
			}
		})
	}
}

// A planned restart of Redis, which restores all data, is an outage without a
// loss.
func TestPlannedRedisRestartRepairsNothing(t *testing.T) {
	r := testredis.New(t)
	r.Start()
	var log testlog.Buffer
	n := startLogging(t, slog.NewTextHandler(&log, nil), "REDIS_URL="+r.URL, "ROLE=ws", "DATABASE_URL=")
	poll.Until(t, "it is ready", func() bool { status, _ := n.readiness(); return status == http.StatusOK })
	p := dial(t, n)
	p.send("before")
	p.next("message")
	r.Kill()
	poll.Until(t, "it notices", func() bool { return !n.redisUp.Load() })
	r.Start()
	poll.Until(t, "it is ready again",
		func() bool { status, _ := n.readiness(); return status == http.StatusOK && n.redisUp.Load() })
	p.send("after")
	p.next("message")
	counts := scrape(t, n)
	if whole, mended := counts[`livechat_log_repairs_total{result="whole"}`],
		counts[`livechat_log_repairs_total{result="repaired"}`]; whole == 0 ||
		mended != 0 {
		t.Errorf("%v logs were whole and %v repaired", whole, mended)
	}
	for line := range strings.Lines(log.String()) {
		if strings.Contains(line, "level=WARN") && !strings.Contains(line, "redis: connection lost") {
			t.Errorf("it warns: %s", line)
		}
	}
}
