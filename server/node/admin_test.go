package node

import (
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"livechat/internal/poll"
	"livechat/internal/testlog"
	"livechat/server/config"
)

// The account in ADMIN is an admin from the first start on that finds it, and is
// told so. Whoever registers the name meanwhile is not.
func TestAdminSetting(t *testing.T) {
	t.Parallel()
	settings := []string{"DATABASE_URL=sqlite:" + filepath.Join(t.TempDir(), "livechat.db"), "ADMIN=Anna"}
	var log testlog.Buffer
	first := startUnowned(t, slog.NewTextHandler(&log, nil), settings...)
	poll.Until(t, "the server says that there is no such account", func() bool {
		return strings.Contains(log.String(), "admin: no account has the name in ADMIN; register it")
	})
	poll.Until(t, "the server is ready",
		func() bool { status, _ := first.readiness(); return status == http.StatusOK })
	ann := newAPIUser(t, first, "anna")
	ann.register()
	if role, has := ann.do(http.StatusOK, "GET", "/me/", nil)["role"]; has {
		t.Errorf("an account that has just registered has the role %v", role)
	}
	stop(t, first)

	second := start(t, settings...)
	ann.base = "http://" + second.Addr()
	poll.Until(t, "anna is an admin",
		func() bool { return ann.do(http.StatusOK, "GET", "/me/", nil)["role"] == "admin" })
	bob := newAPIUser(t, second, "bob")
	bob.register()
	if role, has := bob.do(http.StatusOK, "GET", "/me/", nil)["role"]; has {
		t.Errorf("bob has the role %v", role)
	}
}

// A name that nobody can register would never work.
func TestAdminSettingIsReserved(t *testing.T) {
	cfg, err := config.Load(map[string]string{
		"ADDR": "127.0.0.1:0", "METRICS_ADDR": "off", "DATABASE_URL": config.SQLiteMemory, "ADMIN": "admin",
	})
	if err != nil {
		t.Fatal(err)
	}
	n, err := Start(cfg, slog.New(slog.DiscardHandler), "test")
	if err == nil {
		stop(t, n)
	}
	if err == nil || !strings.Contains(err.Error(), "ADMIN=admin: no account can have this name") {
		t.Errorf("ADMIN=admin: %v", err)
	}
}
