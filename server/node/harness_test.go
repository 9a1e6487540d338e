package node

import (
	"context"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"livechat/internal/poll"
	"livechat/internal/testpg"
	"livechat/internal/testredis"
	"livechat/server/config"
)

// postgres has databases for all tests that do not stop it.
var postgres = &testpg.Shared{}

func TestMain(m *testing.M) {
	eraseSettle = time.Second
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		postgres.Close()
		os.Exit(code)
	}),
		// After a failed dial the pool of go-redis keeps trying, and notices
		// only after a second that it is closed.
		goleak.IgnoreAnyFunction("github.com/redis/go-redis/v9/internal/pool.(*ConnPool).tryDial"))
}

// onEach runs a test on a real Redis and on the embedded one, while others run.
func onEach(t *testing.T, test func(t *testing.T, redisURL string)) {
	t.Parallel()
	t.Run("redis", func(t *testing.T) {
		t.Parallel()
		r := testredis.New(t)
		r.Start()
		test(t, r.URL)
	})
	t.Run("embedded", func(t *testing.T) {
		t.Parallel()
		test(t, "")
	})
}

// start starts a node with these settings, NAME=value, and waits until it is
// ready. It is stopped when the test ends.
func start(t testing.TB, settings ...string) *Node {
	t.Helper()
	n := startOnly(t, settings...)
	poll.Until(t, "the node is ready",
		func() bool { status, _ := n.readiness(); return status == http.StatusOK })
	return n
}

func startOnly(t testing.TB, settings ...string) *Node {
	t.Helper()
	return startLogging(t, slog.DiscardHandler, settings...)
}

func startLogging(t testing.TB, log slog.Handler, settings ...string) *Node {
	t.Helper()
	n := startUnowned(t, log, settings...)
	t.Cleanup(func() { stop(t, n) })
	return n
}

// stop shuts a node down, as a signal would.
func stop(t testing.TB, n *Node) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := n.Shutdown(ctx); err != nil {
		t.Errorf("Shutdown: %v", err)
	}
	http.DefaultClient.CloseIdleConnections()
}

// startUnowned starts a node that the test stops itself.
func startUnowned(t testing.TB, log slog.Handler, settings ...string) *Node {
	t.Helper()
	environ := map[string]string{
		"ADDR":         "127.0.0.1:0",
		"METRICS_ADDR": "127.0.0.1:0",
		"APPID":        "1000",
		"ROOM_RATE":    "0",
		"DATABASE_URL": "sqlite::memory:",
		"FILES_URL":    "file:" + t.TempDir(),
		"DRAIN_DELAY":  "0s",
		"DRAIN_PERIOD": "0s",
	}
	for _, s := range settings {
		name, value, _ := strings.Cut(s, "=")
		environ[name] = value
	}
	cfg, err := config.Load(environ)
	if err != nil {
		t.Fatal(err)
	}
	n, err := Start(cfg, slog.New(log), "test")
	if err != nil {
		t.Fatal(err)
	}
	return n
}
