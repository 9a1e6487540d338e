package faults

import (
	"errors"
	"net"
	"net/http"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"livechat/client"
	"livechat/e2e/harness"
	"livechat/internal/localcluster"
)

// Redis may start last. The servers wait, log it once, and get no clients
// before.
func TestRedisDownAtTheStart(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	said := map[string][]string{}
	c := harness.Start(t, localcluster.Options{Servers: 2, NoRedis: true, Log: func(part, line string) {
		mu.Lock()
		defer mu.Unlock()
		if strings.Contains(strings.ToLower(line), "redis") {
			said[part] = append(said[part], line)
		}
	}})
	for _, s := range c.Servers {
		harness.Eventually(t, time.Minute, "the server lives", func() error {
			status, _, err := localcluster.Get(t.Context(), "http://"+s.Addr+"/healthz")
			return errors.Join(err, harness.ErrIf(err == nil && status != http.StatusOK))
		})
		if status, body, err := localcluster.Get(t.Context(), "http://"+s.Addr+"/readyz"); err != nil ||
			status != http.StatusServiceUnavailable ||
			!strings.Contains(body, `"starting"`) ||
			!strings.Contains(body, `"down"`) {
			t.Errorf("readyz answers %d %s, %v", status, body, err)
		}
	}
	if err := c.WaitStatus(harness.Within(t, time.Minute), "DOWN", 2); err != nil {
		t.Error(err)
	}
	// At first HAProxy asks the servers that are alive but not ready, until it
	// has seen that there are none either: 502.
	harness.Eventually(t, time.Minute, "HAProxy refuses", func() error {
		got := harness.Refusal(t, client.Options{URL: c.RoomURL()})
		if got.Final() {
			t.Errorf("HAProxy answers %v", got)
		}
		return harness.ErrIf(got.Status != http.StatusServiceUnavailable)
	})
	if got := harness.Refusal(t,
		client.Options{URL: c.ServerURL(0)}); got.Status != http.StatusServiceUnavailable ||
		got.Code != "unavailable" {
		t.Errorf("the server answers %v", got)
	}
	waiting := harness.Join(t, client.Options{URL: c.RoomURL(), Name: "patient"})

	// Long enough for several attempts, which log one line in total.
	begin := time.Now()
	harness.Eventually(t, time.Minute, "time passes",
		func() error { return harness.ErrIf(time.Since(begin) < 2*time.Second) })
	mu.Lock()
	for _, s := range c.Servers {
		if n := len(said[s.Name]); n == 0 || n > 2 {
			t.Errorf("server %s logged Redis %d times in 2 s: %q", s.Name, n, said[s.Name])
		}
	}
	mu.Unlock()

	if err := c.Redis.Start(harness.Within(t, time.Minute)); err != nil {
		t.Fatal(err)
	}
	if err := c.WaitReady(harness.Within(t, time.Minute), 2); err != nil {
		t.Error(err)
	}
	if _, err := waiting.Send(harness.Within(t, time.Minute), "at last"); err != nil {
		t.Errorf("send: %v", err)
	}
}

// An impossible setting ends the server at once with 1 and one line that names
// it.
func TestBadSettings(t *testing.T) {
	binary, err := harness.Binary()
	if err != nil {
		t.Fatal(err)
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, b := range []struct{ setting, names string }{
		{"ADDR=" + taken.Addr().String(), taken.Addr().String()},
		{"ADDR=nonsense", "ADDR"},
		{"METRICS_ADDR=nonsense", "METRICS_ADDR"},
		{"RING_SIZE=1000", "RING_SIZE"},
		{"PING_INTERVAL=soon", "PING_INTERVAL"},
		{"APPID=a b", "APPID"},
		{"REDIS_URL=localhost", "REDIS_URL"},
		{"LOG_LEVEL=loud", "LOG_LEVEL"},
	} {
		cmd := exec.CommandContext(harness.Within(t, time.Minute), binary)
		cmd.Env = []string{"PATH=/usr/bin:/bin", "ADDR=127.0.0.1:0", "METRICS_ADDR=off", b.setting}
		out, err := cmd.CombinedOutput()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != 1 {
			t.Errorf("%s: %v, want exit code 1", b.setting, err)
		}
		if text := strings.TrimSpace(string(out)); strings.Count(text, "\n") != 0 ||
			!strings.Contains(text, b.names) {
			t.Errorf("%s: it prints %q, want one line that names %s", b.setting, text, b.names)
		}
	}
}
