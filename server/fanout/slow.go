package fanout

import (
	"errors"
	"net"
	"os"
	"time"

	"livechat/server/wire"
)

// handOver hands a client whose socket is full to a goroutine of its own.
func (s *shard) handOver(c *Client) {
	c.slow, c.fullAt = true, s.clock.Load()
	s.fan.opts.Metrics.SlowClients.Inc()
	c.progressAt.Store(c.cursor)
	if c.replaying != "" {
		// It is behind because it was away: neither a laggard nor a straggler.
		c.lastProgress.Store(never)
		c.fullAt = never
	}
	s.fan.slow.Go(func() {
		defer s.post(func(in *inbox) { in.back = append(in.back, c) })
		s.writeSlowly(c)
	})
}

// noteProgress records that the client took everything before cursor, for
// passGroup.
func (c *Client) noteProgress(cursor uint64) {
	c.lastProgress.Store(c.shard.clock.Load())
	c.progressAt.Store(cursor)
}

// writeSlowly writes to a client until it has caught up with its room or is
// closed. Each write may take the write timeout, and is small enough to make
// that fair.
func (s *shard) writeSlowly(c *Client) {
	// The shard's writes must not fail because of our deadline.
	defer func() { _ = c.conn.SetWriteDeadline(time.Time{}) }()
	var b batch
	if c.replaying != "" && !s.replay(c, &b) {
		return
	}
	for {
		b.reset(c.cursor)
		for _, frame := range c.unsent {
			b.addOwn(frame)
		}
		closing := c.takeControl(&b)
		if !closing && c.room != nil && !b.fillFor(c, c.room.Ring().Head()) {
			c.keepUnsent(&b, 0)
			// The ring has overtaken it: only this close frame follows.
			c.Close(wire.CloseTooSlow)
			continue
		}
		if b.bytes == 0 && b.end == c.cursor {
			if closing {
				c.endSending()
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
			c.endSending()
			return
		}
	}
}

// writeAll writes b in pieces, each with its own deadline: any progress counts.
func (s *shard) writeAll(c *Client, b *batch) error {
	const piece = 16 << 10 // bytes
	c.unsent = nil         // all of it is written, or the connection ends
	for i := 0; i < len(b.frames); {
		var bufs net.Buffers
		n, first := 0, i
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
		c.wrote(b.frames[first:i], n)
		if sent := i - b.own; sent > 0 {
			c.noteProgress(b.next[sent-1])
		}
	}
	s.fan.add(counts{deliveries: len(b.next), bytes: b.bytes})
	c.advance(b.end, b.last)
	return nil
}
