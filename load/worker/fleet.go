package worker

import (
	"context"
	"crypto/tls"
	"maps"
	"slices"
	"time"

	"livechat/load/plan"
	"livechat/load/record"
	"livechat/load/run"
)

// fleet is the clients of all workers.
type fleet struct {
	*spreadRun
	ctx context.Context // of the scenario; ends when the run does
}

var _ run.Fleet = (*fleet)(nil)

// Mark implements run.Fleet.
func (r *spreadRun) Mark(at time.Time, text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.marks = append(r.marks, record.Mark{At: at.Sub(r.began).Seconds(), Text: text})
}

// all sends an order to all workers. If that fails, listen notices.
func (r *spreadRun) all(o order) {
	for _, p := range r.peers {
		_ = p.link.send(o)
	}
}

// Did implements run.Fleet.
func (r *spreadRun) Did(text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.did = append(r.did, text)
}

// DropAll implements run.Fleet. The number is that of the last signs of life.
func (r *spreadRun) DropAll() (n int) {
	for _, p := range r.peers {
		n += int(p.status.Load().online())
	}
	r.drops.Add(1)
	r.all(order{DropAll: true})
	return n
}

// notice notices servers that have lost their last client.
func (r *spreadRun) notice() {
	now := make(map[string]bool)
	for _, p := range r.peers {
		for app, clients := range p.status.Load().Online {
			if clients > 0 {
				now[app] = true
			}
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for app := range r.connected {
		if !now[app] {
			r.emptied[app] = true
		}
	}
	r.connected = now
}

// Emptied implements run.Fleet.
func (r *spreadRun) Emptied() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	apps := slices.Sorted(maps.Keys(r.emptied))
	clear(r.emptied)
	return apps
}

// tell returns a function that adds our marks to those of the first worker.
// Those of the others are the same.
func (r *spreadRun) tell(tell func(run.Live)) func(run.Live) {
	told := 0
	return func(l run.Live) {
		r.mu.Lock()
		l.Marks = slices.Concat(l.Marks, r.marks[told:])
		told = len(r.marks)
		r.mu.Unlock()
		tell(l)
	}
}

// end ends the schedule now.
func (r *spreadRun) end() {
	r.all(order{End: true})
	r.over()
}

// End implements run.Fleet.
func (r *spreadRun) End(knee record.Knee) {
	r.mu.Lock()
	r.knee = &knee
	r.mu.Unlock()
	r.end()
}

// Find implements run.Fleet.
func (r *spreadRun) Find() { r.watcher.Find() }

// Connected implements run.Fleet, as of the last signs of life.
func (r *spreadRun) Connected() (all bool, breaks int64) {
	missing, known := int64(0), true
	for _, p := range r.peers {
		now := p.status.Load()
		missing, breaks = missing+now.Wanted-now.online(), breaks+now.Breaks
		known = known && now.Drops == r.drops.Load()
	}
	return known && missing == 0, breaks
}

// Online implements run.Fleet, as of the last signs of life.
func (r *spreadRun) Online() map[string]int {
	all := make(map[string]int)
	for _, p := range r.peers {
		for app, n := range p.status.Load().Online {
			all[app] += n
		}
	}
	return all
}

// Moves implements run.Fleet, as of the last signs of life.
func (r *spreadRun) Moves() (moved, reconnects int64) {
	for _, p := range r.peers {
		now := p.status.Load()
		moved, reconnects = moved+now.Moved, reconnects+now.Reconnects
	}
	return moved, reconnects
}

// Address implements run.Fleet.
func (r *spreadRun) Address() string { return r.settings.URL(0) }

// TLS implements run.Fleet.
func (r *spreadRun) TLS() *tls.Config { return r.settings.TLS() }

// Scaled implements run.Fleet.
func (r *spreadRun) Scaled(s record.Scale) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.scale = &s
}

// Window implements run.Fleet. It returns what it has if the run ends
// meanwhile.
func (f *fleet) Window() plan.Window {
	var all run.Measured
	f.all(order{Window: true})
	for _, p := range f.peers {
		one, err := await(f.ctx, p.windows)
		if err != nil {
			break
		}
		all.Merge(one)
	}
	return all.Window()
}
