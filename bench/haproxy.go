package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"livechat/internal/localcluster"
)

// haproxyCase is one measurement through HAProxy.
type haproxyCase struct {
	clients, servers int
	rate             int    // messages a second
	flush            string // FLUSH_INTERVAL; empty: its default
}

// haproxy measures a cluster through HAProxy, at several rates and with several
// values of FLUSH_INTERVAL.
func (b *bench) haproxy(ctx context.Context) error {
	b.row("messages a second", "FLUSH_INTERVAL", "deliveries/s", "median ms", "99 % ms", "missing",
		"disconnected", "µs CPU each: servers", "HAProxy")
	for _, rate := range b.rates {
		for _, flush := range strings.Split(b.flush, ",") {
			cells, err := b.measureHAProxy(ctx, haproxyCase{b.clients, b.nodes, rate, flush})
			if err != nil {
				return fmt.Errorf("%d messages a second, FLUSH_INTERVAL=%s: %w", rate, flush, err)
			}
			b.row(append([]any{rate, flush}, cells...)...)
		}
	}
	return nil
}

// grid measures clusters of several sizes with few and with many clients.
func (b *bench) grid(ctx context.Context) error {
	b.row("clients", "messages a second", "servers", "deliveries/s", "median ms", "99 % ms", "missing",
		"disconnected", "µs CPU each: servers", "HAProxy")
	for _, load := range []struct{ clients, rate int }{
		{100, 20}, {1000, 20}, {haproxyMaxClients, 2}, {1000, 1000},
	} {
		for _, servers := range []int{1, 2, 4, 8} {
			cells, err := b.measureHAProxy(ctx,
				haproxyCase{clients: load.clients, servers: servers, rate: load.rate})
			if err != nil {
				return fmt.Errorf("%d clients, %d servers: %w", load.clients, servers, err)
			}
			b.row(append([]any{load.clients, load.rate, servers}, cells...)...)
		}
	}
	return nil
}

// haproxyMaxClients is how many clients HAProxy can serve with 20,000 open
// files; each client takes two.
const haproxyMaxClients = 9900

func (b *bench) measureHAProxy(ctx context.Context, s haproxyCase) (cells []any, err error) {
	env := map[string]string{"MESSAGE_RATE": "0", "ROOM_RATE": "0", "LOG_LEVEL": "warn",
		"CHECK_TIMEOUT": "5s"}
	if s.flush != "" {
		env["FLUSH_INTERVAL"] = s.flush
	}
	o := localcluster.Options{Servers: min(s.servers, localcluster.MaxServers), Binary: b.binary, Env: env}
	o.Elastic = s.servers - o.Servers
	cl, err := localcluster.Start(ctx, o)
	if err != nil {
		return nil, err
	}
	defer func() { _ = cl.Close() }()
	if o.Elastic > 0 {
		if err = cl.Scale(ctx, o.Elastic); err == nil {
			err = cl.WaitReady(ctx, s.servers)
		}
		if err == nil {
			err = rest(ctx, 4*time.Second) // HAProxy sends new servers few clients at first
		}
		if err != nil {
			return nil, err
		}
	}
	c, err := gather(ctx, cl.RoomURL(), s.clients)
	if err != nil {
		return nil, err
	}
	defer c.leave()
	if err := rest(ctx, 3*time.Second); err != nil {
		return nil, err
	}
	before, err := usage(cl)
	if err != nil {
		return nil, err
	}
	begin := time.Now()
	n, err := publish(ctx, cl.ServerURL(0), s.rate, b.length)
	if err != nil {
		return nil, err
	}
	want := int64(n) * int64(s.clients)
	if err := c.awaitQuiet(ctx, want); err != nil {
		return nil, err
	}
	took := time.Duration(c.last.Load() - begin.UnixNano())
	after, err := usage(cl)
	if err != nil {
		return nil, err
	}
	got, lost := c.got.Load(), c.lost.Load()
	c.leave()
	each := func(d time.Duration) string {
		return fmt.Sprintf("%.2f", float64(d.Microseconds())/float64(got))
	}
	return []any{
		int64(float64(got) / took.Seconds()), ms(c.percentile(50)), ms(c.percentile(99)), want - got, lost,
		each(after.servers - before.servers), each(after.haproxy - before.haproxy),
	}, nil
}

// used is the CPU time that the parts of a cluster have used.
type used struct{ servers, redis, haproxy time.Duration }

func usage(cl *localcluster.Cluster) (u used, err error) {
	add := func(to *time.Duration, p *localcluster.Part) {
		d, e := p.CPU()
		*to += d
		err = errors.Join(err, e)
	}
	for _, s := range slices.Concat(cl.Servers, cl.Elastic) {
		add(&u.servers, s)
	}
	add(&u.redis, cl.Redis)
	add(&u.haproxy, cl.HAProxy)
	return u, err
}
