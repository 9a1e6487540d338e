package chaos

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"livechat/e2e/cluster"
	"livechat/e2e/fault"
	"livechat/e2e/history"
	"livechat/internal/testpg"
)

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
	if r.postgres = r.Postgres; r.postgres == nil {
		if r.postgres, err = testpg.Run("fsync=off"); err != nil {
			return err
		}
		r.own = true
	}
	database, err := r.postgres.Database()
	if err != nil {
		return err
	}
	var clock []string
	if hasCompiler() {
		library, err := buildClock(r.dir)
		if err != nil {
			return err
		}
		if err := r.setClock(0); err != nil {
			return err
		}
		clock = []string{"LD_PRELOAD=" + library, "CLOCK_FILE=" + r.clockFile()}
	}
	r.links = make([]*fault.Proxy, cluster.MaxServers+apiCount)
	r.cluster, err = cluster.Start(ctx, cluster.Options{
		Binary: r.Binary, Env: r.settings(), Log: r.Log, Reloadable: true, RedisArgs: r.redisArgs, RedisEnv: clock,
		API: apiCount, DB: database, RedisURL: r.RedisURL,
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
	for _, server := range r.cluster.Servers {
		narrow, err := fault.Narrow(server.Addr)
		if err != nil {
			return err
		}
		r.narrow = append(r.narrow, narrow)
	}
	return nil
}

// gather lets everybody in and talk: the crowd of the default room, those of two more, one of which reads late, and people in private.
func (r *run) gather(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	r.others = nil
	door := func(i int) string { return r.doors[i%doorCount].Addr() }
	for _, room := range r.rooms() {
		c, err := Gather(ctx, func(i int) string {
			switch {
			case room.Lag > 0 && i >= room.Sessions:
				return "ws://" + r.narrow[i%cluster.MaxServers].Addr() + "/"
			case r.past && room.Room == "":
				return r.cluster.ServerURL(i % cluster.MaxServers)
			}
			return "ws://" + door(i) + "/"
		}, room)
		c.Kept = r.kept
		if room.Room == "" {
			r.crowd = c
		} else {
			r.others = append(r.others, c)
		}
		if err != nil {
			return fmt.Errorf("room %s: %w", cmp.Or(room.Room, "livechat"), err)
		}
	}
	r.meetings++
	var err error
	if r.people, err = Meet(ctx, door, fmt.Sprintf("person-%d-", r.meetings), 2, r.Crowd); err != nil {
		return err
	}
	for _, c := range r.crowds() {
		c.Talk()
	}
	r.people.Talk()
	return nil
}

// rooms are the crowds of all rooms. In one of them a few write long messages, which most of the others read late.
func (r *run) rooms() []Size {
	slow, small := r.Crowd, r.Crowd
	slow.Room, slow.Sessions, slow.Raw, slow.Talkers, slow.Long, slow.Lag = "slow", 4, max(8, r.Crowd.Raw), 4, 3500, 4*time.Second
	small.Room, small.Sessions, small.Raw, small.Talkers, small.Away, small.Late = "small", 4, 6, 2, 3, 4
	return []Size{r.Crowd, slow, small}
}

// crowds are those that are there.
func (r *run) crowds() (all []*Crowd) {
	if r.crowd != nil {
		all = append(all, r.crowd)
	}
	return append(all, r.others...)
}

// parts are the histories of everything.
func (r *run) parts() (all []Part) {
	for _, c := range r.crowds() {
		all = append(all, Part{"room " + cmp.Or(c.size.Room, "livechat"), c.History})
	}
	if r.people != nil {
		for _, p := range r.people.all {
			all = append(all, Part{"feed of " + p.name, p.history})
		}
	}
	return all
}

// heal ends every fault and waits until all of it works again.
func (r *run) heal() error {
	r.open()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	parts := slices.Concat([]*cluster.Part{r.cluster.HAProxy}, r.cluster.Servers, r.cluster.APIs)
	if r.RedisURL == "" {
		parts = append(parts, r.cluster.Redis)
	}
	for _, p := range parts {
		if err := p.WaitReady(ctx); err != nil {
			return fmt.Errorf("after the faults: %w", err)
		}
	}
	if err := r.cluster.WaitReady(ctx, cluster.MaxServers); err != nil {
		return fmt.Errorf("after the faults: %w", err)
	}
	for _, c := range r.crowds() {
		if err := c.Flow(ctx, 2*c.size.Talkers); err != nil {
			return fmt.Errorf("after the faults: room %s: %w", cmp.Or(c.size.Room, "livechat"), err)
		}
	}
	return nil
}

// open lets everything through all proxies.
func (r *run) open() {
	for _, p := range slices.Concat(r.links, r.doors, r.narrow) {
		if p != nil {
			p.Heal()
		}
	}
}

// leave lets everybody leave.
func (r *run) leave() {
	for _, c := range r.crowds() {
		c.Leave()
	}
	if r.people != nil {
		r.people.Leave()
	}
}

// judge waits until everybody has caught up and looks at all histories.
func (r *run) judge() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	crowds := r.crowds()
	errs := make([]error, len(crowds)+1)
	var all sync.WaitGroup
	for i, c := range crowds {
		all.Go(func() {
			if err := c.Finish(ctx, history.NoGaps); err != nil {
				errs[i] = fmt.Errorf("room %s: %w", cmp.Or(c.size.Room, "livechat"), err)
			}
		})
	}
	all.Go(func() { errs[len(crowds)] = r.people.Finish(ctx, history.NoGaps) })
	all.Wait()
	return errors.Join(errs...)
}

// stop ends everything. It may be called again.
func (r *run) stop() {
	r.open()
	r.leave()
	if r.cluster != nil {
		if err := r.cluster.Close(); err != nil {
			r.fail(fmt.Errorf("stop the cluster: %w", err))
		}
	}
	for _, p := range slices.Concat(r.links, r.doors, r.narrow) {
		if p != nil {
			_ = p.Close()
		}
	}
	if r.own {
		r.postgres.Close()
		r.own = false
	}
	r.fail(os.RemoveAll(r.dir))
}
