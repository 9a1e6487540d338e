package chaos

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"livechat/e2e/faultproxy"
	"livechat/e2e/history"
	"livechat/internal/localcluster"
)

// Case is one fault, repeated under load; each round waits until the room has
// recovered.
type Case struct {
	Name   string
	Rounds int
	Within time.Duration // limit of each recovery; 0: none

	redis []string // persistence of Redis
	past  bool     // clients bypass HAProxy, so that the clients of the first server are known
	round func(m *matrix, ctx context.Context, n int) error
	still bool // no connection may break
}

// healing is how long the room may take to recover from a dead link to Redis.
const healing = 5 * time.Second

// Cases returns all cases with that many rounds each.
func Cases(rounds int) []Case {
	everysec, always, rdb := persistence["aof-everysec"], persistence["aof-always"], persistence["rdb"]
	cases := []Case{
		{
			Name:  "kill -9 of Redis with AOF, everysec",
			redis: everysec, round: (*matrix).killed, still: true,
		},
		{
			Name:  "kill -9 of Redis with AOF, always",
			redis: always, round: (*matrix).killed, still: true,
		},
		{
			Name:  "kill -9 of Redis with RDB only",
			redis: rdb, round: (*matrix).killed, still: true,
		},
		{
			Name:  "FLUSHALL",
			redis: everysec, round: (*matrix).flushed, still: true,
		},
		{
			Name:  "FLUSHALL while a server starts",
			redis: everysec, round: (*matrix).flushedAtStart,
		},
		{
			Name:  "reconnecting to a server that is behind",
			redis: everysec, round: (*matrix).lagging,
		},
		{
			Name: "link to Redis dead, a new one works", Within: healing,
			redis: everysec, past: true, round: (*matrix).stranded, still: true,
		},
		{
			Name: "link to Redis silent for 4 s", Within: healing,
			redis: everysec, past: true, round: (*matrix).silent, still: true,
		},
		{
			Name:  "kill -9 of a server",
			redis: everysec, round: (*matrix).serverKilled,
		},
	}
	for i := range cases {
		cases[i].Rounds = rounds
	}
	return cases
}

// CaseResult is the result of a case.
type CaseResult struct {
	Summary history.Summary
	Worst   time.Duration // the longest recovery
	Err     error         // everything that went wrong, nil if nothing did
	Parts   []Part
}

// matrix is a case that runs.
type matrix struct {
	run    *run
	within time.Duration // see Case
	worst  time.Duration
}

// RunCase runs a case. ctx interrupts it.
func RunCase(ctx context.Context, c Case, o Options) CaseResult {
	o.Plan = Plan{Length: 24 * time.Hour}
	m := &matrix{run: prepare(o), within: c.Within}
	r := m.run
	r.ctx = ctx
	defer r.stop()
	r.redisArgs = c.redis
	r.direct = c.past
	r.fail(r.start(ctx))
	lostBefore := 0 // a busy machine may need more than one attempt to connect
	if r.crowd != nil {
		lostBefore = len(r.crowd.Lost())
	}
	for n := 0; n < c.Rounds && len(r.errs) == 0; n++ {
		round, cancel := context.WithTimeout(ctx, recovery)
		if err := c.round(m, round, n); err != nil {
			r.fail(fmt.Errorf("round %d: %w", n+1, err))
		}
		cancel()
	}
	if len(r.errs) == 0 {
		r.fail(r.heal())
		r.fail(r.check())
	}
	all := r.result()
	result := CaseResult{Worst: m.worst, Summary: all.Summary, Parts: all.Parts}
	if r.crowd != nil {
		if lost := r.crowd.Lost()[lostBefore:]; c.still && len(lost) > 0 {
			r.fail(fmt.Errorf("%d connections broke: %s", len(lost),
				strings.Join(lost[:min(len(lost), 10)], "; ")))
		}
	}
	r.stop()
	result.Err = errors.Join(r.errs...)
	return result
}

