package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"livechat/client"
)

// This measures what lagging clients in one room cost another room on the same
// server. Both rooms receive messages at the same rate. In the lagging room the
// texts are long, and each client is some 300 messages behind and reads no
// faster than messages come, so it never catches up.
const (
	neighbourRate  = 20        // messages a second, in both rooms
	neighbourRoom  = "lagging" // the room of the lagging clients
	neighbourText  = 4000      // bytes, of the texts in that room
	neighbourAhead = 400       // messages by which its clients lag at first
	laggardBuffer  = 16 << 10  // bytes, of a laggard's socket
	laggardChunk   = 8 << 10   // bytes that a laggard reads at once
	laggardPause   = time.Second * laggardChunk / (neighbourRate * neighbourText)
)

// neighbour compares latencies in the default room without and with the lagging
// room, in turn.
func (b *bench) neighbour(ctx context.Context) error {
	b.row("lagging", "median ms", "99 % ms", "missing", "laggards connected")
	var late [2][]time.Duration // 99th percentiles, without and with
	for range b.rounds {
		for i, n := range []int{0, b.mute} {
			p99, err := b.neighbourRound(ctx, n)
			if err != nil {
				return err
			}
			late[i] = append(late[i], p99)
		}
	}
	if err := b.out.Flush(); err != nil {
		return err
	}
	for i := range late {
		slices.Sort(late[i])
	}
	without, with := late[0][len(late[0])/2], late[1][len(late[1])/2]
	fmt.Printf("median of the 99th percentiles: %s ms without, %s ms with, ratio %.2f\n",
		ms(without), ms(with), float64(with)/float64(without))
	return nil
}

func (b *bench) neighbourRound(ctx context.Context, count int) (time.Duration, error) {
	cl, _, err := b.start(ctx)
	if err != nil {
		return 0, err
	}
	defer cl.Close()
	c, err := gather(ctx, cl.ServerURL(0), b.clients)
	if err != nil {
		return 0, err
	}
	defer c.leave()
	l := &laggards{}
	for range count {
		if err := l.add(cl.ServerURL(0)); err != nil {
			return 0, errors.Join(err, l.leave())
		}
	}
	defer func() { _ = l.leave() }()

	publishCtx, stop := context.WithCancel(ctx)
	var publisher sync.WaitGroup
	var publishErr error
	lagging := make(chan struct{}) // closed when the clients lag, or publishErr is set
	publisher.Go(func() { publishErr = publishLong(publishCtx, cl.ServerURL(0), lagging) })
	defer publisher.Wait()
	defer stop()
	select {
	case <-lagging:
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	c.from.Store(time.Now().UnixNano())
	n, err := publish(ctx, cl.ServerURL(0), neighbourRate, b.length)
	if err != nil {
		return 0, err
	}
	want := int64(n) * int64(b.clients)
	if err := c.awaitQuiet(ctx, want); err != nil {
		return 0, err
	}
	stop()
	publisher.Wait()
	c.leave()
	b.row(count, ms(c.percentile(50)), ms(c.percentile(99)), want-c.got.Load(), l.alive())
	return c.percentile(99), publishErr
}

// publishLong publishes long texts in the lagging room until ctx is done: first
// as many as make its clients lag, then at the rate. It closes lagging in
// between.
func publishLong(ctx context.Context, server string, lagging chan<- struct{}) error {
	none := 0
	conn, err := client.Dial(ctx, client.Options{
		URL:     server,
		Room:    neighbourRoom,
		History: &none,
		Load:    client.LoadOptions{Skim: true},
	})
	if err != nil {
		close(lagging)
		return err
	}
	var reading sync.WaitGroup
	defer reading.Wait()
	defer conn.Close()
	reading.Go(func() {
		for {
			if _, err := conn.Next(ctx); err != nil {
				return
			}
		}
	})
	long := strings.Repeat("x", neighbourText)
	tick := time.NewTicker(time.Second / (10 * neighbourRate))
	defer tick.Stop()
	for n := 0; ; n++ {
		if n == neighbourAhead {
			close(lagging)
			tick.Reset(time.Second / neighbourRate)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if err := conn.Post("", long); err != nil {
			if n < neighbourAhead {
				close(lagging)
			}
			return fmt.Errorf("publish in the room %s: %w", neighbourRoom, err)
		}
	}
}

// laggards are clients with small buffers that read at a rate of their own.
type laggards struct {
	conns []net.Conn
	wg    sync.WaitGroup

	mu    sync.Mutex
	ended int // guarded by mu: connections that the server closed
	over  bool
}

// add connects one more client to the lagging room.
func (l *laggards) add(server string) error {
	u, err := url.Parse(server)
	if err != nil {
		return err
	}
	conn, err := net.Dial("tcp", u.Host)
	if err != nil {
		return err
	}
	l.conns = append(l.conns, conn)
	if err := conn.(*net.TCPConn).SetReadBuffer(laggardBuffer); err != nil {
		return err
	}
	// from RFC 6455; the server's answer to it is not checked
	const key = "dGhlIHNhbXBsZSBub25jZQ=="
	_, err = fmt.Fprintf(
		conn,
		"GET /?room=%s&history=0 HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
			"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n\r\n",
		neighbourRoom,
		u.Host,
		key,
	)
	if err != nil {
		return err
	}
	in := bufio.NewReaderSize(conn, laggardChunk)
	answer, err := http.ReadResponse(in, nil)
	if err != nil {
		return err
	}
	if answer.StatusCode != http.StatusSwitchingProtocols {
		return errors.Join(fmt.Errorf("handshake of a lagging client: %s", answer.Status),
			answer.Body.Close())
	}
	l.wg.Go(func() { l.read(in) })
	return nil
}

func (l *laggards) read(in io.Reader) {
	chunk := make([]byte, laggardChunk)
	tick := time.NewTicker(laggardPause)
	defer tick.Stop()
	for range tick.C {
		if _, err := io.ReadFull(in, chunk); err != nil {
			l.mu.Lock()
			defer l.mu.Unlock()
			if !l.over {
				l.ended++
			}
			return
		}
	}
}

func (l *laggards) alive() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.conns) - l.ended
}

func (l *laggards) leave() (err error) {
	l.mu.Lock()
	l.over = true
	l.mu.Unlock()
	for _, conn := range l.conns {
		err = errors.Join(err, conn.Close())
	}
	l.wg.Wait()
	return err
}
