package e2e

import (
	"maps"
	"net/http"
	"testing"
	"time"

	"livechat/client"
	"livechat/e2e/cluster"
	"livechat/e2e/fault"
	"livechat/e2e/times"
	"livechat/internal/need"
	"livechat/internal/testpg"
)

// begin starts a cluster with a crowd that talks and links to Redis that can be broken.
func begin(t *testing.T, clients int, settings map[string]string) *times.World {
	t.Helper()
	for _, name := range []string{"redis-server", "haproxy"} {
		need.Program(t, name)
	}
	binary, err := server()
	if err != nil {
		t.Fatal(err)
	}
	env := maps.Clone(quick)
	maps.Copy(env, settings)
	w, err := times.Begin(within(t, time.Minute), cluster.Options{Binary: binary, DB: testpg.New(t).Database(), Env: env, Log: logTo(t)}, clients)
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

// judge fails the test if anybody lost a message or, since then, a connection.
func judge(t *testing.T, w *times.World, since time.Time) {
	t.Helper()
	if n := w.Log.Lost(since); n != 0 {
		t.Errorf("%d connections broke", n)
	}
	if err := w.Check(within(t, 20*time.Second)); err != nil {
		t.Error(err)
	}
}

// A rolling restart leaves the server that was first full and the last one empty. A minute later all have about as many clients, nobody has
// lost anything, and then there is peace.
func TestBalanceAfterARollingRestart(t *testing.T) {
	t.Parallel()
	w := begin(t, 200, map[string]string{"DRAIN_DELAY": "1500ms", "DRAIN_PERIOD": "2s"})
	began := time.Now()
	if _, err := w.RollingRestart(within(t, 2*time.Minute)); err != nil {
		t.Fatal(err)
	}
	counts, err := w.Counts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	took, err := w.Even(within(t, time.Minute))
	if err != nil {
		t.Fatalf("from %v on: %v", counts, err)
	}
	t.Logf("%v became even in %v", counts, took)
	const quiet = 5 * time.Second
	if err := w.Settle(within(t, time.Minute)); err != nil {
		t.Fatal(err)
	}
	if peace := w.Watch(quiet); peace.Peak != 0 {
		t.Errorf("up to %d clients a second move on", peace.Peak)
	}
	if _, err := w.Even(within(t, time.Second)); err != nil {
		t.Error(err)
	}
	judge(t, w, began)
}

// A server that does not hear Redis gets no new clients and keeps those that it has. When none hears it, all get some.
func TestDeafServers(t *testing.T) {
	t.Parallel()
	w := begin(t, 40, nil)
	c, began := w.Cluster, time.Now()
	if _, _, err := w.Blackhole(within(t, 20*time.Second), 0); err != nil {
		t.Fatal(err)
	}
	w.Redis[0].Blackhole(fault.Both)
	if err := c.WaitStatus(within(t, 20*time.Second), "NOLB", 1); err != nil {
		t.Fatal(err)
	}
	for range 8 {
		conn := dial(t, client.Options{URL: c.RoomURL()})
		if app := await[*client.Welcome](t, conn, nil).App; app == c.Servers[0].Name {
			t.Error("a new client was sent to the server that is deaf")
		}
	}
	for _, p := range w.Redis {
		p.Blackhole(fault.Both)
	}
	if err := c.WaitStatus(within(t, 20*time.Second), "NOLB", len(c.Servers)); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for range 2 * len(c.Servers) {
		seen[await[*client.Welcome](t, dial(t, client.Options{URL: c.RoomURL()}), nil).App] = true
	}
	if len(seen) != len(c.Servers) {
		t.Errorf("new clients came to %v alone", seen)
	}
	if status, _, err := cluster.Get(t.Context(), "http://"+c.HAProxy.Addr+"/version"); err != nil || status != http.StatusOK {
		t.Errorf("a request is answered with %d, %v", status, err)
	}
	for _, p := range w.Redis {
		p.Heal()
	}
	if err := c.WaitReady(within(t, 20*time.Second), len(c.Servers)); err != nil {
		t.Error(err)
	}
	judge(t, w, began)
}
