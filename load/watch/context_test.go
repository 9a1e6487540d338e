package watch

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"livechat/load/record"
)

// folder makes files, and the folders they are in.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	top := t.TempDir()
	for name, text := range files {
		file := filepath.Join(top, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return top
}

func TestContainerLimits(t *testing.T) {
	for name, test := range map[string]struct {
		files map[string]string
		want  record.Container
	}{
		"version 2": {map[string]string{
			"self": "0::/a/b\n", "mount/cgroup.controllers": "cpu memory",
			"mount/a/b/cpu.max": "150000 100000\n", "mount/a/cpu.max": "max 100000",
			"mount/a/b/memory.max": "max\n", "mount/a/memory.max": "1048576\n",
		}, record.Container{Version: 2, Cores: 1.5, Memory: 1 << 20}},
		"version 2 in a container": {map[string]string{
			"self": "0::/x\n", "mount/cgroup.controllers": "", "mount/cpu.max": "50000 100000",
		}, record.Container{Version: 2, Cores: 0.5}},
		"version 1": {map[string]string{
			"self": "3:cpu,cpuacct:/a\n2:memory:/a\n0::/\n", "mount/cpu/a/cpu.cfs_quota_us": "200000",
			"mount/cpu/a/cpu.cfs_period_us": "100000", "mount/cpu/cpu.cfs_quota_us": "-1",
			"mount/memory/a/memory.limit_in_bytes": "9223372036854771712",
			"mount/memory/memory.limit_in_bytes":   "2097152",
		}, record.Container{Version: 1, Cores: 2, Memory: 2 << 20}},
		"no limits": {map[string]string{"self": "4:cpu:/\n"}, record.Container{Version: 1}},
	} {
		top := folder(t, test.files)
		got := container(filepath.Join(top, "self"), filepath.Join(top, "mount"))
		if got == nil || *got != test.want {
			t.Errorf("%s: %+v, want %+v", name, got, test.want)
		}
	}
	if got := container(filepath.Join(t.TempDir(), "missing"), "x"); got != nil {
		t.Errorf("without control groups: %+v", got)
	}
}

// Every server behind a load balancer is asked for its version.
func TestContext(t *testing.T) {
	var n atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.String() != "/version" || !r.Close {
			t.Errorf("asked for %s, close %v", r.URL, r.Close)
		}
		fmt.Fprintf(w, `{"version":"1.%d","go":"go1","app":"%d000"}`, n.Add(1)%3/2, 1+n.Load()%3)
	}))
	defer s.Close()
	c := Context(t.Context(), []string{"ws" + strings.TrimPrefix(s.URL, "http") + "/?room=a"}, "v7", nil)
	if len(c.Servers) != 3 || c.Servers[0].App != "1000" || strings.Join(c.Versions(), " ") != "1.0 1.1" {
		t.Errorf("servers %+v", c.Servers)
	}
	if c.Tool != "v7" || c.Go != runtime.Version() || c.Cores != runtime.NumCPU() || c.OpenFiles == 0 {
		t.Errorf("%+v", c)
	}
	if _, err := os.Stat("/proc/meminfo"); err == nil && (c.Memory < 1<<20 || c.Kernel == runtime.GOOS ||
		c.Sysctls["net.core.somaxconn"] == "" || strings.Contains(c.Sysctls["net.ipv4.tcp_rmem"], "\t")) {
		t.Errorf("%+v", c)
	}
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"hello":"world"}`)
	}))
	defer other.Close()
	target := "ws" + strings.TrimPrefix(other.URL, "http")
	if c := Context(t.Context(), []string{target}, "", nil); len(c.Servers) > 0 {
		t.Errorf("of another kind of server: %+v", c.Servers)
	}
	if c := Context(t.Context(), []string{"ws://127.0.0.1:1"}, "", nil); len(c.Servers) > 0 {
		t.Errorf("without a server: %+v", c.Servers)
	}
}
