package worker

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"livechat/load/plan"
	"livechat/load/record"
	"livechat/load/run"
)

// Coordinator performs runs on workers.
type Coordinator struct {
	Workers []string // addresses
	Version string   // see Worker
	Secret  string   // see Worker
	Watcher run.Watcher
	Tell    func(run.Live)
	// Mute is how long a worker may give no sign of life; 0 means 20 s.
	Mute time.Duration
}

// startDelay is the time from when all workers are ready to the first message:
// by then all of them know when that is.
const startDelay = time.Second

// spreadRun is one run of a coordinator.
type spreadRun struct {
	settings plan.Settings
	watcher  run.Watcher
	began    time.Time
	peers    []*peer
	seconds  *seconds
	drops    atomic.Int64 // orders to end all connections
	limit    float64      // of the servers, as run.Probe returns it; set before the clients join

	// The CPU time of the programs under load while messages were sent.

	parts     []string
	serverCPU time.Duration

	over func() // ends what happens while messages are sent; set before it begins

	mu     sync.Mutex
	marks  []record.Mark
	knee   *record.Knee
	did    []string // by the scenario
	scale  *record.Scale
	faults []string // of the scenario

	connected map[string]bool // servers with clients
	emptied   map[string]bool // servers that have lost their last client
}

// Do executes a plan as run.Do does. An error of a worker ends the run on all
// of them, without a result.
func (c *Coordinator) Do(ctx context.Context, s plan.Settings) (*record.Run, error) {
	r := &spreadRun{settings: s, watcher: c.Watcher, began: time.Now(),
		connected: make(map[string]bool), emptied: make(map[string]bool)}
	alive, fail := context.WithCancelCause(context.WithoutCancel(ctx))
	var listeners sync.WaitGroup
	defer listeners.Wait()
	defer fail(nil)
	defer r.hangUp()
	if err := r.connect(ctx, c); err != nil {
		return nil, err
	}
	r.seconds = newSeconds(r.began, len(r.peers), r.tell(c.Tell))
	for _, p := range r.peers {
		listeners.Go(func() {
			err := p.listen(alive, func(one *second) { r.seconds.add(p.index, one) })
			fail(p.blame(err))
		})
	}
	listeners.Go(func() { r.live(alive) })
	// Until messages flow, an interruption ends the run without a result.
	joining, joined := context.WithCancelCause(alive)
	defer joined(nil)
	unwatch := context.AfterFunc(ctx, func() { joined(context.Cause(ctx)) })
	publishers, advice, err := r.join(joining)
	if !unwatch() && err == nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		return nil, err
	}
	outcomes, err := r.load(ctx, alive)
	if err != nil {
		return nil, err
	}
	return r.result(outcomes, publishers, advice, ctx.Err() == nil), nil
}

func (p *peer) blame(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("worker %s: %w", p.name, err)
}

// connect connects to all workers.
func (r *spreadRun) connect(ctx context.Context, c *Coordinator) error {
	var secret *tls.Config
	if c.Secret != "" {
		var err error
		if secret, err = identity(c.Secret); err != nil {
			return err
		}
	}
	peers := make([]*peer, len(c.Workers))
	faults := make([]error, len(c.Workers))
	var all sync.WaitGroup
	for i, address := range c.Workers {
		all.Go(func() {
			p, err := connect(ctx, address, secret, c.Version, cmp.Or(c.Mute, defaultMute))
			if err != nil {
				faults[i] = fmt.Errorf("worker %s: %w", address, err)
				return
			}
			peers[i] = p
		})
	}
	all.Wait()
	shares := r.settings.Split(len(peers))
	for i, p := range peers {
		if p != nil {
			p.index, p.share = i, shares[i]
			r.peers = append(r.peers, p)
		}
	}
	return errors.Join(faults...)
}

func (r *spreadRun) hangUp() {
	for _, p := range r.peers {
		_ = p.link.conn.Close()
	}
}

// live tells the workers that the coordinator lives, and how many clients the
// others have.
func (r *spreadRun) live(ctx context.Context) {
	ticker := time.NewTicker(lifeSign)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
		r.notice()
		var all int64
		for _, p := range r.peers {
			all += p.status.Load().online()
		}
		for _, p := range r.peers {
			// If that fails, listen notices.
			_ = p.link.send(order{Elsewhere: &elsewhere{all - p.status.Load().online()}})
		}
	}
}

// each calls do for all workers at the same time. The first error ends the
// others.
func (r *spreadRun) each(ctx context.Context, do func(context.Context, *peer) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var all sync.WaitGroup
	for _, p := range r.peers {
		all.Go(func() {
			if err := do(ctx, p); err != nil && ctx.Err() == nil {
				cancel(p.blame(err))
			}
		})
	}
	all.Wait()
	return context.Cause(ctx)
}

// join connects the clients of all workers.
func (r *spreadRun) join(ctx context.Context) (publishers int, advice string, err error) {
	if err := r.readClocks(ctx); err != nil {
		return 0, "", err
	}
	id := run.NewRunID()
	var mu sync.Mutex
	err = r.each(ctx, func(ctx context.Context, p *peer) error {
		s := r.settings
		s.Share, s.Commands = p.share, nil // the commands are run here
		a, err := p.perform(ctx, order{Prepare: &prepare{Settings: s, ID: id, Index: p.index}})
		if err != nil {
			return err
		}
		if a.Ready == nil {
			return errOrder
		}
		p.machine = a.Ready.Machine
		mu.Lock()
		defer mu.Unlock()
		if l := a.Ready.Limit; l > 0 && (r.limit == 0 || l < r.limit) {
			r.limit = l
		}
		return nil
	})
	if err != nil {
		return 0, "", err
	}
	publishers, advice = r.settings.ChoosePublishers(r.limit)
	err = r.each(ctx, func(ctx context.Context, p *peer) error {
		a, err := p.perform(ctx, order{Join: &join{publishers, r.settings.MaxRate, p.clocks[0].offset}})
		if err == nil && !a.Joined {
			err = errOrder
		}
		return err
	})
	return publishers, advice, err
}

// readClocks reads the clocks of all workers.
func (r *spreadRun) readClocks(ctx context.Context) error {
	return r.each(ctx, func(ctx context.Context, p *peer) error {
		now, err := p.read(ctx, r.began)
		p.clocks = append(p.clocks, now)
		return err
	})
}
