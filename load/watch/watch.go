// Package watch measures what the programs under load use: those on this
// machine through /proc, others through their /metrics.
package watch

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"livechat/internal/procstat"
	"livechat/load/run"
)

// Watcher watches processes and metrics pages.
type Watcher struct {
	targets []string // empty if processes or pages are given
	pages   []metricsPage

	mu   sync.Mutex
	pids map[string]int
}

// New returns a Watcher for the given processes and metrics pages, or an error
// if one of them is not there. If there are
// none of either, Find looks for the processes that listen on the targets'
// ports, the processes that those are connected to, and so on: HAProxy, the
// servers, Redis.
func New(targets []string, pids []int, metrics []string) (*Watcher, error) {
	w := &Watcher{pids: make(map[string]int)}
	for _, pid := range pids {
		if _, err := procstat.CPU(pid); err != nil {
			return nil, fmt.Errorf("-pids: no process %d", pid)
		}
		w.add(pid)
	}
	for _, url := range metrics {
		p, err := newPage(url)
		if err != nil {
			return nil, err
		}
		if err := p.check(); err != nil {
			return nil, fmt.Errorf("-metrics: %w", err)
		}
		w.pages = append(w.pages, p)
	}
	if len(pids) == 0 && len(metrics) == 0 {
		w.targets = targets
	}
	return w, nil
}

// Find looks for new processes. Call it while clients are connected, because
// the load balancer then has connections to all servers.
func (w *Watcher) Find() {
	if w.targets == nil {
		return
	}
	found := upstreams(w.targets)
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, pid := range found {
		// It forwards bytes to containers, whose processes are not visible from
		// here.
		if title(pid) == "docker-proxy" {
			continue
		}
		if !slices.Contains(slices.Collect(maps.Values(w.pids)), pid) {
			w.add(pid)
		}
	}
}

// add adds a process under a readable name, for a server its APPID. A process
// that replaces another takes its name. The caller holds mu, or is the only
// user of the Watcher.
func (w *Watcher) add(pid int) {
	name := title(pid)
	if before, taken := w.pids[name]; taken {
		if _, err := procstat.CPU(before); err == nil {
			name += " (" + strconv.Itoa(pid) + ")"
		}
	}
	w.pids[name] = pid
}

func title(pid int) string {
	dir := filepath.Join("/proc", strconv.Itoa(pid))
	environment, err := os.ReadFile(filepath.Join(dir, "environ"))
	if err == nil {
		for variable := range strings.SplitSeq(string(environment), "\x00") {
			if app, ok := strings.CutPrefix(variable, "APPID="); ok && app != "" {
				return app
			}
		}
	}
	comm, err := os.ReadFile(filepath.Join(dir, "comm"))
	if err != nil {
		return strconv.Itoa(pid)
	}
	return strings.TrimSpace(string(comm))
}

// Look returns what each program has used since it started, without those that
// are gone or do not answer.
func (w *Watcher) Look() map[string]run.Usage {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := make(map[string]run.Usage)
	for name, pid := range w.pids {
		if u, err := usage(pid); err == nil {
			all[name] = u
		}
	}
	for _, p := range w.pages {
		if u, err := p.usage(); err == nil {
			all[p.name] = u
		}
	}
	return all
}

// Self returns what this process has used.
func (w *Watcher) Self() run.Usage {
	u, err := usage(os.Getpid())
	if err != nil {
		return run.Usage{} // without /proc there are no figures
	}
	return u
}

func usage(pid int) (u run.Usage, err error) {
	var cpu time.Duration
	if cpu, err = procstat.CPU(pid); err != nil {
		return u, err
	}
	memory, err := procstat.Memory(pid)
	return run.Usage{CPU: cpu, Memory: memory}, err
}
