package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"time"

	"livechat/e2e/cluster"
)

// frameBytes is the size of the frame of a 100-byte message, which the bare loop sends too.
const frameBytes = 282

// cost compares the CPU time that a delivery costs the server with what it costs the bare loop.
func (b *bench) cost(ctx context.Context, clients, rate int) error {
	b.row("", "deliveries", "µs CPU each", "median ms", "99 % ms", "missing")
	var servers, floors []float64
	for range b.rounds {
		f, err := b.floorCost(ctx, clients, rate)
		if err != nil {
			return err
		}
		s, err := b.serverCost(ctx, clients, rate)
		if err != nil {
			return err
		}
		floors, servers = append(floors, f), append(servers, s)
	}
	slices.Sort(floors)
	slices.Sort(servers)
	f, s := floors[len(floors)/2], servers[len(servers)/2]
	if err := b.out.Flush(); err != nil {
		return err
	}
	fmt.Printf("median: server %.2f µs, bare loop %.2f µs, ratio %.2f\n", s, f, s/f)
	return nil
}

func (b *bench) floorCost(ctx context.Context, clients, rate int) (float64, error) {
	self, err := os.Executable()
	if err != nil {
		return 0, err
	}
	cmd, url, err := startFloor(self, frameBytes, rate)
	if err != nil {
		return 0, err
	}
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
	var c *crowd
	if err := cluster.Poll(ctx, func(ctx context.Context) (err error) { c, err = gather(ctx, url, 1); return err }); err != nil {
		return 0, err
	}
	c.leave()
	if c, err = gather(ctx, url, clients); err != nil {
		return 0, err
	}
	defer c.leave()
	return b.during(ctx, "bare loop", c, func() (time.Duration, error) { return cluster.ProcessCPU(cmd.Process.Pid) }, func() error {
		select {
		case <-time.After(b.length):
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
}

func (b *bench) serverCost(ctx context.Context, clients, rate int) (float64, error) {
	cl, server, err := b.start(ctx)
	if err != nil {
		return 0, err
	}
	defer cl.Close()
	c, err := gather(ctx, cl.ServerURL(0), clients)
	if err != nil {
		return 0, err
	}
	defer c.leave()
	return b.during(ctx, "server", c, server.CPU, func() error {
		n, err := publish(ctx, cl.ServerURL(0), rate, b.length)
		if err == nil {
			err = c.settle(ctx, int64(n)*int64(clients))
		}
		if missing := int64(n)*int64(clients) - c.got.Load(); missing != 0 {
			c.missing.Add(missing)
		}
		return err
	})
}

// during measures the CPU time that cpu tells while work goes on, and prints what it makes per delivery.
func (b *bench) during(ctx context.Context, who string, c *crowd, cpu func() (time.Duration, error), work func() error) (float64, error) {
	if err := c.rest(ctx); err != nil {
		return 0, err
	}
	got, before, err := c.sample(cpu)
	if err != nil {
		return 0, err
	}
	if err := work(); err != nil {
		return 0, err
	}
	gotAfter, after, err := c.sample(cpu)
	if err != nil {
		return 0, err
	}
	c.leave()
	n := gotAfter - got
	each := float64((after - before).Microseconds()) / float64(n)
	b.row(who, n, fmt.Sprintf("%.2f", each), ms(c.percentile(50)), ms(c.percentile(99)), c.missing.Load())
	return each, nil
}

// rest lets what joining has caused pass: presence, garbage.
func (c *crowd) rest(ctx context.Context) error {
	select {
	case <-time.After(3 * time.Second):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (c *crowd) sample(cpu func() (time.Duration, error)) (int64, time.Duration, error) {
	d, err := cpu()
	return c.got.Load(), d, err
}

// overload offers more than the machine can take.
func (b *bench) overload(ctx context.Context) error {
	cl, server, err := b.start(ctx)
	if err != nil {
		return err
	}
	defer cl.Close()
	c, err := gather(ctx, cl.ServerURL(0), b.clients)
	if err != nil {
		return err
	}
	defer c.leave()
	if err := c.rest(ctx); err != nil {
		return err
	}
	_, before, err := c.sample(server.CPU)
	if err != nil {
		return err
	}
	begin := time.Now()
	n, err := publish(ctx, cl.ServerURL(0), 1000, b.length)
	if err != nil {
		return err
	}
	offered := time.Since(begin)
	want := int64(n) * int64(b.clients)
	if err := c.settle(ctx, want); err != nil {
		return err
	}
	took := time.Since(begin)
	got, after, err := c.sample(server.CPU)
	if err != nil {
		return err
	}
	memory, err := server.Memory()
	if err != nil {
		return err
	}
	lost := c.lost.Load()
	c.leave()
	b.row("offered", "taken in", "deliveries/s", "µs CPU each", "median ms", "99 % ms", "missing", "disconnected", "MB")
	b.row(n, fmt.Sprintf("%.1f s", offered.Seconds()), int64(float64(got)/took.Seconds()), fmt.Sprintf("%.2f", float64((after-before).Microseconds())/float64(got)),
		ms(c.percentile(50)), ms(c.percentile(99)), want-got, lost, memory>>20)
	return nil
}

// memory measures what idle connections take.
func (b *bench) memory(ctx context.Context) error {
	cl, server, err := b.start(ctx)
	if err != nil {
		return err
	}
	defer cl.Close()
	before, err := server.Memory()
	if err != nil {
		return err
	}
	c, err := gather(ctx, cl.ServerURL(0), b.many)
	if err != nil {
		return err
	}
	defer c.leave()
	b.row("after", "resident MB", "KB per connection")
	begin := time.Now()
	for _, at := range []time.Duration{5 * time.Second, 40 * time.Second} { // the second: every client has been pinged
		select {
		case <-time.After(at - time.Since(begin)):
		case <-ctx.Done():
			return ctx.Err()
		}
		after, err := server.Memory()
		if err != nil {
			return err
		}
		b.row(at, after>>20, fmt.Sprintf("%.1f", float64(after-before)/1024/float64(b.many)))
	}
	return nil
}

func ms(d time.Duration) string { return fmt.Sprintf("%.1f", float64(d.Microseconds())/1000) }
