package cluster

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// clockTick is the unit of CPU times in /proc (USER_HZ, which Linux fixes at 100 a second).
const clockTick = 10 * time.Millisecond

// CPU returns the processor time that the part has used, its own and the kernel's for it.
func (p *Part) CPU() (time.Duration, error) {
	cmd, _, _ := p.running()
	return ProcessCPU(cmd.Process.Pid)
}

// Memory returns the part's resident memory in bytes.
func (p *Part) Memory() (int64, error) {
	cmd, _, _ := p.running()
	return ProcessMemory(cmd.Process.Pid)
}

// Files returns how many files the part has open, sockets included.
func (p *Part) Files() (int, error) { return p.entries("fd") }

// Threads returns how many threads the part has.
func (p *Part) Threads() (int, error) { return p.entries("task") }

func (p *Part) entries(of string) (int, error) {
	cmd, _, _ := p.running()
	all, err := os.ReadDir(fmt.Sprintf("/proc/%d/%s", cmd.Process.Pid, of))
	if err != nil {
		return 0, fmt.Errorf("count what %s holds: %w", p.Name, err)
	}
	return len(all), nil
}

// ProcessCPU is Part.CPU for any process.
func ProcessCPU(pid int) (time.Duration, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, fmt.Errorf("read processor time: %w", err)
	}
	// The second field is the program's name in parentheses, which may hold anything; utime and stime are fields 14 and 15.
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	var ticks int64
	for _, f := range fields[11:13] {
		n, err := strconv.ParseInt(f, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("read processor time: %w", err)
		}
		ticks += n
	}
	return time.Duration(ticks) * clockTick, nil
}

// ProcessMemory is Part.Memory for any process.
func ProcessMemory(pid int) (int64, error) {
	statm, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0, fmt.Errorf("read memory: %w", err)
	}
	pages, err := strconv.ParseInt(strings.Fields(string(statm))[1], 10, 64)
	if err != nil {
		return 0, fmt.Errorf("read memory: %w", err)
	}
	return pages * int64(os.Getpagesize()), nil
}
