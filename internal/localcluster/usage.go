package localcluster

import (
	"fmt"
	"time"

	"livechat/internal/procstat"
)

// CPU returns the processor time that the part has used, in user and in kernel
// mode together.
func (p *Part) CPU() (time.Duration, error) { return procstat.CPU(p.pid()) }

// Memory returns the part's resident memory in bytes.
func (p *Part) Memory() (int64, error) { return procstat.Memory(p.pid()) }

// Peak returns the most memory in bytes that was resident at once since the
// start, or since the last ResetPeak.
func (p *Part) Peak() (int64, error) { return procstat.Peak(p.pid()) }

// ResetPeak lets Peak begin with the memory that is resident now.
func (p *Part) ResetPeak() error { return procstat.ResetPeak(p.pid()) }

// Files returns how many files the part has open, sockets included.
func (p *Part) Files() (int, error) {
	n, err := procstat.Files(p.pid())
	if err != nil {
		return 0, fmt.Errorf("count the open files of %s: %w", p.Name, err)
	}
	return n, nil
}

// Threads returns how many threads the part has.
func (p *Part) Threads() (int, error) {
	n, err := procstat.Threads(p.pid())
	if err != nil {
		return 0, fmt.Errorf("count the threads of %s: %w", p.Name, err)
	}
	return n, nil
}

// pid is the process id of the part's current run, or of its last one.
func (p *Part) pid() int {
	cmd, _, _ := p.running()
	return cmd.Process.Pid
}
