package faults

import (
	"maps"
	"net/http"
	"testing"
	"time"

	"livechat/client"
	"livechat/e2e/failover"
	"livechat/e2e/faultproxy"
	"livechat/e2e/harness"
	"livechat/internal/localcluster"
	"livechat/internal/need"
	"livechat/internal/testpg"
)

// startWorld starts a cluster under a crowd, with links to Redis that can be
// broken.
func startWorld(t *testing.T, clients int, settings map[string]string) *failover.World {
	t.Helper()
	for _, name := range []string{"redis-server", "haproxy"} {
		need.Program(t, name)
	}
	binary, err := harness.Binary()
	if err != nil {
		t.Fatal(err)
	}
	env := maps.Clone(harness.QuickSettings)
	maps.Copy(env, settings)
	w, err := failover.Begin(harness.Within(t, time.Minute),
		localcluster.Options{Binary: binary, DB: testpg.New(t).Database(), Env: env, Log: harness.LogTo(t)},
		clients)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.End(); err != nil {
			t.Errorf("stop the cluster: %v", err)
		}
	})
	return w
}

// checkClean fails the test if any client lost a message or, since then, a
// connection.
func checkClean(t *testing.T, w *failover.World, since time.Time) {
	t.Helper()
	if n := w.Log.Lost(since); n != 0 {
		t.Errorf("%d connections broke", n)
	}
	if err := w.Check(harness.Within(t, time.Minute)); err != nil {
		t.Error(err)
	}
}

// A rolling restart leaves the server that was restarted first full and the
// last one empty. A minute later all have about as many clients, nothing was
// lost, and no client moves any more.
func TestBalanceAfterARollingRestart(t *testing.T) {
	t.Parallel()
	w := startWorld(t, 200, map[string]string{"DRAIN_DELAY": "1500ms", "DRAIN_PERIOD": "2s"})
	began := time.Now()
	if _, err := w.RollingRestart(harness.Within(t, 2*time.Minute)); err != nil {
		t.Fatal(err)
	}
	counts, err := w.Counts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	took, err := w.Even(harness.Within(t, time.Minute))
	if err != nil {
		t.Fatalf("from %v on: %v", counts, err)
	}
	t.Logf("%v became even after %v", counts, took)
	if err := w.Settle(harness.Within(t, 90*time.Second)); err != nil {
		t.Fatal(err)
	}
	if err := w.CheckEven(harness.Within(t, time.Minute)); err != nil {
		t.Error(err)
	}
	checkClean(t, w, began)
}

// A server isolated from Redis gets no new clients and keeps those that it has.
// When all are isolated, all get some.
func TestIsolatedServersGetNoNewClients(t *testing.T) {
	t.Parallel()
	w := startWorld(t, 40, nil)
	c, began := w.Cluster, time.Now()
	if _, _, err := w.Blackhole(harness.Within(t, time.Minute), 0); err != nil {
		t.Fatal(err)
	}
	w.Redis[0].Blackhole(faultproxy.Both)
	if err := c.WaitStatus(harness.Within(t, time.Minute), "NOLB", 1); err != nil {
		t.Fatal(err)
	}
	for range 8 {
		conn := harness.Dial(t, client.Options{URL: c.RoomURL()})
		if app := harness.Await[*client.Welcome](t, conn, nil).App; app == c.Servers[0].Name {
			t.Error("a new client was sent to the isolated server")
		}
	}
	for _, p := range w.Redis {
		p.Blackhole(faultproxy.Both)
	}
	if err := c.WaitStatus(harness.Within(t, time.Minute), "NOLB", len(c.Servers)); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for range 2 * len(c.Servers) {
		seen[harness.Await[*client.Welcome](t, harness.Dial(t, client.Options{URL: c.RoomURL()}), nil).App] = true
	}
	if len(seen) != len(c.Servers) {
		t.Errorf("only %v got new clients", seen)
	}
	if status, _, err := localcluster.Get(t.Context(), "http://"+c.HAProxy.Addr+"/version"); err != nil ||
		status != http.StatusOK {
		t.Errorf("a request gets %d, %v", status, err)
	}
	for _, p := range w.Redis {
		p.Heal()
	}
	if err := c.WaitReady(harness.Within(t, time.Minute), len(c.Servers)); err != nil {
		t.Error(err)
	}
	checkClean(t, w, began)
}
