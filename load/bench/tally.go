package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/google/uuid"

	"livechat/e2e/cluster"
)

// postWay is one of the ways in which two people can write to each other.
type postWay struct {
	name string
	run  func(ctx context.Context, rate int, t *tally) error
}

// tally is what one measurement found.
type tally struct {
	mu       sync.Mutex
	answered []time.Duration // from when a message was due until its answer
	refused  int

	heard                []time.Duration // and until it was heard by the other
	taken, lost, doubled int
	took                 time.Duration // until the last was answered
	used                 postUsed
}

// measure measures one rate, 0 for as much as goes, and waits until all is heard.
func (w *postWorld) measure(ctx context.Context, rate int, way postWay) (*tally, error) {
	t := &tally{}
	ears := w.ears(way.name)
	for _, e := range ears {
		e.begin()
	}
	before, err := w.usage()
	if err != nil {
		return nil, err
	}
	begin := time.Now()
	if err := way.run(ctx, rate, t); err != nil {
		return nil, err
	}
	t.took, t.taken = time.Since(begin), len(t.answered)
	if err := settled(ctx, ears, 2*t.taken); err != nil {
		return nil, err
	}
	after, err := w.usage()
	if err != nil {
		return nil, err
	}
	t.used = after.minus(before)
	got := 0
	for _, e := range ears {
		e.mu.Lock()
		defer e.mu.Unlock()
		t.heard = append(t.heard, e.others...)
		got += e.got
		t.doubled += e.doubled
		err = errors.Join(err, e.err)
	}
	t.lost = 2*t.taken - got
	return t, err
}

func (w *postWorld) ears(way string) (all []*ear) {
	for _, p := range w.people {
		if way == wayPrivate {
			all = append(all, &p.hear)
		} else {
			all = append(all, &p.live)
		}
	}
	return all
}

// settled waits until so many messages are heard, or none was for a while.
func settled(ctx context.Context, ears []*ear, want int) error {
	const quiet = 5 * time.Second
	before, since := -1, time.Now()
	for {
		got := 0
		for _, e := range ears {
			e.mu.Lock()
			got += e.got
			e.mu.Unlock()
		}
		if got != before {
			before, since = got, time.Now()
		}
		if got >= want || time.Since(since) > quiet {
			return nil
		}
		if err := rest(ctx, 5*time.Millisecond); err != nil {
			return err
		}
	}
}

// everybody lets each person send in turn: at the rate, or, at 0, one message after the other. send gets when the message is due.
func (w *postWorld) everybody(ctx context.Context, rate int, send func(p *poster, due time.Time) error) error {
	begin := time.Now().Add(10 * time.Millisecond)
	problems := make([]error, len(w.people))
	var all sync.WaitGroup
	for i, p := range w.people {
		all.Go(func() {
			for n := i; ctx.Err() == nil; n += len(w.people) {
				due := time.Now()
				if rate > 0 {
					due = begin.Add(time.Duration(n) * time.Second / time.Duration(rate))
				}
				if due.Sub(begin) >= w.length {
					return
				}
				time.Sleep(time.Until(due))
				if problems[i] = send(p, due); problems[i] != nil {
					return
				}
			}
		})
	}
	all.Wait()
	return errors.Join(append(problems, ctx.Err())...)
}

// private is the way over HTTP, PostgreSQL, and the feeds.
func (w *postWorld) private(ctx context.Context, rate int, t *tally) error {
	return w.everybody(ctx, rate, func(p *poster, due time.Time) error {
		ok, err := p.post(ctx, due)
		t.mu.Lock()
		defer t.mu.Unlock()
		if ok {
			t.answered = append(t.answered, time.Since(due))
		} else {
			t.refused++
		}
		return err
	})
}

// live is the way over sockets and Redis.
func (w *postWorld) live(ctx context.Context, rate int, t *tally) error {
	dues := make([][]time.Time, len(w.people))
	err := w.everybody(ctx, rate, func(p *poster, due time.Time) error {
		dues[p.number] = append(dues[p.number], due)
		return p.room.Post(uuid.NewString(), p.text(due))
	})
	if err != nil {
		return err
	}
	for i, p := range w.people { // acks come in the order of the messages
		deadline := time.Now().Add(10 * time.Second)
		for p.live.acks() < len(dues[i]) && time.Now().Before(deadline) {
			if err := rest(ctx, 5*time.Millisecond); err != nil {
				return err
			}
		}
		p.live.mu.Lock()
		for n, at := range p.live.acked {
			t.answered = append(t.answered, at.Sub(dues[i][n]))
		}
		t.refused += len(dues[i]) - len(p.live.acked)
		p.live.mu.Unlock()
	}
	return nil
}

func (e *ear) acks() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.acked)
}

// cells are a line of the table.
func (t *tally) cells(rate int, way string) []any {
	offered := any(rate)
	if rate == 0 {
		offered = "as many as go"
	}
	slices.Sort(t.answered)
	slices.Sort(t.heard)
	cells := []any{offered, way, int(float64(t.taken) / t.took.Seconds()),
		ms(percentileOf(t.answered, 50)), ms(percentileOf(t.answered, 99)), ms(percentileOf(t.heard, 50)), ms(percentileOf(t.heard, 99)), t.lost, t.doubled, t.refused}
	for _, d := range t.used {
		cells = append(cells, d.Microseconds()/int64(max(t.taken, 1)))
	}
	return cells
}

// percentileOf returns the p-th percentile of what is sorted.
func percentileOf(sorted []time.Duration, p int) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[p*(len(sorted)-1)/100]
}

// postUsed is the CPU time of the API, the servers, Redis, HAProxy, PostgreSQL and the clients.
type postUsed [6]time.Duration

func (u postUsed) minus(other postUsed) postUsed {
	for i := range u {
		u[i] -= other[i]
	}
	return u
}

func (w *postWorld) usage() (postUsed, error) {
	u, err := usage(w.cl)
	var api time.Duration
	for _, p := range w.cl.APIs {
		d, e := p.CPU()
		api += d
		err = errors.Join(err, e)
	}
	database, e := familyCPU(w.pg.PID())
	var self syscall.Rusage
	err = errors.Join(err, e, syscall.Getrusage(syscall.RUSAGE_SELF, &self))
	return postUsed{api, u.servers, u.redis, u.haproxy, database, time.Duration(self.Utime.Nano() + self.Stime.Nano())}, err
}

// familyCPU is the CPU time of a process and its children, as far as they live.
func familyCPU(pid int) (all time.Duration, err error) {
	if all, err = cluster.ProcessCPU(pid); err != nil {
		return 0, err
	}
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return 0, err
	}
	for _, path := range stats {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended meanwhile
		}
		fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
		if len(fields) < 2 || fields[1] != strconv.Itoa(pid) {
			continue
		}
		child, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err != nil {
			return 0, fmt.Errorf("read %s: %w", path, err)
		}
		if d, err := cluster.ProcessCPU(child); err == nil {
			all += d
		}
	}
	return all, nil
}
