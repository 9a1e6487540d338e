package main

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"livechat/client"
	"livechat/internal/localcluster"
)

// stormMissed is how many messages clients have missed when they reconnect.
const stormMissed = 20

// storm lets many clients reconnect at once to the remaining servers of a
// cluster. Each has missed some messages.
func (b *bench) storm(ctx context.Context) error {
	b.row("missed", "back", "resumed", "failed attempts", "all back after", "a second", "µs CPU each",
		"of the servers, MB")
	for _, missed := range []uint64{0, stormMissed} {
		if err := b.stormOf(ctx, missed); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) stormOf(ctx context.Context, missed uint64) error {
	cl, err := b.startServers(ctx, 3)
	if err != nil {
		return err
	}
	defer func() { _ = cl.Close() }()
	from, err := b.position(ctx, cl.ServerURL(0), missed)
	if err != nil {
		return err
	}
	before, err := usage(cl)
	if err != nil {
		return err
	}
	var back, resumed, failed atomic.Int64
	var coming sync.WaitGroup
	conns := make([]*client.Conn, b.many)
	begin := time.Now()
	for i := range conns {
		coming.Go(func() {
			conns[i] = reconnect(ctx, cl.ServerURL(i%len(cl.Servers)), from, &failed)
			if conns[i] == nil {
				return
			}
			if ok, err := resumes(ctx, conns[i], from.Seq+1, missed); err == nil {
				back.Add(1)
				if ok {
					resumed.Add(1)
				}
			}
		})
	}
	coming.Wait()
	took := time.Since(begin)
	memory, err := memorySum(cl.Servers)
	if err != nil {
		return err
	}
	if err := rest(ctx, 2*time.Second); err != nil {
		return err
	}
	after, err := usage(cl)
	if err != nil {
		return err
	}
	for _, conn := range conns {
		if conn != nil {
			conn.Close()
		}
	}
	b.row(missed, back.Load(), resumed.Load(), failed.Load(), fmt.Sprintf("%.2f s", took.Seconds()),
		int(float64(b.many)/took.Seconds()),
		fmt.Sprintf("%.1f", float64((after.servers-before.servers).Microseconds())/float64(b.many)),
		memory>>20)
	return nil
}

// position fills a room and returns the position of a client that has missed
// the newest messages.
func (b *bench) position(ctx context.Context, url string, missed uint64) (client.Position, error) {
	conn, err := client.Dial(ctx, client.Options{URL: url})
	if err != nil {
		return client.Position{}, err
	}
	defer conn.Close()
	e, err := conn.Next(ctx)
	if err != nil {
		return client.Position{}, err
	}
	welcome, ok := e.(*client.Welcome)
	if !ok {
		return client.Position{}, fmt.Errorf("the server's first frame is %T", e)
	}
	n, err := publish(ctx, url, 100, 2*time.Second)
	if err != nil {
		return client.Position{}, err
	}
	return client.Position{Epoch: welcome.Epoch, Seq: welcome.Seq + uint64(n) - missed}, nil
}

// reconnect connects a client after the last message that it has, and tries
// again, which it counts, until ctx ends: then it returns nil.
func reconnect(ctx context.Context, url string, last client.Position, failed *atomic.Int64) *client.Conn {
	for ctx.Err() == nil {
		conn, err := client.Dial(ctx, client.Options{
			URL:              url,
			After:            &last,
			Load:             client.LoadOptions{ReadBuffer: 4096},
			HandshakeTimeout: time.Minute,
			IdleTimeout:      time.Hour,
		})
		if err == nil {
			return conn
		}
		failed.Add(1)
	}
	return nil
}

// memorySum returns the memory of several programs, in bytes.
func memorySum(parts []*localcluster.Part) (sum int64, err error) {
	for _, p := range parts {
		n, err := p.Memory()
		if err != nil {
			return 0, err
		}
		sum += n
	}
	return sum, nil
}

// resumes reports whether a client was resumed and then received n messages
// from seq on.
func resumes(ctx context.Context, conn *client.Conn, seq, n uint64) (bool, error) {
	resumed := false
	for n > 0 || !resumed {
		e, err := conn.Next(ctx)
		if err != nil {
			return false, err
		}
		switch e := e.(type) {
		case *client.Welcome:
			if resumed = e.Recovered != nil && *e.Recovered; !resumed {
				return false, nil
			}
		case *client.Message:
			if e.Seq != seq {
				return false, nil
			}
			seq++
			n--
		}
	}
	return true, nil
}
