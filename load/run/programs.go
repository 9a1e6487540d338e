package run

import (
	"maps"
	"slices"
	"time"

	"livechat/load/record"
)

// Programs samples what the programs that a Watcher watches use. It is not safe
// for concurrent use.
type Programs struct {
	Names []string // by first appearance, without this process

	watcher Watcher
	usage   map[string]Usage // at the last sample
	self    Usage

	usageAtBegin map[string]Usage
	selfAtBegin  Usage
}

// NewPrograms returns the programs of a watcher. The first sample is of what
// they use from now on.
func NewPrograms(w Watcher) *Programs {
	return &Programs{watcher: w, usage: w.Look(), self: w.Self()}
}

// Sample returns what the programs and this process have used since the last
// call, which was span ago.
func (p *Programs) Sample(span time.Duration) (parts map[string]record.Process, self record.Process) {
	usage, own := p.watcher.Look(), p.watcher.Self()
	parts = make(map[string]record.Process)
	percent := func(now, before Usage) float64 {
		return 100 * (now.CPU - before.CPU).Seconds() / span.Seconds()
	}
	for _, name := range slices.Sorted(maps.Keys(usage)) {
		if !slices.Contains(p.Names, name) {
			p.Names = append(p.Names, name)
		}
		process := record.Process{Memory: usage[name].Memory}
		if before, ok := p.usage[name]; ok && usage[name].CPU >= before.CPU {
			process.CPU = percent(usage[name], before)
		}
		parts[name] = process
	}
	self = record.Process{CPU: percent(own, p.self), Memory: own.Memory}
	p.usage, p.self = usage, own
	return parts, self
}

// Begin begins the time that Used is about.
func (p *Programs) Begin() { p.usageAtBegin, p.selfAtBegin = p.watcher.Look(), p.watcher.Self() }

// Used returns the processor time of all programs together and of this process
// since Begin.
func (p *Programs) Used() (all, self time.Duration) {
	for name, now := range p.watcher.Look() {
		if before, ok := p.usageAtBegin[name]; ok && now.CPU >= before.CPU {
			all += now.CPU - before.CPU
		}
	}
	return all, p.watcher.Self().CPU - p.selfAtBegin.CPU
}
