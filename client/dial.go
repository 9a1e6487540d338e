package client

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// maxFrame limits what the client accepts from a server, in bytes; a snapshot
// with 200 long names is the largest frame.
const maxFrame = 1 << 20

// writeBuffers are shared: under load most connections write only pongs.
var writeBuffers = &sync.Pool{}

// Dial opens one connection. It returns when the server has accepted; the first
// event is a Welcome. Any answer other than 101 is returned as a *RefusedError.
// ctx and Options.HandshakeTimeout limit the handshake only.
func Dial(ctx context.Context, o Options) (*Conn, error) {
	o = o.withDefaults()
	address, err := o.address()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, o.HandshakeTimeout)
	defer cancel()

	// Once the TCP connection stands, gorilla respects the deadline but not a
	// cancellation.
	release := func() bool { return true }
	defer func() { release() }()
	below := &link{}
	dial := o.Load.Dial
	if dial == nil {
		dial = (&net.Dialer{LocalAddr: o.Load.LocalAddr}).DialContext
	}
	dialer := websocket.Dialer{
		NetDialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			conn, err := dial(ctx, network, addr)
			if err != nil {
				return nil, err
			}
			release = context.AfterFunc(ctx, func() { conn.Close() })
			below.Conn = conn
			return below, nil
		},
		TLSClientConfig: o.TLS,
		Subprotocols:    o.subprotocols(),
		ReadBufferSize:  o.Load.ReadBuffer,
		WriteBufferSize: 4096,
		WriteBufferPool: writeBuffers,
	}
	ws, answer, err := dialer.DialContext(ctx, address, o.Header)
	if answer != nil {
		defer answer.Body.Close() // the handshake's body: in memory, or empty
	}
	if errors.Is(err, websocket.ErrBadHandshake) && answer != nil {
		return nil, refused(answer)
	}
	if err != nil {
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		return nil, fmt.Errorf("connect to %s: %w", o.URL, err)
	}
	if !release() { // cancelled at the last moment: the socket is being closed
		ws.Close()
		return nil, fmt.Errorf("connect to %s: %w", o.URL, context.Cause(ctx))
	}
	return newConn(ws, below, o), nil
}

func newConn(ws *websocket.Conn, below *link, o Options) *Conn {
	c := &Conn{ws: ws, link: below, skim: o.Load.Skim, idle: o.IdleTimeout, writeTimeout: o.WriteTimeout}
	ws.SetReadLimit(maxFrame)
	ws.SetPingHandler(func(data string) error {
		c.extendDeadline()
		// A pong that cannot be written is no reason to stop reading: the read
		// will fail, too.
		_ = ws.WriteControl(websocket.PongMessage, []byte(data), time.Now().Add(c.writeTimeout))
		return nil
	})
	return c
}
