package node

import (
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"livechat/internal/poll"
	"livechat/internal/testdisk"
	"livechat/internal/testlog"
	"livechat/internal/testpg"
)

// A database that refuses writes is reported like a Redis that does. The room
// continues, and in the end the archive has all of it.
func TestDatabaseRefusesWrites(t *testing.T) {
	if testing.Short() {
		t.Skip("fills disks")
	}
	for name, begin := range map[string]func(t *testing.T) (url, want string, begin, over func()){
		"PostgreSQL's disk is full": func(t *testing.T) (string, string, func(), func()) {
			disk := testdisk.New(t, 32)
			return testpg.New(t).DatabaseOn(disk.Dir), "full", disk.Fill, disk.Free
		},
		"PostgreSQL is read-only": func(t *testing.T) (string, string, func(), func()) {
			db := testpg.New(t)
			set := func(value string) func() {
				return func() {
					db.Exec("ALTER SYSTEM SET default_transaction_read_only = " + value)
					db.Exec("SELECT pg_reload_conf()")
				}
			}
			return db.Database(), "read-only", set("on"), set("off")
		},
		"SQLite's disk is full": func(t *testing.T) (string, string, func(), func()) {
			disk := testdisk.New(t, 4)
			return "sqlite:" + filepath.Join(disk.Dir, "livechat.db"), "full", disk.Fill, disk.Free
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url, want, begin, over := begin(t)
			var log testlog.Buffer
			n := startLogging(t, slog.NewTextHandler(&log, nil), "DATABASE_URL="+url, "MESSAGE_RATE=0",
				"MAX_FRAME=65536")
			poll.Until(t, "it is ready",
				func() bool { status, _ := n.readiness(); return status == http.StatusOK })
			room := dial(t, n, "name=ann", "history=0")
			room.send("before")
			room.next("message")

			begin()
			began := time.Now()
			long := strings.Repeat("meanwhile ", 399)
			said := 0
			say := func() {
				room.send(long)
				room.next("message")
				said++
			}
			poll.Until(t, "/readyz reports it", func() bool {
				say()
				status, body := n.readiness()
				return status == http.StatusOK && body.Database == want
			})
			if took := time.Since(began); took > reportWithin {
				t.Errorf("/readyz reported it after %s and %d messages", took, said)
			}
			poll.Until(t, "it lasts a while", func() bool { return time.Since(began) > reportWithin })
			if got := scrape(t, n)[`livechat_database_refuses_writes{reason="`+want+`"}`]; got != 1 {
				t.Errorf("livechat_database_refuses_writes is %v", got)
			}

			over()
			wantDatabase(t, n, "up")
			poll.Until(t, "it is archived again", func() bool { return n.services.archiver.Counts().Stored > 1 })
			poll.Until(t, "all is archived", func() bool { return n.services.archiver.Lag().Entries == 0 })
			if stored := n.services.archiver.Counts().Stored; stored != int64(said+1) {
				t.Errorf("%d of %d messages are archived", stored, said+1)
			}
			for _, line := range []string{"database: writes refused", "database: available again"} {
				if lines := strings.Count(log.String(), line); lines != 1 {
					t.Errorf("%d lines %q, want 1:\n%s", lines, line, log.String())
				}
			}
			if lines := strings.Count(log.String(), "level=WARN") +
				strings.Count(log.String(), "level=ERROR"); lines != 1 {
				t.Errorf("%d warnings and errors, want 1:\n%s", lines, log.String())
			}
		})
	}
}
