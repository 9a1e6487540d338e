package main

import (
	"context"
	"errors"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/google/uuid"

	"livechat/internal/procstat"
)

// postWay is a way in which two users can write to each other.
type postWay struct {
	name string
	run  func(ctx context.Context, rate int, t *tally) error
}

// tally is the result of one measurement.
type tally struct {
	mu       sync.Mutex
	answered []time.Duration // from when a message was due until its response
	refused  int

	received             []time.Duration // from when it was due until the other user received it
	taken, lost, doubled int
	took                 time.Duration // until the last response
	used                 postUsed
}

// measure measures one rate, 0 for as much as possible, and waits until all
// messages are received.
func (w *postWorld) measure(ctx context.Context, rate int, way postWay) (*tally, error) {
	t := &tally{}
	listeners := w.listeners(way.name)
	for _, e := range listeners {
		e.reset()
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
	if err := awaitReceived(ctx, listeners, 2*t.taken); err != nil {
		return nil, err
	}
	after, err := w.usage()
	if err != nil {
		return nil, err
	}
	t.used = after.minus(before)
	got := 0
	for _, e := range listeners {
		e.mu.Lock()
		defer e.mu.Unlock()
		t.received = append(t.received, e.others...)
		got += e.got
		t.doubled += e.doubled
		err = errors.Join(err, e.err)
	}
	t.lost = 2*t.taken - got
	return t, err
}

func (w *postWorld) listeners(way string) (all []*listener) {
	for _, p := range w.posters {
		if way == wayPrivate {
			all = append(all, &p.fromFeed)
		} else {
			all = append(all, &p.fromRoom)
		}
	}
	return all
}

// awaitReceived waits until want messages were received, or none for a while.
func awaitReceived(ctx context.Context, listeners []*listener, want int) error {
	const quiet = 5 * time.Second
	before, since := -1, time.Now()
	for {
		got := 0
		for _, e := range listeners {
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

// forEachPoster lets the users send in turn at the rate or, if it is 0, each
// its next message after the last one. send gets the time at which the message
// is due.
func (w *postWorld) forEachPoster(
	ctx context.Context,
	rate int,
	send func(p *poster, due time.Time) error,
) error {
	begin := time.Now().Add(10 * time.Millisecond)
	problems := make([]error, len(w.posters))
	var all sync.WaitGroup
	for i, p := range w.posters {
		all.Go(func() {
			for n := i; ctx.Err() == nil; n += len(w.posters) {
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

// private is the way over HTTP, PostgreSQL and the feeds.
func (w *postWorld) private(ctx context.Context, rate int, t *tally) error {
	return w.forEachPoster(ctx, rate, func(p *poster, due time.Time) error {
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
	dues := make([][]time.Time, len(w.posters))
	err := w.forEachPoster(ctx, rate, func(p *poster, due time.Time) error {
		dues[p.number] = append(dues[p.number], due)
		return p.room.Post(uuid.NewString(), p.text(due))
	})
	if err != nil {
		return err
	}
	for i, p := range w.posters { // acks come in the order of the messages
		deadline := time.Now().Add(10 * time.Second)
		for p.fromRoom.acks() < len(dues[i]) && time.Now().Before(deadline) {
			if err := rest(ctx, 5*time.Millisecond); err != nil {
				return err
			}
		}
		p.fromRoom.mu.Lock()
		for n, at := range p.fromRoom.acked {
			t.answered = append(t.answered, at.Sub(dues[i][n]))
		}
		t.refused += len(dues[i]) - len(p.fromRoom.acked)
		p.fromRoom.mu.Unlock()
	}
	return nil
}

func (e *listener) acks() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.acked)
}

// cells returns a line of the table.
func (t *tally) cells(rate int, way string) []any {
	offered := any(rate)
	if rate == 0 {
		offered = "as many as possible"
	}
	slices.Sort(t.answered)
	slices.Sort(t.received)
	cells := []any{offered, way, int(float64(t.taken) / t.took.Seconds()),
		ms(
			percentileOf(t.answered, 50),
		), ms(percentileOf(t.answered, 99)), ms(percentileOf(t.received, 50)), ms(percentileOf(t.received, 99)),
		t.lost, t.doubled, t.refused}
	for _, d := range t.used {
		cells = append(cells, d.Microseconds()/int64(max(t.taken, 1)))
	}
	return cells
}

// percentileOf returns the p-th percentile of a sorted slice.
func percentileOf(sorted []time.Duration, p int) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[p*(len(sorted)-1)/100]
}

// postUsed is the CPU time of the API, the servers, Redis, HAProxy, PostgreSQL
// and the clients.
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
	database, e := procstat.FamilyCPU(w.pg.PID())
	var self syscall.Rusage
	err = errors.Join(err, e, syscall.Getrusage(syscall.RUSAGE_SELF, &self))
	return postUsed{
		api,
		u.servers,
		u.redis,
		u.haproxy,
		database,
		time.Duration(self.Utime.Nano() + self.Stime.Nano()),
	}, err
}
