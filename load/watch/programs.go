package watch

import (
	"context"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"syscall"
	"time"
)

// asked is how a program says its version, by its name.
var asked = map[string]struct {
	flag string
	form *regexp.Regexp
}{
	"haproxy":      {"-v", regexp.MustCompile(`version (\d\S*)`)},
	"redis-server": {"--version", regexp.MustCompile(`v=(\d\S*)`)},
}

// askTime bounds the answer of a program.
const askTime = 2 * time.Second

// Programs returns the versions of HAProxy and Redis, if they are among the
// programs that were found on this machine, by name. Several of one name are
// taken for the same.
func (w *Watcher) Programs(ctx context.Context) map[string]string {
	w.mu.Lock()
	pids := maps.Clone(w.pids)
	w.mu.Unlock()
	all := make(map[string]string)
	for _, pid := range pids {
		name := title(pid)
		how, known := asked[name]
		if !known || all[name] != "" || !ours(pid) {
			continue
		}
		ctx, cancel := context.WithTimeout(ctx, askTime)
		// The binary that runs, whatever is at its path by now.
		out, err := exec.CommandContext(ctx, processFile(pid, "exe"), how.flag).Output()
		cancel()
		if found := how.form.FindSubmatch(out); err == nil && found != nil {
			all[name] = string(found[1])
		}
	}
	return all
}

func processFile(pid int, name string) string {
	return filepath.Join("/proc", strconv.Itoa(pid), name)
}

// ours reports whether a process is of our user and in no container: we run
// nobody else's binary.
func ours(pid int) bool {
	about, err := os.Stat(processFile(pid, ""))
	if err != nil {
		return false
	}
	owner, ok := about.Sys().(*syscall.Stat_t)
	theirs, err1 := os.Readlink(processFile(pid, "ns/mnt"))
	own, err2 := os.Readlink("/proc/self/ns/mnt")
	return ok && int(owner.Uid) == os.Geteuid() && err1 == nil && err2 == nil && theirs == own
}
