package fanout

import (
	"livechat/server/wire"
)

// tick pings the clients whose turn it is, and closes those without a sign of
// life since an earlier ping.
func (s *shard) tick() {
	now := s.clock.Add(1)
	timeout := int64(s.fan.opts.PongTimeout/s.tickTime) + 1
	s.groups.Range(func(_, v any) bool {
		for _, c := range v.(*group).clients {
			c.tick(now, timeout)
		}
		return true
	})
	for _, c := range s.alone {
		c.tick(now, timeout)
	}
}

// tick pings a client if it is its turn, or closes it. Only the shard calls it.
func (c *Client) tick(now, timeout int64) {
	if c.slow {
		return // bounded by its write deadline and the ring
	}
	if c.pinged != 0 && c.lastSeen.Load() >= c.pinged {
		c.pinged = 0
	}
	switch {
	case c.pinged != 0 && now-c.pinged > timeout:
		c.Close(wire.CloseNoAnswer)
	case now%ticks == c.slot:
		c.Send(ping)
		if c.pinged == 0 {
			c.pinged = now
		}
	}
}

var ping = wire.Ping()
