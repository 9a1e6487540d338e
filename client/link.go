package client

import (
	"context"
	"net"
)

// link is what is below the WebSocket. While a read of it waits, the end of a context can end the connection. It is a read that is watched and not
// an event: under load a read brings many, and a context that a thousand connections share has one lock for all of them.
type link struct {
	net.Conn
	watch watch // owned by who reads
}

func (l *link) Read(b []byte) (int, error) {
	defer l.watch.begin()()
	return l.Conn.Read(b)
}

// watch makes the end of ctx close conn. The zero watch does nothing.
type watch struct {
	conn *Conn
	ctx  context.Context
}

// begin begins to watch, until the returned function is called.
func (w watch) begin() (end func() bool) {
	if w.conn == nil || w.ctx.Done() == nil {
		return nothing
	}
	return context.AfterFunc(w.ctx, func() { w.conn.Close() })
}

func nothing() bool { return true }
