package e2e

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
	"livechat/e2e/cluster"
)

// Redis may come last: the servers wait, say once that they do, and nobody is sent to them before.
func TestRedisDownAtTheStart(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	said := map[string][]string{}
	c := start(t, cluster.Options{Servers: 2, NoRedis: true, Log: func(part, line string) {
		mu.Lock()
		defer mu.Unlock()
		if strings.Contains(strings.ToLower(line), "redis") {
			said[part] = append(said[part], line)
		}
	}})
	for _, s := range c.Servers {
		eventually(t, 10*time.Second, "the server lives", func() error {
			status, _, err := cluster.Get(t.Context(), "http://"+s.Addr+"/healthz")
			return errors.Join(err, errIf(err == nil && status != http.StatusOK))
		})
		if status, body, err := cluster.Get(t.Context(), "http://"+s.Addr+"/readyz"); err != nil || status != http.StatusServiceUnavailable ||
			!strings.Contains(body, `"starting"`) || !strings.Contains(body, `"down"`) {
			t.Errorf("readyz says %d %s, %v", status, body, err)
		}
	}
	if err := c.WaitStatus(within(t, 10*time.Second), "DOWN", 2); err != nil {
		t.Error(err)
	}
	// It first asks those that are alive though not ready, until it has seen that there is none either: 502.
	eventually(t, 10*time.Second, "HAProxy refuses", func() error {
		got := refusal(t, client.Options{URL: c.RoomURL()})
		if got.Final() {
			t.Errorf("HAProxy says %v", got)
		}
		return errIf(got.Status != http.StatusServiceUnavailable)
	})
	if got := refusal(t, client.Options{URL: c.ServerURL(0)}); got.Status != http.StatusServiceUnavailable || got.Code != "unavailable" {
		t.Errorf("the server says %v", got)
	}
	waiting := join(t, client.Options{URL: c.RoomURL(), Name: "patient"})

	// Long enough for several attempts: one line for all of them.
	begin := time.Now()
	eventually(t, 10*time.Second, "time passes", func() error { return errIf(time.Since(begin) < 2*time.Second) })
	mu.Lock()
	for _, s := range c.Servers {
		if n := len(said[s.Name]); n == 0 || n > 2 {
			t.Errorf("server %s spoke of Redis %d times in 2 s: %q", s.Name, n, said[s.Name])
		}
	}
	mu.Unlock()

	if err := c.Redis.Start(within(t, 10*time.Second)); err != nil {
		t.Fatal(err)
	}
	if err := c.WaitReady(within(t, 10*time.Second), 2); err != nil {
		t.Error(err)
	}
	if _, err := waiting.Send(within(t, 20*time.Second), "at last"); err != nil {
		t.Errorf("send: %v", err)
	}
}

// What cannot work ends the server at once with 1 and one line that names it.
func TestBadSettings(t *testing.T) {
	binary, err := server()
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
		cmd := exec.CommandContext(within(t, 20*time.Second), binary)
		cmd.Env = []string{"PATH=/usr/bin:/bin", "ADDR=127.0.0.1:0", "METRICS_ADDR=off", b.setting}
		out, err := cmd.CombinedOutput()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != 1 {
			t.Errorf("%s: %v, want exit code 1", b.setting, err)
		}
		if text := strings.TrimSpace(string(out)); strings.Count(text, "\n") != 0 || !strings.Contains(text, b.names) {
			t.Errorf("%s: it says %q, want one line that names %s", b.setting, text, b.names)
		}
	}
}
