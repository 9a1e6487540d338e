package bus

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// drainPause is how long a dead link may be silent before it counts as read to
// the end.
const drainPause = 50 * time.Millisecond

// linkConn is the connection of a link. go-redis closes a connection as soon as
// a write to it fails, and discards what the kernel has received but no one has
// read: messages that were acknowledged, and that no other server may have
// received if Redis has died. So go-redis must not see a failed write: the
// link's writer asks here, and the link is read to the end.
type linkConn struct {
	net.Conn

	mu     sync.Mutex
	failed error     // guarded by mu: error of the first failed write
	end    time.Time // guarded by mu: while draining, the time limit; else zero
}

// Write implements net.Conn.
func (c *linkConn) Write(b []byte) (int, error) {
	if _, err := c.Conn.Write(b); err != nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.failed == nil {
			c.failed = err
		}
	}
	return len(b), nil
}

// writeError returns the error of the first failed write.
func (c *linkConn) writeError() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.failed
}

// SetReadDeadline implements net.Conn.
func (c *linkConn) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.end.IsZero() {
		t = c.drainDeadlineLocked()
	}
	return c.Conn.SetReadDeadline(t)
}

// drain lets the connection be read while there is data, but no longer than
// limit. After that reads fail.
func (c *linkConn) drain(limit time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.end = time.Now().Add(limit)
	_ = c.Conn.SetReadDeadline(c.drainDeadlineLocked()) // an error means that there is no more to read
}

func (c *linkConn) drainDeadlineLocked() time.Time {
	if soon := time.Now().Add(drainPause); soon.Before(c.end) {
		return soon
	}
	return c.end
}

// linkDial is in the context of all that is done with a link, so that the hook
// finds its connection. A link is dialled once: go-redis would dial again by
// itself, and not say what was missed.
type linkDial struct{ conn *linkConn }

type linkDialKey struct{}

func withLinkDial(ctx context.Context) (context.Context, *linkDial) {
	d := new(linkDial)
	return context.WithValue(ctx, linkDialKey{}, d), d
}

var errDialledBefore = errors.New("the link is broken")

// linkHook wraps the connections of links in linkConn.
type linkHook struct{}

// DialHook implements redis.Hook.
func (linkHook) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		d, ok := ctx.Value(linkDialKey{}).(*linkDial)
		if !ok {
			return next(ctx, network, addr)
		}
		if d.conn != nil {
			return nil, errDialledBefore
		}
		c, err := next(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		d.conn = &linkConn{Conn: c}
		return d.conn, nil
	}
}

// ProcessHook implements redis.Hook.
func (linkHook) ProcessHook(next redis.ProcessHook) redis.ProcessHook { return next }

// ProcessPipelineHook implements redis.Hook.
func (linkHook) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}
