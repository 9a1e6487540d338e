package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"livechat/client"
)

// stalledRate is how many messages a second the other clients receive
// meanwhile.
const stalledRate = 100

// stalled compares latencies without and with clients that do not read, in
// turn, and the memory that these take.
func (b *bench) stalled(ctx context.Context) error {
	b.row("not reading", "median ms", "99 % ms", "missing", "MB before", "MB after")
	var slow [2][]time.Duration // 99th percentiles, without and with
	var most [2]int64           // growth of the server's memory during a round, bytes
	for range b.rounds {
		for i, mute := range []int{0, b.mute} {
			late, more, err := b.stalledRound(ctx, mute)
			if err != nil {
				return err
			}
			slow[i] = append(slow[i], late)
			most[i] = max(most[i], more)
		}
	}
	if err := b.out.Flush(); err != nil {
		return err
	}
	for i := range slow {
		slices.Sort(slow[i])
	}
	without, with := slow[0][len(slow[0])/2], slow[1][len(slow[1])/2]
	fmt.Printf(
		"median of the 99th percentiles: %s ms without, %s ms with, ratio %.2f; memory grew by %.1f MB at "+
			"most without, %.1f MB with\n",
		ms(without),
		ms(with),
		float64(with)/float64(without),
		float64(most[0])/(1<<20),
		float64(most[1])/(1<<20),
	)
	return nil
}

// stalledRound measures with mute clients that do not read. They are stalled
// when it begins, because their socket buffers have been filled. It returns the
// 99th percentile of the other clients' latencies and how much the server's
// memory grew since before the first of them connected.
func (b *bench) stalledRound(ctx context.Context, mute int) (time.Duration, int64, error) {
	cl, server, err := b.start(ctx)
	if err != nil {
		return 0, 0, err
	}
	defer cl.Close()
	c, err := gather(ctx, cl.ServerURL(0), b.clients)
	if err != nil {
		return 0, 0, err
	}
	defer c.leave()
	if err := rest(ctx, 3*time.Second); err != nil {
		return 0, 0, err
	}
	// The ring has to be full before memory is measured for the first time.
	filled, err := publish(ctx, cl.ServerURL(0), 2*stalledRate, fillTime)
	if err != nil {
		return 0, 0, err
	}
	before, err := server.Memory()
	if err != nil {
		return 0, 0, err
	}
	for range mute {
		conn, err := client.Dial(ctx, client.Options{URL: cl.ServerURL(0)})
		if err != nil {
			return 0, 0, err
		}
		defer conn.Close() // it never calls Next
	}
	again, err := publish(ctx, cl.ServerURL(0), 2*stalledRate, fillTime/2)
	if err != nil {
		return 0, 0, err
	}
	c.from.Store(time.Now().UnixNano())
	n, err := publish(ctx, cl.ServerURL(0), stalledRate, b.length)
	if err != nil {
		return 0, 0, err
	}
	want := int64(filled+again+n) * int64(b.clients)
	if err := c.awaitQuiet(ctx, want); err != nil {
		return 0, 0, err
	}
	after, err := server.Memory()
	if err != nil {
		return 0, 0, err
	}
	c.leave()
	b.row(mute, ms(c.percentile(50)), ms(c.percentile(99)), want-c.got.Load(), before>>20, after>>20)
	return c.percentile(99), after - before, nil
}

// fillTime is how long messages come at double rate at first: long enough to
// fill the ring. Half of it fills the socket buffers of a client that does not
// read.
const fillTime = 20 * time.Second
