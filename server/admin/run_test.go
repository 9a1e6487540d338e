package admin

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"livechat/internal/poll"
	"livechat/internal/testlog"
)

// An account becomes an admin when a server starts, and not when it registers.
func TestAppoint(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		role := func() string {
			u, _, err := s.store.UserByName(t.Context(), "ann")
			s.must(err)
			return u.Role
		}
		start := func() string {
			var log bytes.Buffer
			Run(t.Context(), Options{Store: s.store, Admin: "Ann", Logger: slog.New(slog.NewTextHandler(&log, nil))})
			return log.String()
		}
		if log := start(); !strings.Contains(log, "level=WARN") ||
			!strings.Contains(log, "livechat admin user role ann admin") {
			t.Errorf("without the account: %s", log)
		}
		s.register("ann")
		if got := role(); got != "" {
			t.Errorf("a newly registered account is %q", got)
		}
		if log := start(); role() != "admin" || !strings.Contains(log, "is an admin now") {
			t.Errorf("at the next start it is %q: %s", role(), log)
		}
		if log := start(); log != "" {
			t.Errorf("at the start after that: %s", log)
		}
		text, _ := s.ran("audit", "-json")
		if all := s.lines(text); len(all) != 1 || all[0]["reason"] != "ADMIN names this account" {
			t.Errorf("audit log: %s", text)
		}
	})
}

func TestCheckName(t *testing.T) {
	for name, good := range map[string]bool{"ann": true, "Ann_Lee": true, "admin": false, "Adm1n": false,
		"guest-1": false, "___": false, "operator": false} {
		if err := CheckName(name); (err == nil) != good {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAuditExpires(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		s.register("ann")
		s.ran("user", "role", "ann", "admin")
		var log testlog.Buffer
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			Run(ctx, Options{Store: s.store, Age: time.Nanosecond, Logger: slog.New(slog.NewTextHandler(&log, nil))})
		}()
		defer func() { cancel(); <-done }()
		poll.Until(t, "old entries are deleted", func() bool { return strings.Contains(log.String(), "entries=1") })
		if text, _ := s.ran("audit", "-json"); text != "" {
			t.Errorf("audit log: %s", text)
		}
	})
}
