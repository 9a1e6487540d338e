package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"livechat/e2e/cluster"
)

// behind measures four servers behind HAProxy, at several rates and with several values of FLUSH_INTERVAL.
func (b *bench) behind(ctx context.Context) error {
	b.row("messages a second", "FLUSH_INTERVAL", "deliveries/s", "median ms", "99 % ms", "missing", "disconnected", "µs CPU each: servers", "HAProxy")
	for _, rate := range b.rates {
		for _, interval := range strings.Split(b.flush, ",") {
			if err := b.behindOf(ctx, rate, interval); err != nil {
				return fmt.Errorf("%d messages a second, FLUSH_INTERVAL=%s: %w", rate, interval, err)
			}
		}
	}
	return nil
}

func (b *bench) behindOf(ctx context.Context, rate int, interval string) error {
	cl, err := cluster.Start(ctx, cluster.Options{Servers: b.nodes, Binary: b.binary, Env: map[string]string{
		"MESSAGE_RATE": "0", "LOG_LEVEL": "warn", "FLUSH_INTERVAL": interval, "CHECK_TIMEOUT": "5s",
	}})
	if err != nil {
		return err
	}
	defer func() { _ = cl.Close() }()
	c, err := gather(ctx, cl.RoomURL(), b.clients)
	if err != nil {
		return err
	}
	defer c.leave()
	if err := rest(ctx, 3*time.Second); err != nil {
		return err
	}
	servers, _, err := cpuOf(cl)
	if err != nil {
		return err
	}
	haproxy, err := cl.HAProxy.CPU()
	if err != nil {
		return err
	}
	begin := time.Now()
	n, err := publish(ctx, cl.ServerURL(0), rate, b.length)
	if err != nil {
		return err
	}
	want := int64(n) * int64(b.clients)
	if err := c.settle(ctx, want); err != nil {
		return err
	}
	took := time.Duration(c.last.Load() - begin.UnixNano())
	serversAfter, _, err := cpuOf(cl)
	if err != nil {
		return err
	}
	haproxyAfter, err := cl.HAProxy.CPU()
	if err != nil {
		return err
	}
	got, lost := c.got.Load(), c.lost.Load()
	c.leave()
	each := func(d time.Duration) string { return fmt.Sprintf("%.2f", float64(d.Microseconds())/float64(got)) }
	b.row(rate, interval, int64(float64(got)/took.Seconds()), ms(c.percentile(50)), ms(c.percentile(99)), want-got, lost, each(serversAfter-servers), each(haproxyAfter-haproxy))
	return b.out.Flush()
}
