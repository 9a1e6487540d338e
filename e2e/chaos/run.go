// Package chaos starts the whole product as it is shipped, with accounts, API
// and archive, puts clients into rooms and users into private chats, and
// injects random faults everywhere, by a plan that a seed decides: in servers,
// Redis, PostgreSQL, HAProxy, and the links between them. At the end everything
// is healed, all clients must have caught up, and the histories must be clean:
// no acked message lost, none doubled, no gap, and all of it in the archive. If
// clients edit and delete their messages, all must end with the same texts, and
// those that are deleted are nowhere; and what they react is counted everywhere.
// If somebody moderates, no message may break a rule that holds.
// If messages have files, each has its own with the bytes that were sent, and no
// other file is left.
//
// The seed decides the plan. What comes of it depends on the machine as well,
// so a run that failed may have to be repeated more than once.
package chaos

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"time"

	"livechat/e2e/faultproxy"
	"livechat/e2e/history"
	"livechat/internal/localcluster"
	"livechat/internal/testpg"
)

// apiCount is the number of API servers.
const apiCount = 2

// doorCount is the number of proxies between the clients and HAProxy. Each
// client connects through one of them.
const doorCount = 4

// late is the largest delay of a step. A step that waited longer for the one
// before it could hit a keeper.
const late = 3 * time.Second

// Options say what to run.
type Options struct {
	Plan     Plan
	Binary   string            // path of the server, see localcluster.Build
	Crowd    Size              // of the default room; the others are smaller
	RedisURL string            // of the caller's Redis, for During; empty: the run has its own
	Postgres *testpg.Postgres  // provides the run's database; nil: the run starts one
	Env      map[string]string // further settings of the servers
	S3       bool              // files are on an S3 server, not in a folder
	// receives what the parts write, from several goroutines; nil: dropped
	Log      func(part, line string)
	Progress func(format string, args ...any) // receives each step; nil: dropped
}

// DefaultSize is the standard crowd: 200 clients, 50 messages a second.
var DefaultSize = Size{Sessions: 170, Raw: 30, Talkers: 25, Pause: time.Second / 2, Patience: time.Minute}

// Result is the result of a run.
type Result struct {
	Plan    Plan
	Summary history.Summary // of all rooms and feeds
	Done    map[string]int  // faults by kind
	Skipped int             // steps that were too late
	Rules   int             // of rooms, set and taken back by those who moderate
	Err     error           // everything that went wrong, nil if nothing did
	Parts   []Part
}

// Part is a room or a user's feed.
type Part struct {
	Name    string
	History *history.History
}

// run is one run.
type run struct {
	Options
	redisArgs []string
	direct    bool            // clients bypass HAProxy: the i-th connects to server i mod 4
	ctx       context.Context // ends when the faults are over
	cluster   *localcluster.Cluster
	// between each server and Redis, then those of the API servers
	links []*faultproxy.Proxy
	doors []*faultproxy.Proxy // between clients and HAProxy
	// between slow readers and each server; HAProxy's buffers would hide that
	// they are slow
	narrow      []*faultproxy.Proxy
	crowd       *Crowd // of the default room
	others      []*Crowd
	users       *Users
	desk        *desk // nil: nobody moderates
	meetings    int   // how often pairs of users were created
	rules       int   // that were set and taken back
	postgres    *testpg.Postgres
	ownPostgres bool   // the run started postgres
	database    string // DATABASE_URL
	files       fileStore
	// how many files the crowds and users have left that were there before
	// these: see filesLeft
	leastBefore, mostBefore int
	begin                   time.Time
	dir                     string // for build output

	mu      sync.Mutex
	done    map[string]int
	skipped int
	errs    []error
}

// Run runs a plan. ctx interrupts it.
func Run(ctx context.Context, o Options) Result {
	r := prepare(o)
	r.fail(r.start(ctx))
	defer r.stop()
	if len(r.errs) == 0 {
		r.injectFaults(ctx)
		r.fail(r.heal())
		r.fail(r.check())
		r.try(r.checkCollected)
	}
	r.stop()
	return r.result()
}

// During starts the same cluster and, instead of a plan, runs one function
// under load.
func During(ctx context.Context, o Options, what func(ctx context.Context) error) Result {
	r := prepare(o)
	r.fail(r.start(ctx))
	defer r.stop()
	r.try(func() error { return r.crowd.AwaitAcks(ctx, r.Crowd.Talkers) })
	r.try(func() error { return what(ctx) })
	r.try(r.heal)
	r.try(r.check)
	r.stop()
	return r.result()
}

// result returns the result so far.
func (r *run) result() Result {
	result := Result{
		Plan:    r.Plan,
		Done:    r.done,
		Skipped: r.skipped,
		Rules:   r.rules,
		Err:     errors.Join(r.errs...),
		Parts:   r.parts(),
	}
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

// persistence has the arguments of Redis.
var persistence = map[string][]string{
	"aof-always":   {"--appendfsync", "always"},
	"aof-everysec": {"--appendfsync", "everysec"},
	"rdb":          {"--appendonly", "no", "--save", "3 1"},
	"none":         {"--appendonly", "no"},
}

// settings returns the settings of the servers.
func (r *run) settings() map[string]string {
	env := map[string]string{
		"MESSAGE_RATE": "0", "ROOM_RATE": "0", "POST_RATE": "0",
		"REGISTER_RATE": "0",
		"SEND_BUFFER":   "16384",
		"DRAIN_DELAY":   "300ms",
		"DRAIN_PERIOD":  "1s",
		"LOG_FORMAT":    "text",
		// all clients have one address
		"GUEST_FILES_DAY": "0",
		"GUEST_FILES_MAX": "0",
		"FILES_MAX":       "0",
	}
	for _, setting := range r.files.env {
		name, value, _ := strings.Cut(setting, "=")
		env[name] = value
	}
	maps.Copy(env, r.Env)
	return env
}

// injectFaults carries out the plan, each lane concurrently.
func (r *run) injectFaults(ctx context.Context) {
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

// step waits until the step is due and carries it out.
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
