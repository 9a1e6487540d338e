package run

import (
	"context"
	"net"
	"strconv"
	"time"

	"livechat/client"
)

// link is a connection and where it began.
type link struct {
	conn    *client.Conn
	resumed bool
	after   uint64
}

// dial makes a connection: behind what the client has, if it has been there before.
func (m *member) dial(ctx context.Context, resume bool) (*link, error) {
	r := m.run
	select {
	case r.gate <- struct{}{}:
		defer func() { <-r.gate }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	o := client.Options{URL: r.settings.URL(m.index), Name: "load-" + strconv.Itoa(m.index+1), Room: r.settings.Room(m.index), History: &none, Skim: true}
	if source := r.settings.Source(m.index); source != "" {
		o.LocalAddr = &net.TCPAddr{IP: net.ParseIP(source)}
	}
	l := &link{resumed: resume}
	if log := m.log.Load(); resume {
		l.after = m.account.high.Load()
		o.After = &client.Position{Epoch: log.epoch, Seq: l.after}
	}
	var err error
	l.conn, err = client.Dial(ctx, o)
	return l, err
}

// succeed makes a new connection that takes over, as the server has asked for it: the old one goes on until it stands.
func (m *member) succeed(ctx context.Context, old *link, after time.Duration) {
	if m.heir != nil {
		return
	}
	heir := make(chan *link, 1)
	m.heir = heir
	m.run.heirs.Go(func() {
		m.rest(ctx, after)
		next, err := m.dial(ctx, true)
		if err != nil {
			next = nil // the old connection goes on until the server closes it
		}
		heir <- next
		if next != nil {
			old.conn.Close()
		}
	})
}
