package run

import (
	"context"
	"strconv"
	"sync/atomic"
	"time"

	"livechat/client"
	"livechat/load/peer"
)

// link is a connection and the position at which it resumed.
type link struct {
	conn    *client.Conn
	resumed bool
	after   uint64

	peer   peer.Conn   // instead of conn, to another server than livechat
	broken atomic.Bool // whether peer ended, not by our leaving
}

func (l *link) close() {
	if l.peer != nil {
		_ = l.peer.Close()
		return
	}
	l.conn.Close()
}

// dial opens a connection. With resume it continues after what the client has.
func (m *member) dial(ctx context.Context, resume bool) (*link, error) {
	r := m.run
	select {
	case r.gate <- struct{}{}:
		defer func() { <-r.gate }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	if r.target != nil {
		return m.dialPeer(ctx, resume)
	}
	o := client.Options{URL: r.settings.URL(m.index), Name: "load-" + strconv.Itoa(m.index+1),
		Room: r.settings.Room(m.index), History: &none, TLS: r.tls, Load: client.LoadOptions{Skim: true}}
	if o.Load.LocalAddr = m.source(); m.network != nil {
		o.Load.Dial = m.network.Dialer(o.Load.LocalAddr)
	}
	o.GuestKey = m.key // over another connection, too, it may change its messages
	l := &link{resumed: resume}
	if log := m.log.Load(); resume {
		l.after = m.account.high.Load()
		o.After = &client.Position{Epoch: log.epoch, Seq: l.after}
	}
	var err error
	l.conn, err = client.Dial(ctx, o)
	return l, err
}

// startSuccessor opens a connection that takes over, as the server has
// requested. The old connection is used until the new one is open.
func (m *member) startSuccessor(ctx context.Context, old *link, after time.Duration) {
	if m.successor != nil {
		return
	}
	dialed := make(chan *link, 1)
	m.successor = dialed
	m.run.successors.Go(func() {
		m.sleep(ctx, after)
		next, err := m.dial(ctx, true)
		if err != nil {
			next = nil // the old connection is used until the server closes it
		}
		dialed <- next
		if next != nil {
			old.close()
		}
	})
}
