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

	"livechat/e2e/faultproxy"
	"livechat/e2e/history"
	"livechat/internal/localcluster"
	"livechat/internal/testpg"
)

// start starts the cluster and lets the crowds join.
func (r *run) start(ctx context.Context) error {
	if err := r.build(ctx); err != nil {
		return err
	}
	return r.gather(ctx)
}

// build starts the cluster with proxies wherever a link can break.
func (r *run) build(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, recovery)
	defer cancel()
	var err error
	if r.dir, err = os.MkdirTemp("", "livechat-chaos-"); err != nil {
		return fmt.Errorf("create a directory for the run: %w", err)
	}
	if err := r.openDatabase(); err != nil {
		return err
	}
	if err := r.openFiles(); err != nil {
		return err
	}
	clock, err := r.openClock()
	if err != nil {
		return err
	}
	r.links = make([]*faultproxy.Proxy, localcluster.MaxServers+apiCount)
	r.cluster, err = localcluster.Start(ctx, localcluster.Options{
		Binary: r.Binary, Env: r.settings(), Log: r.Log, Reloadable: true,
		RedisArgs: r.redisArgs, RedisEnv: clock, API: apiCount, DB: r.database, RedisURL: r.RedisURL,
		RedisVia: func(i int, addr string) (string, error) {
			if r.links[i] != nil { // a second attempt, on other ports
				_ = r.links[i].Close()
			}
			var err error
			if r.links[i], err = faultproxy.Listen(addr); err != nil {
				return "", err
			}
			return r.links[i].Addr(), nil
		},
	})
	if err != nil {
		return err
	}
	return r.openDoors()
}

// openDatabase starts PostgreSQL, unless the run was given one, and makes a
// database in it.
func (r *run) openDatabase() (err error) {
	if r.postgres = r.Postgres; r.postgres == nil {
		if r.postgres, err = testpg.Run("fsync=off"); err != nil {
			return err
		}
		r.ownPostgres = true
	}
	r.database, err = r.postgres.Database()
	return err
}

// openClock builds the wrong clock, which is right at first, and returns the
// environment in which a program has it; nil where it cannot be built.
func (r *run) openClock() (env []string, err error) {
	if !hasCompiler() {
		return nil, nil
	}
	library, err := buildClock(r.dir)
	if err != nil {
		return nil, err
	}
	if err := r.setClock(0); err != nil {
		return nil, err
	}
	return []string{"LD_PRELOAD=" + library, "CLOCK_FILE=" + r.clockFile()}, nil
}

// openDoors opens proxies for clients: doors to HAProxy, and narrow ones to the
// servers.
func (r *run) openDoors() error {
	for range doorCount {
		door, err := faultproxy.Listen(r.cluster.HAProxy.Addr)
		if err != nil {
			return err
		}
		r.doors = append(r.doors, door)
	}
	for _, server := range r.cluster.Servers {
		narrow, err := faultproxy.Narrow(server.Addr)
		if err != nil {
			return err
		}
		r.narrow = append(r.narrow, narrow)
	}
	return nil
}

// gather lets all clients join and send messages: the crowd of the default
// room, those of two more, one of which reads slowly, and users in private
// chats.
func (r *run) gather(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, recovery)
	defer cancel()
	least, most := r.filesLeft()
	r.leastBefore, r.mostBefore = r.leastBefore+least, r.mostBefore+most
	r.others = nil
	door := func(i int) string { return r.doors[i%doorCount].Addr() }
	for _, room := range r.rooms() {
		c, err := Gather(ctx, func(i int) string {
			switch {
			case room.Lag > 0 && i >= room.Sessions:
				return "ws://" + r.narrow[i%localcluster.MaxServers].Addr() + "/"
			case r.direct && room.Room == "":
				return r.cluster.ServerURL(i % localcluster.MaxServers)
			}
			return "ws://" + door(i) + "/"
		}, room)
		c.Stored, c.Reacted, c.Files = r.stored, r.reacted, "http://"+r.cluster.HAProxy.Addr
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
	if r.users, err = Meet(ctx, door, fmt.Sprintf("person-%d-", r.meetings), 2, r.Crowd); err != nil {
		return err
	}
	for _, c := range r.crowds() {
		c.Talk()
	}
	r.users.Talk()
	if r.Crowd.Moderated {
		r.desk, err = r.openDesk(ctx, r.crowd, fmt.Sprintf("moderator-%d", r.meetings))
	}
	return err
}

// rooms returns the sizes of all further crowds. In one of them a few clients
// send long messages, which most others read slowly.
func (r *run) rooms() []Size {
	slow, small := r.Crowd, r.Crowd
	slow.Moderated, small.Moderated = false, false
	slow.Room, slow.Sessions, slow.Raw, slow.Talkers, slow.Long, slow.Lag = "slow", 4, max(8,
		r.Crowd.Raw), 4, 3500, 4*time.Second
	small.Room, small.Sessions, small.Raw, small.Talkers, small.Away, small.Late = "small", 4, 6, 2, 3, 4
	return []Size{r.Crowd, slow, small}
}

// crowds returns the crowds that have joined.
func (r *run) crowds() (all []*Crowd) {
	if r.crowd != nil {
		all = append(all, r.crowd)
	}
	return append(all, r.others...)
}

// parts returns the histories of all rooms and feeds.
func (r *run) parts() (all []Part) {
	for _, c := range r.crowds() {
		all = append(all, Part{"room " + cmp.Or(c.size.Room, "livechat"), c.History})
	}
	if r.users != nil {
		for _, p := range r.users.all {
			all = append(all, Part{"feed of " + p.name, p.history})
		}
	}
	return all
}

// heal ends every fault and waits until everything works again.
func (r *run) heal() error {
	r.open()
	ctx, cancel := context.WithTimeout(context.Background(), recovery)
	defer cancel()
	parts := slices.Concat([]*localcluster.Part{r.cluster.HAProxy}, r.cluster.Servers, r.cluster.APIs)
	if r.RedisURL == "" {
		parts = append(parts, r.cluster.Redis)
	}
	for _, p := range parts {
		if err := p.WaitReady(ctx); err != nil {
			return fmt.Errorf("after the faults: %w", err)
		}
	}
	if err := r.cluster.WaitReady(ctx, localcluster.MaxServers); err != nil {
		return fmt.Errorf("after the faults: %w", err)
	}
	for _, c := range r.crowds() {
		if err := c.AwaitAcks(ctx, 2*c.size.Talkers); err != nil {
			return fmt.Errorf("after the faults: room %s: %w", cmp.Or(c.size.Room, "livechat"), err)
		}
	}
	return nil
}

// open lets all traffic through all proxies.
func (r *run) open() {
	for _, p := range slices.Concat(r.links, r.doors, r.narrow) {
		if p != nil {
			p.Heal()
		}
	}
}

// leave disconnects all clients.
func (r *run) leave() {
	r.closeDesk()
	for _, c := range r.crowds() {
		c.Leave()
	}
	if r.users != nil {
		r.users.Leave()
	}
}

// check waits until all clients have caught up and checks all histories.
func (r *run) check() error {
	r.closeDesk()
	ctx, cancel := context.WithTimeout(context.Background(), recovery)
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
	all.Go(func() { errs[len(crowds)] = r.users.Finish(ctx, history.NoGaps) })
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
	r.files.close()
	if r.ownPostgres {
		r.postgres.Close()
		r.ownPostgres = false
	}
	r.fail(os.RemoveAll(r.dir))
}
