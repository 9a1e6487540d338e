package client

import (
	"context"
	"net"
)

// link is the network connection below the WebSocket. While a read waits, the
// end of a context can close the connection. The read is watched, not the
// event: under load one read brings many events, and a context that a thousand
// connections share has one lock for all of them.
type link struct {
	net.Conn
	watch watch // owned by the reader
}

func (l *link) Read(b []byte) (int, error) {
	defer l.watch.begin()()
	return l.Conn.Read(b)
}

// watch closes conn when ctx ends. The zero watch does nothing.
type watch struct {
	conn *Conn
	ctx  context.Context
}

// begin starts to watch, until the returned function is called.
func (w watch) begin() (end func() bool) {
	if w.conn == nil || w.ctx.Done() == nil {
		return nothing
	}
	return context.AfterFunc(w.ctx, func() { w.conn.Close() })
}

func nothing() bool { return true }
