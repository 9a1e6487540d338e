// Package watch looks at what the programs under load use: those on this machine by /proc, others by the /metrics that they serve.
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

	"livechat/e2e/cluster"
	"livechat/load/run"
)

// Watcher looks at some processes and pages of metrics.
type Watcher struct {
	targets []string // empty: it was told what to look at
	pages   []page

	mu   sync.Mutex
	pids map[string]int
}

// New returns a Watcher for the processes with these ids and the pages at these addresses. If there are none of either, Find looks for the
// processes that listen at the targets' ports, those that these are connected to, and so on: HAProxy, the servers, Redis.
func New(targets []string, pids []int, metrics []string) (*Watcher, error) {
	w := &Watcher{pids: make(map[string]int)}
	for _, pid := range pids {
		if _, err := cluster.ProcessCPU(pid); err != nil {
			return nil, fmt.Errorf("-pids: there is no process %d", pid)
		}
		w.add(pid)
	}
	for _, url := range metrics {
		p, err := newPage(url)
		if err != nil {
			return nil, err
		}
		w.pages = append(w.pages, p)
	}
	if len(pids) == 0 && len(metrics) == 0 {
		w.targets = targets
	}
	return w, nil
}

// Find looks for processes that were not there before. It is of use while clients are connected, for then the load balancer is connected to
// all servers.
func (w *Watcher) Find() {
	if w.targets == nil {
		return
	}
	found := behind(w.targets)
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, pid := range found {
		if title(pid) == "docker-proxy" { // carries bytes to containers, whose programs cannot be seen from here
			continue
		}
		if !slices.Contains(slices.Collect(maps.Values(w.pids)), pid) {
			w.add(pid)
		}
	}
}

// add names the process as people know it: a server by its APPID. One that was started in the place of another takes its name. Who calls it holds mu, or
// has the Watcher alone.
func (w *Watcher) add(pid int) {
	name := title(pid)
	if before, taken := w.pids[name]; taken {
		if _, err := cluster.ProcessCPU(before); err == nil {
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

// Look returns what each program has used since it was started. One that has gone, or does not answer, is left out.
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
		return run.Usage{} // no /proc, no figures
	}
	return u
}

func usage(pid int) (u run.Usage, err error) {
	var cpu time.Duration
	if cpu, err = cluster.ProcessCPU(pid); err != nil {
		return u, err
	}
	memory, err := cluster.ProcessMemory(pid)
	return run.Usage{CPU: cpu, Memory: memory}, err
}
