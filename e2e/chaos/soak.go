package chaos

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"livechat/internal/localcluster"
)

// Usage is what a server uses while no client is connected.
type Usage struct {
	Server     string
	Files      int
	Threads    int
	Memory     int64 // resident, bytes
	Goroutines int   // 0 if unknown: counting ends the server
}

// String returns a readable line.
func (u Usage) String() string {
	s := fmt.Sprintf("server %s: %d files, %d threads, %.1f MB", u.Server, u.Files, u.Threads,
		float64(u.Memory)/(1<<20))
	if u.Goroutines > 0 {
		s += fmt.Sprintf(", %d goroutines", u.Goroutines)
	}
	return s
}

// How much more a server may use after hours of faults. A connection pool may
// have one more connection with a goroutine. A heap that was larger returns
// memory to the kernel slowly and never completely.
const (
	moreFiles      = 6
	moreGoroutines = 6
	moreMemory     = 24 << 20
)

// SoakResult is the result of a soak run.
type SoakResult struct {
	Result
	Before, After []Usage // of the servers that have survived
	Fresh         Usage   // of a server that has just been started
}

// warmUp is how long the first crowd sends messages, so that a server grows to
// its size.
const warmUp = 20 * time.Second

// Soak lets a crowd come and go, measures what the servers use, does a run with
// faults, and measures again: without clients, the survivors must use as much
// as before. The plan has to be drawn with Survivors. A server has no way to
// report its number of goroutines. So at the end SIGQUIT makes the survivors,
// and a server that was just started, write them to their logs, which ends
// them.
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
	r.try(func() error { r.ctx = ctx; r.wait(warmUp); return r.check() })
	r.try(func() error { s.Before = r.awaitUsage(ctx, nil); return nil })
	r.try(func() error { return r.gather(ctx) })
	r.try(func() error { r.injectFaults(ctx); return nil })
	r.try(r.heal)
	r.try(r.check)
	r.try(r.checkCollected)
	if len(s.Before) > 0 && r.cluster != nil {
		s.After = r.awaitUsage(ctx, s.Before)
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

// awaitUsage lets the crowd leave and waits until the survivors use no more
// than before, at most for a minute; without before it waits a few seconds.
func (r *run) awaitUsage(ctx context.Context, before []Usage) (now []Usage) {
	r.leave()
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	begin := time.Now()
	_ = localcluster.Poll(ctx, func(context.Context) error {
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

// compare returns an error that names what has grown.
func compare(before, after []Usage) error {
	var errs []error
	for i, b := range before {
		if i >= len(after) {
			return errors.New("the survivors could not be measured")
		}
		if a := after[i]; a.Files > b.Files+moreFiles || a.Memory > b.Memory+moreMemory {
			errs = append(errs, fmt.Errorf("%v; before %v", a, b))
		}
	}
	return errors.Join(errs...)
}

// goroutines makes the survivors and a fresh server log their goroutines.
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
			errs = append(errs,
				fmt.Errorf("%v; a fresh one has %d goroutines", s.After[i], s.Fresh.Goroutines))
		}
	}
	return errors.Join(errs...)
}

// dumps counts the goroutines in the servers' logs.
type dumps struct {
	mu    sync.Mutex
	count map[string]int
}

func (d *dumps) take(part, line string) {
	// The number of system goroutines, which are marked, varies.
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
