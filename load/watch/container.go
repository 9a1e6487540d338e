package watch

import (
	"math"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"livechat/load/record"
)

// bounds are the lowest limits found so far; 0: none.
type bounds struct {
	version int
	cores   float64
	memory  int64
}

func (b *bounds) limitCores(n float64) {
	if n > 0 && (b.cores == 0 || n < b.cores) {
		b.cores = n
	}
}

// limitMemory takes a limit in bytes. Without a limit version 1 has one that is
// larger than any memory.
func (b *bounds) limitMemory(n int64) {
	if n > 0 && n < math.MaxInt64/2 && (b.memory == 0 || n < b.memory) {
		b.memory = n
	}
}

// container returns the limits of this process's control groups, of either
// version. membership is /proc/self/cgroup, mount where they are mounted. It
// returns nil if there are none.
func container(membership, mount string) *record.Container {
	text, err := os.ReadFile(membership)
	if err != nil {
		return nil
	}
	b := &bounds{}
	for line := range strings.Lines(string(text)) {
		if parts := strings.SplitN(strings.TrimSpace(line), ":", 3); len(parts) == 3 {
			b.group(mount, strings.Split(parts[1], ","), parts[2])
		}
	}
	if b.version == 0 {
		return nil
	}
	return &record.Container{Version: b.version, Cores: b.cores, Memory: b.memory}
}

// group takes the limits of a group and of those above it. Version 2 has one
// hierarchy without a name, version 1 one for each of the controllers.
func (b *bounds) group(mount string, controllers []string, group string) {
	if slices.Contains(controllers, "cpu") {
		b.version = 1
		upwards(filepath.Join(mount, "cpu"), group, func(dir string) {
			quota, period := number(dir, "cpu.cfs_quota_us"), number(dir, "cpu.cfs_period_us")
			b.limitCores(float64(quota) / float64(max(period, 1)))
		})
	}
	if slices.Contains(controllers, "memory") {
		b.version = 1
		upwards(filepath.Join(mount, "memory"), group, func(dir string) {
			b.limitMemory(number(dir, "memory.limit_in_bytes"))
		})
	}
	if _, err := os.Stat(filepath.Join(mount, "cgroup.controllers")); err != nil || controllers[0] != "" {
		return // version 2 may be there beside version 1, without controllers
	}
	b.version = 2
	upwards(mount, group, func(dir string) {
		b.limitMemory(number(dir, "memory.max"))
		text, _ := os.ReadFile(filepath.Join(dir, "cpu.max")) // "200000 100000" or "max 100000"
		if fields := strings.Fields(string(text)); len(fields) == 2 {
			quota, _ := strconv.ParseFloat(fields[0], 64)
			period, _ := strconv.ParseFloat(fields[1], 64)
			b.limitCores(quota / max(period, 1))
		}
	})
}

// upwards calls visit with the folder of a group and of each one above it. In a
// container the group itself may be mounted at the top, and its path not there.
func upwards(mount, group string, visit func(dir string)) {
	for ; group != "/" && group != "."; group = path.Dir(group) {
		visit(filepath.Join(mount, group))
	}
	visit(mount)
}

// number reads a number from a file; 0: there is none.
func number(dir, file string) int64 {
	text, err := os.ReadFile(filepath.Join(dir, file))
	if err != nil {
		return 0
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	if err != nil {
		return 0
	}
	return n
}
