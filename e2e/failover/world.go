package failover

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"livechat/e2e/chaos"
	"livechat/e2e/faultproxy"
	"livechat/e2e/history"
	"livechat/internal/localcluster"
	"livechat/internal/testpg"
)

// World is a cluster under a crowd that sends messages. Its methods must not be
// called concurrently.
type World struct {
	Cluster *localcluster.Cluster
	Crowd   *chaos.Crowd
	Log     *Log
	Redis   []*faultproxy.Proxy // between each server without the API and Redis

	links    []*faultproxy.Proxy // all proxies that were opened
	postgres *testpg.Postgres    // nil if the caller has one
}

// apiCount is how many servers have the API, as in compose. They have no
// sockets and take no part in balancing.
const apiCount = 2

// Begin starts a cluster with the API, a PostgreSQL unless o names a database,
// and a crowd of clients, ten of which send 25 messages a second in total. The
// caller calls End.
func Begin(ctx context.Context, o localcluster.Options, clients int) (*World, error) {
	w := &World{Log: NewLog(clients)}
	o.RedisVia = func(_ int, redis string) (string, error) {
		p, err := faultproxy.Listen(redis)
		if err != nil {
			return "", err
		}
		w.Redis = append(w.Redis, p)
		return p.Addr(), nil
	}
	var err error
	if o.DB == "" {
		if w.postgres, err = testpg.Run("fsync=off"); err != nil {
			return nil, err
		}
		if o.DB, err = w.postgres.Database(); err != nil {
			return nil, errors.Join(err, w.End())
		}
	}
	o.API = apiCount
	if w.Cluster, err = localcluster.Start(ctx, o); err != nil {
		return nil, errors.Join(err, w.End())
	}
	w.links = w.Redis
	// proxies of an attempt that found a port taken have no server
	w.Redis = w.Redis[len(w.Redis)-len(w.Cluster.Servers)-apiCount:][:len(w.Cluster.Servers)]
	url := func(int) string { return w.Cluster.RoomURL() }
	size := chaos.Size{
		Sessions: clients,
		Talkers:  10,
		Pause:    400 * time.Millisecond,
		Patience: 30 * time.Second,
		Tap:      w.Log.Take,
	}
	if w.Crowd, err = chaos.Gather(ctx, url, size); err != nil {
		return nil, errors.Join(err, w.End())
	}
	w.Crowd.Talk()
	return w, w.Crowd.AwaitAcks(ctx, 25)
}

// End stops everything. The error names parts that did not stop properly.
func (w *World) End() error {
	if w.Crowd != nil {
		w.Crowd.Leave()
	}
	var problems []error
	if w.links == nil {
		w.links = w.Redis
	}
	for _, p := range w.links {
		p.Heal() // a server needs Redis to stop
	}
	if w.Cluster != nil {
		problems = append(problems, w.Cluster.Close())
	}
	for _, p := range w.links {
		problems = append(problems, p.Close())
	}
	if w.postgres != nil {
		w.postgres.Close()
	}
	return errors.Join(problems...)
}

// Check stops the messages and returns what any client lost, received twice or
// out of order.
func (w *World) Check(ctx context.Context) error { return w.Crowd.Finish(ctx, history.NoGaps) }

// Readiness is the body of /readyz.
type Readiness struct {
	Status      string
	Redis       string
	FeedAge     int64 `json:"feed_age_ms"`
	Connections int
}

// Readiness returns the i-th server's readiness.
func (w *World) Readiness(ctx context.Context, i int) (status int, r Readiness, err error) {
	status, body, err := localcluster.Get(ctx, "http://"+w.Cluster.Servers[i].Addr+"/readyz")
	if err == nil {
		err = json.Unmarshal([]byte(body), &r)
	}
	return status, r, err
}

// Counts returns how many connections each server has.
func (w *World) Counts(ctx context.Context) ([]int, error) {
	var counts []int
	for i := range w.Cluster.Servers {
		_, r, err := w.Readiness(ctx, i)
		if err != nil {
			return nil, fmt.Errorf("count the connections: %w", err)
		}
		counts = append(counts, r.Connections)
	}
	return counts, nil
}

// ratio is the largest ratio between the fullest and the emptiest server that
// counts as even.
const ratio = 1.2

// Even waits until all servers have about as many connections and returns how
// long that took.
func (w *World) Even(ctx context.Context) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, 90*time.Second)
	defer cancel()
	began := time.Now()
	err := localcluster.Poll(ctx, w.CheckEven)
	return time.Since(began), err
}

// CheckEven returns an error unless all servers have about as many connections
// now.
func (w *World) CheckEven(ctx context.Context) error {
	counts, err := w.Counts(ctx)
	if err == nil && float64(slices.Max(counts)) > ratio*float64(slices.Min(counts)) {
		err = fmt.Errorf("the servers have %v", counts)
	}
	return err
}

