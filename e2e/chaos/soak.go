package chaos

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"livechat/e2e/cluster"
)

// Usage is what a server holds while nobody is connected.
type Usage struct {
	Server     string
	Files      int
	Threads    int
	Memory     int64 // resident, bytes
	Goroutines int   // 0 where nobody has looked: that ends the server
}

// String returns it for people.
func (u Usage) String() string {
	s := fmt.Sprintf("server %s: %d files, %d threads, %.1f MB", u.Server, u.Files, u.Threads, float64(u.Memory)/(1<<20))
	if u.Goroutines > 0 {
		s += fmt.Sprintf(", %d goroutines", u.Goroutines)
	}
	return s
}

// How much more than before a server may hold after hours of faults. A pool of connections may have one more of them, each with a goroutine; a heap that
// was once larger is given back to the kernel slowly and never wholly.
const (
	moreFiles      = 6
	moreGoroutines = 6
	moreMemory     = 24 << 20
)

// SoakResult is what a soak came to.
type SoakResult struct {
	Result
	Before, After []Usage // of the servers that have survived
	Fresh         Usage   // of one that has just been started
}

// warmUp is how long the first crowd talks, for whose sake a server grows to its size.
const warmUp = 20 * time.Second

// Soak lets a crowd come, talk and go, looks at what the servers hold, does a run with faults, and looks again: what the survivors hold when all have left must
// be what it was. Draw the plan with Survivors. The server has no way yet to ask for its number of goroutines: at the end the survivors are made to write
// them down, which ends them, and so is one that has just started.
func Soak(ctx context.Context, o Options) SoakResult {
	var s SoakResult
	dumps := &dumps{count: map[string]int{}}
	parts := o.Log
	o.Log = func(part, line string) {
		dumps.take(part, line)
		if parts != nil {
			parts(part, line)
		}
	}
	r := prepare(o)
	defer r.stop()
	r.fail(r.build(ctx))
	r.try(func() error { return r.gather(ctx) })
	r.try(func() error { r.ctx = ctx; r.wait(warmUp); return r.judge() })
	r.try(func() error { s.Before = r.settle(ctx, nil); return nil })
	r.try(func() error { return r.gather(ctx) })
	r.try(func() error { r.breakEverything(ctx); return nil })
	r.try(r.heal)
	r.try(r.judge)
	if len(s.Before) > 0 && r.cluster != nil {
		s.After = r.settle(ctx, s.Before)
		r.fail(compare(s.Before, s.After))
	}
	r.try(func() error { return r.goroutines(ctx, &s, dumps) })
	r.stop()
	s.Result = r.result()
	return s
}

// try does the next thing unless something went wrong before.
func (r *run) try(do func() error) {
	if len(r.errs) == 0 {
		r.fail(do())
	}
}

// settle lets the crowd leave and waits until the survivors hold no more than before, or for a minute; without a before it waits a few seconds.
func (r *run) settle(ctx context.Context, before []Usage) (now []Usage) {
	r.leave()
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	begin := time.Now()
	_ = cluster.Poll(ctx, func(context.Context) error {
		now = now[:0]
		for _, server := range r.cluster.Servers[:survivors] {
			u := Usage{Server: server.Name}
			var errs [3]error
			u.Files, errs[0] = server.Files()
			u.Threads, errs[1] = server.Threads()
			u.Memory, errs[2] = server.Memory()
			if err := errors.Join(errs[:]...); err != nil {
				return err
			}
			now = append(now, u)
		}
		if time.Since(begin) < 5*time.Second {
			return errors.New("too early")
		}
		return compare(before, now)
	})
	return now
}

// compare returns an error that names what has become more.
func compare(before, after []Usage) error {
	var errs []error
	for i, b := range before {
		if i >= len(after) {
			return errors.New("the survivors could not be looked at")
		}
		if a := after[i]; a.Files > b.Files+moreFiles || a.Memory > b.Memory+moreMemory {
			errs = append(errs, fmt.Errorf("%v; before %v", a, b))
		}
	}
	return errors.Join(errs...)
}

// goroutines has the survivors and a fresh server write down their goroutines.
func (r *run) goroutines(ctx context.Context, s *SoakResult, d *dumps) error {
	fresh := r.cluster.Servers[len(r.cluster.Servers)-1]
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if err := errors.Join(fresh.Stop(ctx), fresh.Start(ctx)); err != nil {
		return err
	}
	r.wait(5 * time.Second)
	for _, server := range append(r.cluster.Servers[:survivors:survivors], fresh) {
		if err := server.Dump(); err != nil {
			return err
		}
	}
	s.Fresh = Usage{Server: fresh.Name, Goroutines: d.of(fresh.Name)}
	var errs []error
	for i := range s.After {
		s.After[i].Goroutines = d.of(s.After[i].Server)
		if n := s.After[i].Goroutines; n > s.Fresh.Goroutines+moreGoroutines || n == 0 {
			errs = append(errs, fmt.Errorf("%v; a fresh one has %d goroutines", s.After[i], s.Fresh.Goroutines))
		}
	}
	return errors.Join(errs...)
}

// dumps counts the goroutines that servers write down.
type dumps struct {
	mu    sync.Mutex
	count map[string]int
}

func (d *dumps) take(part, line string) {
	// System goroutines, which say so, come and go with the runtime's mood.
	if strings.HasPrefix(line, "goroutine ") && strings.HasSuffix(line, "]:") {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.count[part]++
	}
}

func (d *dumps) of(part string) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.count[part]
}
