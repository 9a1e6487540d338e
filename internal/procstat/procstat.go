// Package procstat reads from /proc what processes use. It works on Linux only.
package procstat

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// clockTick is the unit of CPU times in /proc. It is USER_HZ, which Linux fixes
// at 100 per second.
const clockTick = 10 * time.Millisecond

// CPU returns the processor time that a process has used, in user and in kernel
// mode together.
func CPU(pid int) (time.Duration, error) {
	fields, err := stat(pid)
	if err != nil {
		return 0, fmt.Errorf("read processor time: %w", err)
	}
	var ticks int64
	for _, f := range fields[11:13] { // utime and stime
		n, err := strconv.ParseInt(f, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("read processor time: %w", err)
		}
		ticks += n
	}
	return time.Duration(ticks) * clockTick, nil
}

// FamilyCPU returns the processor time of a process and of those of its
// children that are still running.
func FamilyCPU(pid int) (time.Duration, error) {
	all, err := CPU(pid)
	if err != nil {
		return 0, err
	}
	dirs, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return 0, fmt.Errorf("list processes: %w", err)
	}
	for _, dir := range dirs {
		child, err := strconv.Atoi(filepath.Base(dir))
		if err != nil {
			return 0, fmt.Errorf("list processes: %w", err)
		}
		fields, err := stat(child)
		if err != nil || fields[1] != strconv.Itoa(pid) {
			continue // ended meanwhile, or has another parent
		}
		if used, err := CPU(child); err == nil {
			all += used
		}
	}
	return all, nil
}

// Memory returns a process's resident memory in bytes.
func Memory(pid int) (int64, error) {
	statm, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0, fmt.Errorf("read memory: %w", err)
	}
	fields := strings.Fields(string(statm))
	if len(fields) < 2 {
		return 0, fmt.Errorf("read memory: unexpected statm %q", statm)
	}
	pages, err := strconv.ParseInt(fields[1], 10, 64)
	if err != nil {
		return 0, fmt.Errorf("read memory: %w", err)
	}
	return pages * int64(os.Getpagesize()), nil
}

// Peak returns the most memory in bytes that was resident at once in a process
// since it started, or since the last ResetPeak.
func Peak(pid int) (int64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, fmt.Errorf("read peak memory: %w", err)
	}
	_, rest, _ := strings.Cut(string(status), "\nVmHWM:")
	number, _, found := strings.Cut(strings.TrimSpace(rest), " kB")
	kilobytes, err := strconv.ParseInt(number, 10, 64)
	if err != nil || !found {
		return 0, fmt.Errorf("read peak memory: unexpected status %q", status)
	}
	return kilobytes << 10, nil
}

// ResetPeak lets Peak begin with the memory that is resident now.
func ResetPeak(pid int) error {
	const peak = "5" // see proc(5)
	err := os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", pid), []byte(peak), 0)
	if err != nil {
		return fmt.Errorf("reset peak memory: %w", err)
	}
	return nil
}

// Files returns how many files a process has open, sockets included.
func Files(pid int) (int, error) { return entries(pid, "fd") }

// Threads returns how many threads a process has.
func Threads(pid int) (int, error) { return entries(pid, "task") }

func entries(pid int, folder string) (int, error) {
	all, err := os.ReadDir(fmt.Sprintf("/proc/%d/%s", pid, folder))
	return len(all), err
}

// stat returns the fields of /proc/PID/stat from the third one, the state. The
// second field is the program's name in parentheses, which may itself contain
// spaces and parentheses.
func stat(pid int) ([]string, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil, err
	}
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	if len(fields) < 13 {
		return nil, fmt.Errorf("unexpected stat %q", text)
	}
	return fields, nil
}
