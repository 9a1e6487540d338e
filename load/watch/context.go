package watch

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"livechat/load/record"
)

// sysctls are settings of the kernel that bound how many connections there can
// be, and how fast.
var sysctls = []string{
	"fs.file-max", "fs.nr_open", "net.core.netdev_max_backlog", "net.core.rmem_max", "net.core.somaxconn",
	"net.core.wmem_max", "net.ipv4.ip_local_port_range", "net.ipv4.tcp_max_syn_backlog", "net.ipv4.tcp_rmem",
	"net.ipv4.tcp_tw_reuse", "net.ipv4.tcp_wmem", "net.netfilter.nf_conntrack_max",
}

// Context returns where this process runs and which servers the targets have.
// version is that of the tool, if it was stamped, and secure is how their
// certificates are checked. What cannot be found out, as
// without /proc, is empty.
func Context(ctx context.Context, targets []string, version string, secure *tls.Config) *record.Context {
	c := &record.Context{Tool: revision(version), Go: runtime.Version(), Cores: runtime.NumCPU(),
		Kernel: kernel(), Memory: memoryOf("/proc/meminfo"), Sysctls: make(map[string]string),
		Container: container("/proc/self/cgroup", "/sys/fs/cgroup")}
	var files syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files) == nil {
		c.OpenFiles = uint64(files.Cur)
	}
	for _, name := range sysctls {
		text, err := os.ReadFile(filepath.Join("/proc/sys", strings.ReplaceAll(name, ".", "/")))
		if err == nil {
			c.Sysctls[name] = strings.Join(strings.Fields(string(text)), " ")
		}
	}
	c.Servers = builds(ctx, targets, secure)
	c.Insecure = secure != nil && secure.InsecureSkipVerify
	return c
}

// revision returns the stamped version of this program, or else the revision
// that the go command has recorded, which it does not for go run.
func revision(version string) string {
	info, ok := debug.ReadBuildInfo()
	if version != "" || !ok {
		return version
	}
	settings := make(map[string]string)
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	text := settings["vcs.revision"]
	if text != "" && settings["vcs.modified"] == "true" {
		text += "-dirty"
	}
	return text
}

func kernel() string {
	text, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return runtime.GOOS
	}
	return runtime.GOOS + " " + strings.TrimSpace(string(text))
}

// memoryOf returns the bytes of memory that a file like /proc/meminfo says.
func memoryOf(file string) int64 {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] == "MemTotal:" {
			kb, _ := strconv.ParseInt(fields[1], 10, 64) // 0: unknown
			return kb << 10
		}
	}
	return 0
}

const (
	versionsTime = 5 * time.Second // for all servers
	// A load balancer answers with one server after the other. After so many
	// answers without a new one, all are known, or as many as matter.
	withoutNew  = 5
	mostServers = 64
)

// builds asks the servers behind the targets for their versions.
func builds(ctx context.Context, targets []string, secure *tls.Config) (all []record.Build) {
	ctx, cancel := context.WithTimeout(ctx, versionsTime)
	defer cancel()
	// A connection of its own for each request, or all went to one server.
	transport := &http.Transport{DisableKeepAlives: true, Proxy: http.ProxyFromEnvironment,
		TLSClientConfig: secure}
	seen := make(map[record.Build]bool)
	for _, target := range targets {
		for known := 0; known < withoutNew && len(all) < mostServers; known++ {
			one, err := build(ctx, &http.Client{Transport: transport}, target)
			if err != nil || one.Version == "" {
				break // not every proxy lets /version through, and not every server has it
			}
			if !seen[one] {
				seen[one], known = true, 0
				all = append(all, one)
			}
		}
	}
	slices.SortFunc(all, func(a, b record.Build) int { return strings.Compare(a.App, b.App) })
	return all
}

func build(ctx context.Context, client *http.Client, target string) (one record.Build, err error) {
	u, err := url.Parse(target)
	if err != nil {
		return one, err
	}
	u.Scheme = strings.Replace(u.Scheme, "ws", "http", 1)
	u.Path, u.RawQuery = "/version", ""
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return one, err
	}
	answer, err := client.Do(request)
	if err != nil {
		return one, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return one, fmt.Errorf("ask %s for its version: %s", u.Host, answer.Status)
	}
	return one, json.NewDecoder(http.MaxBytesReader(nil, answer.Body, 1<<16)).Decode(&one)
}
