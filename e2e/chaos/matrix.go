package chaos

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"livechat/e2e/cluster"
	"livechat/e2e/fault"
	"livechat/e2e/history"
)

// Case is one fault again and again under traffic, each time waiting until the room has got over it.
type Case struct {
	Name   string
	Rounds int
	Within time.Duration // the room must get over each round so soon; 0: whenever

	redis []string // how Redis keeps its data
	past  bool     // clients go past HAProxy, so that it is known who is on the first server
	round func(m *matrix, ctx context.Context, n int) error
	still bool // nobody's connection may break
}

// healing is how long the room may take to get over a dead link to Redis.
const healing = 5 * time.Second

// Cases returns all of them, each with so many rounds.
func Cases(rounds int) []Case {
	return []Case{
		{"kill -9 of Redis with AOF, everysec", rounds, 0, persistence["aof-everysec"], false, (*matrix).killed, true},
		{"kill -9 of Redis with AOF, always", rounds, 0, persistence["aof-always"], false, (*matrix).killed, true},
		{"kill -9 of Redis with RDB only", rounds, 0, persistence["rdb"], false, (*matrix).killed, true},
		{"FLUSHALL", rounds, 0, persistence["aof-everysec"], false, (*matrix).flushed, true},
		{"FLUSHALL while a server starts", rounds, 0, persistence["aof-everysec"], false, (*matrix).flushedAtStart, false},
		{"reconnecting to a server that is behind", rounds, 0, persistence["aof-everysec"], false, (*matrix).lagging, false},
		{"link to Redis dead, a new one works", rounds, healing, persistence["aof-everysec"], true, (*matrix).stranded, true},
		{"link to Redis silent for 4 s", rounds, healing, persistence["aof-everysec"], true, (*matrix).silent, true},
		{"kill -9 of a server", rounds, 0, persistence["aof-everysec"], false, (*matrix).serverKilled, false},
	}
}

// CaseResult is what a case came to.
type CaseResult struct {
	Summary history.Summary
	Worst   time.Duration // the longest that a round took to be got over
	Err     error         // everything that went wrong, nil if nothing did
	Parts   []Part
}

// matrix is one case at work.
type matrix struct {
	run    *run
	within time.Duration // see Case
	worst  time.Duration
}

// RunCase does it. ctx breaks it off.
func RunCase(ctx context.Context, c Case, o Options) CaseResult {
	o.Plan = Plan{Length: 24 * time.Hour}
	m := &matrix{run: prepare(o), within: c.Within}
	r := m.run
	r.ctx = ctx
	defer r.stop()
	r.redisArgs = c.redis
	r.past = c.past
	r.fail(r.start(ctx))
	for n := 0; n < c.Rounds && len(r.errs) == 0; n++ {
		round, cancel := context.WithTimeout(ctx, time.Minute)
		if err := c.round(m, round, n); err != nil {
			r.fail(fmt.Errorf("round %d: %w", n+1, err))
		}
		cancel()
	}
	if len(r.errs) == 0 {
		r.fail(r.heal())
		r.fail(r.judge())
	}
	all := r.result()
	result := CaseResult{Worst: m.worst, Summary: all.Summary, Parts: all.Parts}
	if r.crowd != nil {
		if n := r.crowd.History.Summary().Disconnects; c.still && n > 0 {
			r.fail(fmt.Errorf("%d connections broke", n))
		}
	}
	r.stop()
	result.Err = errors.Join(r.errs...)
	return result
}

// over waits until the room has got over what happened at begin: until a message of a client of the second server is with one of the first, and the other
// way round.
func (m *matrix) over(ctx context.Context, begin time.Time) error {
	crowd := m.run.crowd
	var both sync.WaitGroup
	errs := make([]error, 2)
	for from := range 2 {
		both.Go(func() {
			id, err := crowd.Say(from)
			if err == nil {
				err = cluster.Poll(ctx, func(context.Context) error {
					if !crowd.Heard(1-from, id) {
						return fmt.Errorf("client %d has not heard %s", 1-from, id)
					}
					return nil
				})
			}
			errs[from] = err
		})
	}
	both.Wait()
	took := time.Since(begin)
	m.worst = max(m.worst, took)
	if err := errors.Join(errs...); err != nil {
		return err
	}
	if m.within > 0 && took > m.within {
		return fmt.Errorf("it took %v to get over it, want %v", took.Round(time.Millisecond), m.within)
	}
	return m.run.crowd.Flow(ctx, m.run.Crowd.Talkers)
}

func (m *matrix) killed(ctx context.Context, n int) error {
	if err := m.run.redisAgain(time.Duration(n%5)*150*time.Millisecond, nil); err != nil {
		return err
	}
	return m.over(ctx, time.Now())
}

func (m *matrix) flushed(ctx context.Context, _ int) error {
	if err := m.run.redisFlush(Step{}); err != nil {
		return err
	}
	return m.over(ctx, time.Now())
}

// flushedAtStart loses everything while nobody says anything that could tell the servers, and then a server comes that never had any of it. The clients
// of one door have not heard the last of it.
func (m *matrix) flushedAtStart(ctx context.Context, n int) error {
	begin := time.Now()
	crowd, behind, newcomer := m.run.crowd, m.run.doors[0], m.run.cluster.Servers[n%cluster.MaxServers]
	crowd.Hush()
	behind.Blackhole(fault.Down)
	for from := 1; from < doorCount; from++ {
		if _, err := crowd.Say(from); err != nil {
			return err
		}
	}
	if err := newcomer.Kill(); err != nil {
		return err
	}
	if err := m.run.redisFlush(Step{}); err != nil {
		return err
	}
	if err := newcomer.Start(ctx); err != nil {
		return err
	}
	behind.Cut()
	behind.Heal()
	crowd.Talk()
	if err := m.run.cluster.WaitReady(ctx, cluster.MaxServers); err != nil {
		return err
	}
	return m.over(ctx, begin)
}

// lagging sends clients of a new log to a server that has not heard of it, as its link to Redis is silent.
func (m *matrix) lagging(ctx context.Context, n int) error {
	begin := time.Now()
	m.run.links[n%cluster.MaxServers].Blackhole(fault.Both)
	if err := m.run.redisFlush(Step{}); err != nil {
		return err
	}
	m.run.wait(700 * time.Millisecond)
	m.run.doors[n%doorCount].Cut()
	m.run.wait(time.Second)
	m.run.links[n%cluster.MaxServers].Heal()
	return m.over(ctx, begin)
}

func (m *matrix) stranded(ctx context.Context, _ int) error {
	m.run.links[0].Strand()
	return m.over(ctx, time.Now())
}

func (m *matrix) silent(ctx context.Context, n int) error {
	m.run.links[0].Blackhole([]fault.Direction{fault.Both, fault.Down, fault.Up}[n%3])
	m.run.wait(4 * time.Second)
	m.run.links[0].Heal()
	return m.over(ctx, time.Now())
}

func (m *matrix) serverKilled(ctx context.Context, n int) error {
	victim := m.run.cluster.Servers[n%cluster.MaxServers]
	begin := time.Now()
	if err := victim.Kill(); err != nil {
		return err
	}
	if err := m.over(ctx, begin); err != nil {
		return err
	}
	if err := victim.Start(ctx); err != nil {
		return err
	}
	return m.run.cluster.WaitReady(ctx, cluster.MaxServers)
}
