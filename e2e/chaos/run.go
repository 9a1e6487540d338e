// Package chaos starts the whole product as it is shipped, with accounts, API and archive, lets crowds talk in its rooms and people in private, and breaks everything that it stands on, at random, by a plan that a seed decides:
// servers, Redis, PostgreSQL, HAProxy, and the links between them. At the end all is healed, everybody must have caught up, and the histories must be
// clean: no acked message lost, none doubled, no gap, and all of it in the archive.
//
// What a seed decides is the plan. What comes of it is up to the machine as well, so a run that failed may have to be repeated more than once.
package chaos

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"livechat/e2e/cluster"
	"livechat/e2e/fault"
	"livechat/e2e/history"
	"livechat/internal/testpg"
)

// apiCount is how many servers with the API there are.
const apiCount = 2

// doorCount is how many proxies there are between the clients and HAProxy; each client goes by one of them.
const doorCount = 4

// late is how far behind its time a step is still taken. One that waited longer, for the one before it, could hit a keeper.
const late = 3 * time.Second

// Options say what to run.
type Options struct {
	Plan     Plan
	Binary   string                           // the server's, see cluster.Build
	Crowd    Size                             // of the default room; the others are smaller
	RedisURL string                           // of a Redis of the caller's, for During; empty: the run has its own
	Postgres *testpg.Postgres                 // for a database of the run's own; nil: the run starts one
	Env      map[string]string                // further settings of the servers
	Log      func(part, line string)          // what the parts write, from several goroutines; nil: nobody reads it
	Progress func(format string, args ...any) // tells of each step; nil: nobody listens
}

// Bars is the crowd of the bars: 200 clients, 50 messages a second.
var Bars = Size{Sessions: 170, Raw: 30, Talkers: 25, Pause: time.Second / 2, Patience: time.Minute}

// Result is what a run came to.
type Result struct {
	Plan    Plan
	Summary history.Summary // of all rooms and feeds
	Done    map[string]int  // faults by kind
	Skipped int             // steps that came too late
	Err     error           // everything that went wrong, nil if nothing did
	Parts   []Part
}

// Part is a room, or somebody's feed.
type Part struct {
	Name    string
	History *history.History
}

// run is one run.
type run struct {
	Options
	redisArgs []string
	past      bool            // clients go past HAProxy: the i-th to server i, i+4, i+8 …
	ctx       context.Context // ends when the faults are over
	cluster   *cluster.Cluster
	links     []*fault.Proxy // between each server and Redis, then those of the servers with the API
	doors     []*fault.Proxy // between clients and HAProxy
	narrow    []*fault.Proxy // between those who lag and each server, past HAProxy, whose buffers would hide that they do
	crowd     *Crowd         // of the default room
	others    []*Crowd
	people    *People
	meetings  int // how often people have met
	postgres  *testpg.Postgres
	own       bool // postgres was started here
	begin     time.Time
	dir       string // for what is built here

	mu      sync.Mutex
	done    map[string]int
	skipped int
	errs    []error
}

// Run does it. ctx breaks it off.
func Run(ctx context.Context, o Options) Result {
	r := prepare(o)
	r.fail(r.start(ctx))
	defer r.stop()
	if len(r.errs) == 0 {
		r.breakEverything(ctx)
		r.fail(r.heal())
		r.fail(r.judge())
	}
	r.stop()
	return r.result()
}

// During starts the same and does one thing while everybody talks, in place of a plan.
func During(ctx context.Context, o Options, what func(ctx context.Context) error) Result {
	r := prepare(o)
	r.fail(r.start(ctx))
	defer r.stop()
	r.try(func() error { return r.crowd.Flow(ctx, r.Crowd.Talkers) })
	r.try(func() error { return what(ctx) })
	r.try(r.heal)
	r.try(r.judge)
	r.stop()
	return r.result()
}

// result returns what the run came to so far.
func (r *run) result() Result {
	result := Result{Plan: r.Plan, Done: r.done, Skipped: r.skipped, Err: errors.Join(r.errs...), Parts: r.parts()}
	for _, p := range result.Parts {
		result.Summary = result.Summary.Plus(p.History.Summary())
	}
	return result
}

func prepare(o Options) *run {
	if o.Log == nil {
		o.Log = func(string, string) {}
	}
	if o.Progress == nil {
		o.Progress = func(string, ...any) {}
	}
	return &run{Options: o, redisArgs: persistence[o.Plan.Persist], done: map[string]int{}}
}

func (r *run) fail(err error) {
	if err != nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.errs = append(r.errs, err)
	}
}

// persistence are the arguments of Redis.
var persistence = map[string][]string{
	"aof-always":   {"--appendfsync", "always"},
	"aof-everysec": {"--appendfsync", "everysec"},
	"rdb":          {"--appendonly", "no", "--save", "3 1"},
	"none":         {"--appendonly", "no"},
}

// settings are those of the servers.
func (r *run) settings() map[string]string {
	env := map[string]string{"MESSAGE_RATE": "0", "REGISTER_RATE": "0", "SEND_BUFFER": "16384", "DRAIN_DELAY": "300ms", "DRAIN_PERIOD": "1s", "LOG_FORMAT": "text"}
	maps.Copy(env, r.Env)
	return env
}

// breakEverything carries out the plan, each lane by itself.
func (r *run) breakEverything(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, r.Plan.Length-2*quiet)
	defer cancel()
	r.ctx, r.begin = ctx, time.Now()
	var all sync.WaitGroup
	for l := range lanes {
		all.Go(func() {
			for _, s := range r.Plan.Steps {
				if s.kind.lane == l && ctx.Err() == nil {
					r.step(s)
				}
			}
		})
	}
	r.wait(r.Plan.Length)
	all.Wait()
}

// step waits for its time and takes it.
func (r *run) step(s Step) {
	r.wait(time.Until(r.begin.Add(s.At)))
	if r.ctx.Err() != nil || time.Since(r.begin) > s.At+late {
		r.mu.Lock()
		r.skipped++
		r.mu.Unlock()
		r.Progress("%v  skipped, as the one before it took too long", s)
		return
	}
	r.Progress("%v", s)
	if err := s.kind.do(r, s); err != nil {
		r.fail(fmt.Errorf("%v: %w", s, err))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.done[s.Fault]++
}
