package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"livechat/client"
	"livechat/internal/localcluster"
)

// crowd is many clients of one address that count what they receive.
type crowd struct {
	stop    context.CancelFunc
	wg      sync.WaitGroup
	got     atomic.Int64 // messages
	missing atomic.Int64 // gaps in the seqs that clients saw
	lost    atomic.Int64 // connections that ended
	// when the newest message came, as far as awaitQuiet saw it, Unix
	// nanoseconds
	last atomic.Int64
	from atomic.Int64 // only messages due from then on count for latencies, Unix nanoseconds

	mu        sync.Mutex
	latencies []time.Duration // of all sampled clients
}

// sampled is the ratio of clients to those that measure latencies. Reading the
// clock for each delivery would cost more than the delivery.
const sampled = 16

// gather connects n clients.
func gather(ctx context.Context, url string, n int) (*crowd, error) {
	ctx, cancel := context.WithCancel(ctx)
	c := &crowd{stop: cancel}
	none := 0
	var failure error
	var mu sync.Mutex
	var dialing sync.WaitGroup
	gate := make(chan struct{}, 32) // handshakes at once
	for i := range n {
		gate <- struct{}{}
		dialing.Go(func() {
			defer func() { <-gate }()
			conn, err := client.Dial(ctx, client.Options{
				URL:         url,
				History:     &none,
				Load:        client.LoadOptions{Skim: true, ReadBuffer: 8192},
				IdleTimeout: time.Hour,
			})
			if err != nil {
				mu.Lock()
				failure = err
				mu.Unlock()
				return
			}
			c.wg.Go(func() { c.listen(ctx, conn, i%sampled == 0) })
		})
	}
	dialing.Wait()
	if failure != nil {
		c.leave()
		return nil, failure
	}
	return c, nil
}

func (c *crowd) listen(ctx context.Context, conn *client.Conn, sample bool) {
	var last uint64
	var latencies []time.Duration
	for {
		e, err := conn.Next(ctx)
		if err != nil {
			if ctx.Err() == nil {
				c.lost.Add(1)
			}
			break
		}
		m, ok := e.(*client.Message)
		if !ok {
			continue
		}
		c.got.Add(1)
		if last != 0 && m.Seq != last+1 && m.Seq != 1 {
			c.missing.Add(1)
		}
		last = m.Seq
		if sample {
			if at, ok := stamp(m.Raw); ok && at.UnixNano() >= c.from.Load() {
				latencies = append(latencies, time.Since(at))
			}
		}
	}
	c.mu.Lock()
	c.latencies = append(c.latencies, latencies...)
	c.mu.Unlock()
}

func (c *crowd) leave() {
	c.stop()
	c.wg.Wait()
}

// percentile returns the p-th percentile of the latencies. Call it after leave.
func (c *crowd) percentile(p float64) time.Duration {
	if len(c.latencies) == 0 {
		return 0
	}
	slices.Sort(c.latencies)
	return c.latencies[int(p/100*float64(len(c.latencies)-1))]
}

// The text of a published message begins with the time at which it was due, in
// nanoseconds, and is padded to 100 bytes.
const (
	stampMark = "due="
	textBytes = 100
)

func text(due time.Time) string {
	s := stampMark + strconv.FormatInt(due.UnixNano(), 10) + " "
	return s + strings.Repeat("x", textBytes-len(s))
}

func stamp(frame []byte) (time.Time, bool) {
	_, rest, ok := bytes.Cut(frame, []byte(stampMark))
	if !ok {
		return time.Time{}, false
	}
	digits, _, _ := bytes.Cut(rest, []byte(" "))
	ns, err := strconv.ParseInt(string(digits), 10, 64)
	return time.Unix(0, ns), err == nil
}

// publish sends messages at a rate for a time, each when it is due or as soon
// after it as the server accepts it. It waits until all have come back and
// returns how many the log has. A server that cannot keep up may refuse some.
func publish(ctx context.Context, url string, rate int, length time.Duration) (int, error) {
	return publishWhile(ctx, url, rate, func(since time.Duration) bool { return since < length })
}

// publishWhile does the same while more says so, which is told when the next
// message is due.
func publishWhile(ctx context.Context, url string, rate int, more func(time.Duration) bool) (int, error) {
	none := 0
	conn, err := client.Dial(ctx,
		client.Options{URL: url, History: &none, Load: client.LoadOptions{Skim: true, ReadBuffer: 8192}})
	if err != nil {
		return 0, err
	}
	var back, refused atomic.Int64
	reading := make(chan struct{}) // closed when the reader ends; readErr says why
	var readErr error
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		defer close(reading)
		for {
			e, err := conn.Next(ctx)
			if err != nil {
				readErr = err
				return
			}
			switch e.(type) {
			case *client.Message:
				back.Add(1)
			case *client.Error:
				refused.Add(1)
			}
		}
	}()
	begin, n := time.Now(), 0
	for ; ; n++ {
		due := begin.Add(time.Second * time.Duration(n) / time.Duration(rate))
		if !more(due.Sub(begin)) {
			break
		}
		time.Sleep(time.Until(due))
		if err = conn.Post("", text(due)); err != nil {
			return n, fmt.Errorf("publish message %d: %w", n, err)
		}
	}
	last := time.Now()
	for back.Load()+refused.Load() < int64(n) {
		select {
		case <-reading:
			return n, fmt.Errorf("wait for the last of %d messages, received %d: %w", n, back.Load(), readErr)
		case <-time.After(5 * time.Millisecond):
			if time.Since(last) > time.Minute {
				return n, fmt.Errorf(
					"a minute after the last of %d messages, %d were received and %d refused", n,
					back.Load(), refused.Load())
			}
		}
	}
	cancel()
	<-reading
	return int(back.Load()), nil
}

// awaitQuiet waits until want messages have arrived, or none for a while.
func (c *crowd) awaitQuiet(ctx context.Context, want int64) error {
	const quiet = 2 * time.Second
	before, since := c.got.Load(), time.Now()
	c.last.Store(since.UnixNano())
	for c.got.Load() < want {
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
		if now := c.got.Load(); now != before {
			before, since = now, time.Now()
			c.last.Store(since.UnixNano())
		} else if time.Since(since) > quiet {
			return nil
		}
	}
	return nil
}

// start starts Redis and one server without a limit on messages.
func (b *bench) start(ctx context.Context) (*localcluster.Cluster, *localcluster.Part, error) {
	c, err := b.startServers(ctx, 1)
	if err != nil {
		return nil, nil, err
	}
	return c, c.Servers[0], nil
}

// startServers starts Redis and n servers without a limit on messages.
func (b *bench) startServers(ctx context.Context, n int) (*localcluster.Cluster, error) {
	return localcluster.Start(ctx, localcluster.Options{
		Servers: n,
		Binary:  b.binary,
		Env:     map[string]string{"MESSAGE_RATE": "0", "ROOM_RATE": "0", "LOG_LEVEL": "warn"},
	})
}

func clusterPorts() (host, port string, err error) {
	host, ports, err := localcluster.FreePorts(1)
	if err != nil {
		return "", "", errors.Join(errors.New("find a free port"), err)
	}
	return host, ports[0], nil
}
