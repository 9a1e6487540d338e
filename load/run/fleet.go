package run

import (
	"crypto/tls"
	"maps"
	"slices"
	"time"

	"livechat/load/plan"
	"livechat/load/record"
)

// Mark implements Fleet.
func (r *run) Mark(at time.Time, text string) { r.markAt(at, text) }

// Did implements Fleet.
func (r *run) Did(text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.did = append(r.did, text)
}

// DropAll implements Fleet.
func (r *run) DropAll() (n int) {
	for _, m := range r.members {
		if l := m.current.Load(); l != nil {
			m.immediate.Store(true)
			l.close()
			n++
		}
	}
	return n
}

// Emptied implements Fleet.
func (r *run) Emptied() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	apps := slices.Sorted(maps.Keys(r.emptied))
	clear(r.emptied)
	return apps
}

// Connected implements Fleet.
func (r *run) Connected() (all bool, breaks int64) {
	breaks = r.breaks.Load()
	return r.online.Load() == r.wanted.Load(), breaks
}

// Window implements Fleet.
func (r *run) Window() plan.Window {
	t := r.meter.window()
	expected := r.expected.Load()
	return t.window(expected - r.windowed.Swap(expected))
}

// Online implements Fleet.
func (r *run) Online() map[string]int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.onlineBy)
}

// Moves implements Fleet.
func (r *run) Moves() (moved, reconnects int64) { return r.moved.Load(), r.reconnects.Load() }

// Address implements Fleet.
func (r *run) Address() string { return r.settings.URL(0) }

// TLS implements Fleet.
func (r *run) TLS() *tls.Config { return r.tls }

// Scaled implements Fleet.
func (r *run) Scaled(s record.Scale) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.scale = &s
}

// End implements Fleet.
func (r *run) End(knee record.Knee) {
	r.mu.Lock()
	r.knee = &knee
	r.mu.Unlock()
	r.end()
}

// Find implements Fleet.
func (r *run) Find() { r.watcher.Find() }
