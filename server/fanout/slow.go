package fanout

import (
	"errors"
	"net"
	"os"
	"time"

	"livechat/server/wire"
)

// handOver gives a client whose socket is full to a goroutine of its own.
func (s *shard) handOver(c *Client) {
	c.slow, c.full = true, s.clock.Load()
	s.fan.opts.Metrics.SlowClients.Inc()
	c.at.Store(c.cursor)
	if c.paging != "" {
		c.took.Store(never) // far from the ring by its own past: no part of a crowd, and no straggler
		c.full = never
	}
	s.fan.slow.Go(func() {
		defer s.post(func(in *inbox) { in.back = append(in.back, c) })
		s.writeSlowly(c)
	})
}

// progress notes that the client took everything before cursor, for passGroup.
func (c *Client) progress(cursor uint64) {
	c.took.Store(c.shard.clock.Load())
	c.at.Store(cursor)
}

// writeSlowly writes to a client until it has caught up with its room or is cut off. Each write may wait for the write timeout,
// and takes little enough for that to be a fair chance.
func (s *shard) writeSlowly(c *Client) {
	defer func() { _ = c.conn.SetWriteDeadline(time.Time{}) }() // the shard's writes must not fail by our deadline
	var b batch
	if c.paging != "" && !s.writePages(c, &b) {
		return
	}
	for {
		b.reset(c.cursor)
		for _, frame := range c.owed {
			b.addSide(frame)
		}
		closing := c.takeSide(&b)
		if !closing && c.room != nil && !b.fillFor(c, c.room.Ring().Head()) {
			c.owe(&b, 0)
			c.Close(wire.CloseTooSlow) // the ring has overtaken it: what follows is this close frame
			continue
		}
		if b.bytes == 0 && b.end == c.cursor {
			if closing {
				c.finish()
			}
			return
		}
		if err := s.writeAll(c, &b); err != nil {
			code := wire.CloseCode(0)
			if errors.Is(err, os.ErrDeadlineExceeded) {
				code = wire.CloseTooSlow
			}
			c.cut(code)
			return
		}
		if closing {
			c.finish()
			return
		}
	}
}

// writeAll writes b in pieces, each with its own deadline: progress counts, not size.
func (s *shard) writeAll(c *Client, b *batch) error {
	const piece = 16 << 10 // bytes
	c.owed = nil           // either all of it is written, or the connection ends
	for i := 0; i < len(b.frames); {
		var bufs net.Buffers
		n := 0
		for ; i < len(b.frames) && (n == 0 || n+len(b.frames[i]) <= piece); i++ {
			bufs = append(bufs, b.frames[i])
			n += len(b.frames[i])
		}
		if err := c.conn.SetWriteDeadline(time.Now().Add(s.fan.opts.WriteTimeout)); err != nil {
			return err
		}
		if _, err := bufs.WriteTo(c.conn); err != nil {
			return err
		}
		if sent := i - b.side; sent > 0 {
			c.progress(b.next[sent-1])
		}
	}
	s.fan.add(counts{deliveries: len(b.next), bytes: b.bytes})
	c.advance(b.end, b.last)
	return nil
}
