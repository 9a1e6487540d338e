// Package network makes the networks of some clients slow. Their connections go
// through a proxy inside the process, which passes on what it reads when it
// would have arrived.
//
// A proxy sees no packets, so it cannot lose one. What it does is what TCP makes
// of a loss: the segment, and all that follows, waits until it is sent again.
package network

import (
	"context"
	"math/rand/v2"
	"net"
	"sync"
	"time"

	"livechat/load/plan"
)

// Network has the connections of the clients with a slow network. It is safe for
// concurrent use.
type Network struct {
	like    plan.Network
	ctx     context.Context // of all connections
	stop    context.CancelFunc
	eased   chan struct{} // closed by Ease
	easing  sync.Once
	running sync.WaitGroup
}

// New returns a network. The caller calls Close.
func New(like plan.Network) *Network {
	ctx, stop := context.WithCancel(context.Background())
	return &Network{like: like, ctx: ctx, stop: stop, eased: make(chan struct{})}
}

// Ease makes the network fast, for good: what is on its way arrives now. So a run
// does not wait at its end for clients that are minutes behind.
func (n *Network) Ease() { n.easing.Do(func() { close(n.eased) }) }

// Close ends all connections at once, and returns when they have ended. No one
// may dial any more.
func (n *Network) Close() {
	n.stop()
	n.running.Wait()
}

// Dial opens a connection.
type Dial = func(ctx context.Context, network, address string) (net.Conn, error)

// Dialer returns a function that opens connections over the network, from that
// address if it is not nil. To open one takes a round trip, as it does for TCP.
func (n *Network) Dialer(from net.Addr) Dial {
	dialer := &net.Dialer{LocalAddr: from}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		trip := time.NewTimer(2 * n.delay(random()))
		defer trip.Stop()
		select {
		case <-trip.C:
		case <-n.eased:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
		server, err := dialer.DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		if tcp, ok := server.(*net.TCPConn); ok {
			// Else the kernel would take megabytes from the server, which would not
			// notice how slow the client is. If it fails, it does.
			_ = tcp.SetReadBuffer(window)
		}
		return n.through(server), nil
	}
}

func random() *rand.Rand { return rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64())) }

// through returns the client's end of a connection. Data written to it before
// it is closed still arrives.
func (n *Network) through(server net.Conn) net.Conn {
	client, own := net.Pipe()
	over := context.AfterFunc(n.ctx, func() {
		own.Close()
		server.Close()
	})
	n.running.Go(func() {
		defer over()
		var ways sync.WaitGroup
		// The end of one way is that of the other one.
		ways.Go(func() { n.pass(own, server); server.Close() })
		ways.Go(func() { n.pass(server, own); own.Close() })
		ways.Wait()
	})
	return client
}

// delay draws the delay of one way.
func (n *Network) delay(random *rand.Rand) time.Duration {
	d := n.like.Delay
	if j := n.like.Jitter; j > 0 {
		d += time.Duration((2*random.Float64() - 1) * float64(j))
	}
	return d
}
