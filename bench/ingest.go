package main

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"livechat/client"
	"livechat/internal/localcluster"
)

const (
	ingestPublishers = 8  // in total
	ingestListeners  = 10 // on each server
)

// ingest offers one room of four servers messages at rising rates, up to more
// than it can accept.
func (b *bench) ingest(ctx context.Context) error {
	b.row("offered a second", "taken", "a second", "refused", "received by all", "missing", "disconnected",
		"median ms", "99 % ms", "µs CPU each: servers", "Redis")
	for _, rate := range []int{2000, 5000, 10000, 15000} {
		if err := b.ingestOf(ctx, rate); err != nil {
			return fmt.Errorf("%d messages a second: %w", rate, err)
		}
	}
	return nil
}

func (b *bench) ingestOf(ctx context.Context, rate int) error {
	cl, err := b.startServers(ctx, 4)
	if err != nil {
		return err
	}
	defer func() { _ = cl.Close() }()
	var crowds []*crowd
	for i := range cl.Servers {
		c, err := gather(ctx, cl.ServerURL(i), ingestListeners)
		if err != nil {
			return err
		}
		defer c.leave()
		crowds = append(crowds, c)
	}
	before, err := usage(cl)
	if err != nil {
		return err
	}
	begin := time.Now()
	offered, refused, err := b.sendToAll(ctx, cl, rate)
	if err != nil {
		return err
	}
	taken := offered - refused
	var got, missing, lost int64
	var last int64
	for _, c := range crowds {
		if err := c.awaitQuiet(ctx, taken*ingestListeners); err != nil {
			return err
		}
		last = max(last, c.last.Load())
		got += c.got.Load()
		missing += taken*ingestListeners - c.got.Load() + c.missing.Load()
		lost += c.lost.Load()
	}
	after, err := usage(cl)
	if err != nil {
		return err
	}
	crowds[0].leave()
	took := time.Duration(last - begin.UnixNano())
	each := func(d time.Duration) string {
		return fmt.Sprintf("%.1f", float64(d.Microseconds())/float64(taken))
	}
	b.row(rate, taken, int(float64(taken)/took.Seconds()), refused, got/ingestListeners/4, missing,
		lost, ms(crowds[0].percentile(50)), ms(crowds[0].percentile(99)),
		each(after.servers-before.servers), each(after.redis-before.redis))
	return nil
}

// sendToAll sends messages to all servers, at that rate together. It returns how
// many were sent and how many of them were refused.
func (b *bench) sendToAll(ctx context.Context, cl *localcluster.Cluster, rate int) (
	sent, refused int64, err error) {
	var offered, not atomic.Int64
	var publishers errgroup.Group
	for i := range ingestPublishers {
		publishers.Go(func() error {
			n, no, err := publishAcked(ctx, cl.ServerURL(i%len(cl.Servers)), rate/ingestPublishers, b.length)
			offered.Add(n)
			not.Add(no)
			return err
		})
	}
	err = publishers.Wait()
	return offered.Load(), not.Load(), err
}

// publishAcked sends messages at a rate for a time and waits until each is
// answered by an ack or an error. It returns how many were sent and how many of
// them were refused.
func publishAcked(
	ctx context.Context,
	url string,
	rate int,
	length time.Duration,
) (sent, refused int64, err error) {
	none := 0
	conn, err := client.Dial(ctx,
		client.Options{URL: url, History: &none, Load: client.LoadOptions{Skim: true, ReadBuffer: 65536}})
	if err != nil {
		return 0, 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, length+time.Minute)
	defer cancel()
	var answered, no atomic.Int64
	reading := make(chan struct{})
	go func() { // ends with ctx at the latest
		defer close(reading)
		for {
			e, err := conn.Next(ctx)
			if err != nil {
				return
			}
			switch e.(type) {
			case *client.Ack:
				answered.Add(1)
			case *client.Error:
				answered.Add(1)
				no.Add(1)
			}
		}
	}()
	begin := time.Now()
	for {
		due := begin.Add(time.Second * time.Duration(sent) / time.Duration(rate))
		if due.Sub(begin) >= length {
			break
		}
		time.Sleep(time.Until(due))
		if err = conn.Post(uuid.NewString(), text(due)); err != nil {
			return sent, no.Load(), fmt.Errorf("send message %d: %w", sent, err)
		}
		sent++
	}
	for answered.Load() < sent {
		select {
		case <-reading:
			return sent, no.Load(), fmt.Errorf("%d messages sent, only %d answered", sent, answered.Load())
		case <-time.After(5 * time.Millisecond):
		}
	}
	cancel()
	<-reading
	return sent, no.Load(), nil
}
