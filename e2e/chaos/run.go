// Package chaos starts the whole product, lets a crowd talk in it, and breaks everything that it stands on, at random, by a plan that a seed decides:
// servers, Redis, HAProxy, and the links between them. At the end all is healed, everybody must have caught up, and the history must be clean: no acked
// message lost, none doubled, no gap.
//
// What a seed decides is the plan. What comes of it is up to the machine as well, so a run that failed may have to be repeated more than once.
package chaos

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"sync"
	"time"

	"livechat/e2e/cluster"
	"livechat/e2e/fault"
	"livechat/e2e/history"
)

// doorCount is how many proxies there are between the clients and HAProxy; each client goes by one of them.
const doorCount = 4

// late is how far behind its time a step is still taken. One that waited longer, for the one before it, could hit a keeper.
const late = 3 * time.Second

// Options say what to run.
type Options struct {
	Plan     Plan
	Binary   string // the server's, see cluster.Build
	Crowd    Size
	Env      map[string]string                // further settings of the servers
	Log      func(part, line string)          // what the parts write, from several goroutines; nil: nobody reads it
	Progress func(format string, args ...any) // tells of each step; nil: nobody listens
}

// Bars is the crowd of the bars: 200 clients, 50 messages a second.
var Bars = Size{Sessions: 170, Raw: 30, Talkers: 25, Pause: time.Second / 2, Patience: time.Minute}

// Result is what a run came to.
type Result struct {
	Plan    Plan
	Summary history.Summary
	Done    map[string]int // faults by kind
	Skipped int            // steps that came too late
	Err     error          // everything that went wrong, nil if nothing did
	History *history.History
}

// run is one run.
type run struct {
	Options
	redisArgs []string
	past      bool            // clients go past HAProxy: the i-th to server i, i+4, i+8 …
	ctx       context.Context // ends when the faults are over
	cluster   *cluster.Cluster
	links     []*fault.Proxy // between each server and Redis
	doors     []*fault.Proxy // between clients and HAProxy
	crowd     *Crowd
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

// result returns what the run came to so far.
func (r *run) result() Result {
	result := Result{Plan: r.Plan, Done: r.done, Skipped: r.skipped, Err: errors.Join(r.errs...)}
	if r.crowd != nil {
		result.History = r.crowd.History
		result.Summary = result.History.Summary()
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
	env := map[string]string{"MESSAGE_RATE": "0", "DRAIN_DELAY": "300ms", "DRAIN_PERIOD": "1s", "LOG_FORMAT": "text"}
	maps.Copy(env, r.Env)
	return env
}

// start starts the cluster and lets the crowd in.
func (r *run) start(ctx context.Context) error {
	if err := r.build(ctx); err != nil {
		return err
	}
	return r.gather(ctx)
}

// build starts the cluster with proxies wherever something can break.
func (r *run) build(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	var err error
	if r.dir, err = os.MkdirTemp("", "livechat-chaos-"); err != nil {
		return fmt.Errorf("make a directory for the run: %w", err)
	}
	r.links = make([]*fault.Proxy, cluster.MaxServers)
	r.cluster, err = cluster.Start(ctx, cluster.Options{
		Binary: r.Binary, Env: r.settings(), Log: r.Log, Reloadable: true, RedisArgs: r.redisArgs,
		RedisVia: func(i int, addr string) (string, error) {
			if r.links[i] != nil { // a second try, on other ports
				_ = r.links[i].Close()
			}
			var err error
			if r.links[i], err = fault.Listen(addr); err != nil {
				return "", err
			}
			return r.links[i].Addr(), nil
		},
	})
	if err != nil {
		return err
	}
	for range doorCount {
		door, err := fault.Listen(r.cluster.HAProxy.Addr)
		if err != nil {
			return err
		}
		r.doors = append(r.doors, door)
	}
	return nil
}

// gather lets the crowd in and talk.
func (r *run) gather(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	var err error
	r.crowd, err = Gather(ctx, func(i int) string {
		if r.past {
			return r.cluster.ServerURL(i % cluster.MaxServers)
		}
		return "ws://" + r.doors[i%doorCount].Addr() + "/"
	}, r.Crowd)
	if err != nil {
		return err
	}
	r.crowd.Talk()
	return nil
}

// breakEverything carries out the plan, each lane by itself.
func (r *run) breakEverything(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, r.Plan.Length-2*quiet)
	defer cancel()
	r.ctx, r.begin = ctx, time.Now()
	var lanes sync.WaitGroup
	for l := redis; l <= balancer; l++ {
		lanes.Go(func() {
			for _, s := range r.Plan.Steps {
				if s.kind.lane == l && ctx.Err() == nil {
					r.step(s)
				}
			}
		})
	}
	r.wait(r.Plan.Length)
	lanes.Wait()
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

// heal ends every fault and waits until all of it works again.
func (r *run) heal() error {
	for _, p := range append(r.links, r.doors...) {
		p.Heal()
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for _, p := range append([]*cluster.Part{r.cluster.Redis, r.cluster.HAProxy}, r.cluster.Servers...) {
		if err := p.WaitReady(ctx); err != nil {
			return fmt.Errorf("after the faults: %w", err)
		}
	}
	if err := r.cluster.WaitReady(ctx, cluster.MaxServers); err != nil {
		return fmt.Errorf("after the faults: %w", err)
	}
	if err := r.crowd.Flow(ctx, 2*r.Crowd.Talkers); err != nil {
		return fmt.Errorf("after the faults: %w", err)
	}
	return nil
}

// judge waits until everybody has caught up and looks at the history.
func (r *run) judge() error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	return r.crowd.Finish(ctx, history.NoGaps)
}

// stop ends everything. It may be called again.
func (r *run) stop() {
	for _, p := range append(r.links, r.doors...) {
		if p != nil {
			p.Heal()
		}
	}
	if r.crowd != nil {
		r.crowd.Leave()
	}
	if r.cluster != nil {
		if err := r.cluster.Close(); err != nil {
			r.fail(fmt.Errorf("stop the cluster: %w", err))
		}
	}
	for _, p := range append(r.links, r.doors...) {
		if p != nil {
			_ = p.Close()
		}
	}
	r.fail(os.RemoveAll(r.dir))
}