// Settle waits until the servers are even and no client has moved for longer than
// the 20 s from one round of balancing to the next.
func (w *World) Settle(ctx context.Context) error {
	if _, err := w.Even(ctx); err != nil {
		return err
	}
	const quiet = 25 * time.Second
	return localcluster.Poll(ctx, func(context.Context) error {
		if n := len(w.Log.Arrivals(time.Now().Add(-quiet))); n > 0 {
			return fmt.Errorf("%d clients moved in the last %v", n, quiet)
		}
		return nil
	})
}

// Kill kills the i-th server and returns for each of its clients how long it
// took to reach another one. Then it starts the server again.
func (w *World) Kill(ctx context.Context, i int) (Durations, error) {
	return w.without(ctx, i, (*localcluster.Part).Kill,
		func(p *localcluster.Part) error { return p.Start(ctx) })
}

// Freeze does the same with a server that is paused and continues afterwards.
func (w *World) Freeze(ctx context.Context, i int) (Durations, error) {
	return w.without(ctx, i, (*localcluster.Part).Pause, (*localcluster.Part).Resume)
}

func (w *World) without(
	ctx context.Context,
	i int,
	take, give func(*localcluster.Part) error,
) (back Durations, err error) {
	victim := w.Cluster.Servers[i]
	ctx, cancel := context.WithTimeout(ctx, 90*time.Second)
	defer cancel()
	began, clients := time.Now(), w.Log.On(victim.Name)
	if err := take(victim); err != nil {
		return nil, err
	}
	err = localcluster.Poll(ctx, func(context.Context) error {
		if back = w.Log.Back(clients, began); len(back) < len(clients) {
			return fmt.Errorf("%d of the %d clients of server %s are back", len(back), len(clients),
				victim.Name)
		}
		return nil
	})
	if err := errors.Join(err, give(victim)); err != nil {
		return back, err
	}
	return back, w.Cluster.WaitReady(ctx, len(w.Cluster.Servers))
}

// Restart describes a rolling restart.
type Restart struct {
	Took     time.Duration
	Silences Durations // the longest of each client
	Lost     int       // connections that broke before they were replaced
	Peak     int       // largest number of clients that connected within a second
}

// RollingRestart restarts one server after the other, each when the previous
// one is ready again.
func (w *World) RollingRestart(ctx context.Context) (Restart, error) {
	began := time.Now()
	for _, s := range w.Cluster.Servers {
		if err := errors.Join(s.Stop(ctx), s.Start(ctx)); err != nil {
			return Restart{}, err
		}
		if err := w.Cluster.WaitReady(ctx, len(w.Cluster.Servers)); err != nil {
			return Restart{}, err
		}
	}
	return w.since(began), nil
}

// Watch waits for d and returns what happened meanwhile.
func (w *World) Watch(d time.Duration) Restart {
	began := time.Now()
	time.Sleep(d) // the figures are those of all of d, whatever happens in it
	return w.since(began)
}

func (w *World) since(began time.Time) Restart {
	return Restart{time.Since(began), w.Log.Silences(began), w.Log.Lost(began), Peak(w.Log.Arrivals(began))}
}

// Strand makes the i-th server's links to Redis silent for good, and returns
// how long it took until the server delivered again.
func (w *World) Strand(ctx context.Context, i int) (time.Duration, error) {
	w.Redis[i].Strand()
	began, isolated := time.Now(), false
	err := localcluster.Poll(ctx, func(ctx context.Context) error {
		_, r, err := w.Readiness(ctx, i)
		isolated = isolated || r.FeedAge > 1500
		if err == nil && (!isolated || r.Redis != "up" || r.FeedAge > 1500) {
			err = fmt.Errorf("server %d says %+v", i, r)
		}
		return err
	})
	return time.Since(began), err
}

// Blackhole blocks all traffic between the i-th server and Redis until the
// server refuses new clients, and then unblocks it. It returns how long each
// took to show on /readyz.
func (w *World) Blackhole(ctx context.Context, i int) (away, back time.Duration, err error) {
	until := func(want string) (time.Duration, error) {
		began := time.Now()
		err := localcluster.Poll(ctx, func(ctx context.Context) error {
			_, r, err := w.Readiness(ctx, i)
			if err == nil && r.Status != want {
				err = fmt.Errorf("server %d says %+v, want %s", i, r, want)
			}
			return err
		})
		return time.Since(began), err
	}
	w.Redis[i].Blackhole(faultproxy.Both)
	defer w.Redis[i].Heal()
	if away, err = until("deaf"); err != nil {
		return away, 0, err
	}
	w.Redis[i].Heal()
	back, err = until("ready")
	return away, back, err
}