// awaitRecovery waits until the room has recovered from what happened at begin:
// until a message from a client of the second server reaches one of the first,
// and the other way round.
func (m *matrix) awaitRecovery(ctx context.Context, begin time.Time) error {
	crowd := m.run.crowd
	var both sync.WaitGroup
	errs := make([]error, 2)
	for from := range 2 {
		both.Go(func() {
			id, err := crowd.Publish(from)
			if err == nil {
				err = localcluster.Poll(ctx, func(context.Context) error {
					if !crowd.Received(1-from, id) {
						return fmt.Errorf("client %d has not received %s", 1-from, id)
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
		return fmt.Errorf("recovered after %v, want %v", took.Round(time.Millisecond), m.within)
	}
	return m.run.crowd.AwaitAcks(ctx, m.run.Crowd.Talkers)
}

func (m *matrix) killed(ctx context.Context, n int) error {
	if err := m.run.restartRedis(time.Duration(n%5)*150*time.Millisecond, nil); err != nil {
		return err
	}
	return m.awaitRecovery(ctx, time.Now())
}

func (m *matrix) flushed(ctx context.Context, _ int) error {
	if err := m.run.redisFlush(Step{}); err != nil {
		return err
	}
	return m.awaitRecovery(ctx, time.Now())
}

// flushedAtStart deletes all data while no message is sent that could tell the
// servers, and then starts a server that never had any of it. The clients of
// one door have not received the end of the log.
func (m *matrix) flushedAtStart(ctx context.Context, n int) error {
	begin := time.Now()
	crowd, behind, newcomer := m.run.crowd, m.run.doors[0], m.run.cluster.Servers[n%localcluster.MaxServers]
	crowd.Quiesce()
	behind.Blackhole(faultproxy.Down)
	for from := 1; from < doorCount; from++ {
		if _, err := crowd.Publish(from); err != nil {
			return err
		}
	}
	if err := newcomer.Kill(); err != nil {
		return err
	}
	m.run.died(newcomer)
	if err := m.run.redisFlush(Step{}); err != nil {
		return err
	}
	if err := newcomer.Start(ctx); err != nil {
		return err
	}
	behind.Cut()
	behind.Heal()
	crowd.Talk()
	if err := m.run.cluster.WaitReady(ctx, localcluster.MaxServers); err != nil {
		return err
	}
	return m.awaitRecovery(ctx, begin)
}

// lagging sends clients of a new log to a server that does not know it, because
// its link to Redis is silent.
func (m *matrix) lagging(ctx context.Context, n int) error {
	begin := time.Now()
	m.run.links[n%localcluster.MaxServers].Blackhole(faultproxy.Both)
	if err := m.run.redisFlush(Step{}); err != nil {
		return err
	}
	m.run.wait(700 * time.Millisecond)
	m.run.doors[n%doorCount].Cut()
	m.run.wait(time.Second)
	m.run.links[n%localcluster.MaxServers].Heal()
	return m.awaitRecovery(ctx, begin)
}

func (m *matrix) stranded(ctx context.Context, _ int) error {
	m.run.links[0].Strand()
	return m.awaitRecovery(ctx, time.Now())
}

func (m *matrix) silent(ctx context.Context, n int) error {
	m.run.links[0].Blackhole([]faultproxy.Direction{faultproxy.Both, faultproxy.Down, faultproxy.Up}[n%3])
	m.run.wait(4 * time.Second)
	m.run.links[0].Heal()
	return m.awaitRecovery(ctx, time.Now())
}

func (m *matrix) serverKilled(ctx context.Context, n int) error {
	victim := m.run.cluster.Servers[n%localcluster.MaxServers]
	begin := time.Now()
	if err := victim.Kill(); err != nil {
		return err
	}
	m.run.died(victim)
	if err := m.awaitRecovery(ctx, begin); err != nil {
		return err
	}
	if err := victim.Start(ctx); err != nil {
		return err
	}
	return m.run.cluster.WaitReady(ctx, localcluster.MaxServers)
}
