package fanout

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"livechat/server/room"
	"livechat/server/wire"
)

// ticks is the number of clock ticks per ping interval: pings are spread over
// them.
const ticks = 25

// group is the clients of one room on one shard.
type group struct {
	room     *room.Room
	clients  []*Client
	follower *room.Follower
	done     uint64      // the position of the last pass
	dirty    atomic.Bool // it is in the inbox
}

// shard is a part of the clients, and the goroutine that writes to them.
type shard struct {
	// Set at construction.
	fan *Fan
	// holds a token while the inbox has something; never closed
	wake     chan struct{}
	tickTime time.Duration

	clock  atomic.Int64 // ticks since the start, from 1
	groups sync.Map     // *room.Room → *group; only run writes

	// Guarded by mu.
	mu sync.Mutex
	in inbox

	// Owned by run.
	taken    inbox
	common   batch // the frames most clients of a room need next
	single   batch // the frames one client needs
	from     uint64
	of       *room.Room // common holds frames of this room, from position from on
	alone    []*Client  // clients without a room
	slot     int64      // ping slot of the client attached last
	nextPass time.Time  // the next pass is not before

	count tally // of this pass
}

// tally is the work of one pass. Metrics are atomic, so they are updated once
// per pass and not once per delivery.
type tally struct {
	frames uint64 // the most that one room had for its clients
	counts
}

// counts is what was written.
type counts struct{ writes, deliveries, bytes int }

func (f *Fan) add(c counts) {
	m := f.opts.Metrics
	m.Writes.Add(float64(c.writes))
	m.Deliveries.Add(float64(c.deliveries))
	m.BytesOut.Add(float64(c.bytes))
}

func newShard(f *Fan) *shard {
	s := &shard{
		fan:      f,
		wake:     make(chan struct{}, 1),
		tickTime: max(f.opts.PingInterval/ticks, time.Millisecond),
	}
	s.clock.Store(1)
	return s
}

func (s *shard) run(ctx context.Context) {
	tick := time.NewTicker(s.tickTime)
	defer tick.Stop()
	pause := time.NewTimer(0)
	defer pause.Stop()
	defer s.closeAll()
	for {
		select {
		case <-s.wake:
			// Checked now and not after the last pass: in quiet times no timer
			// is needed.
			if wait := time.Until(s.nextPass); wait > 0 {
				pause.Reset(wait)
				select {
				case <-pause.C:
				case <-ctx.Done():
				}
				s.drainWake() // anything that woke it meanwhile is in the inbox
			}
			s.pass()
			s.nextPass = time.Now().Add(pace(s.count.writes, s.count.frames, s.fan.opts.FlushInterval))
		case <-tick.C:
			s.tick()
		case <-ctx.Done():
			return
		}
	}
}

// pass processes the inbox.
func (s *shard) pass() {
	began := time.Now()
	s.count = tally{}
	s.mu.Lock()
	s.in, s.taken = s.taken, s.in
	s.mu.Unlock()
	for _, a := range s.taken.attach {
		s.attach(a)
	}
	for _, c := range s.taken.back {
		s.reclaim(c)
	}
	for _, c := range s.taken.flush {
		s.flush(c)
	}
	for _, g := range s.taken.dirty {
		// Cleared before the head is read: a later entry wakes the shard again.
		g.dirty.Store(false)
		s.passGroup(g)
	}
	for _, c := range s.taken.detach {
		s.detach(c)
	}
	s.taken.clear()
	if s.count.writes > 0 {
		s.fan.add(s.count.counts)
		took := time.Since(began)
		s.fan.opts.Metrics.PassSeconds.Observe(took.Seconds())
		if passed := s.fan.opts.Passed; passed != nil {
			passed(took)
		}
	}
	if s.count.frames > 0 {
		s.fan.opts.Metrics.PassMessages.Observe(float64(s.count.frames))
	}
}

// reclaim takes a client back from its goroutine.
func (s *shard) reclaim(c *Client) {
	c.slow = false
	s.fan.opts.Metrics.SlowClients.Dec()
	if a := c.pendingAttach; a != nil {
		c.pendingAttach = nil
		s.attach(*a)
		return
	}
	s.flush(c)
}

func (s *shard) attach(a attachment) {
	c := a.client
	switch {
	case c.detached:
		return
	case c.slow: // its goroutine owns its cursor
		c.pendingAttach = &a
		return
	}
	s.slot = (s.slot + 1) % ticks
	c.slot = s.slot
	if a.room == nil {
		c.index = len(s.alone)
		s.alone = append(s.alone, c)
		s.flush(c)
		return
	}
	c.room, c.cursor, c.live, c.after = a.room, a.start.Cursor, a.start.Live, a.start.After
	c.catchingUp = c.cursor < c.live || c.after > a.start.Position.Seq
	v, ok := s.groups.Load(c.room)
	if !ok {
		v = &group{room: c.room, follower: c.room.Follow(), done: c.room.Ring().Head()}
		s.groups.Store(c.room, v)
	}
	g := v.(*group)
	c.index = len(g.clients)
	g.clients = append(g.clients, c)
	if a.start.Replay {
		c.replaying = a.start.Position.Epoch
		s.handOver(c)
		return
	}
	s.flush(c)
}

func (s *shard) detach(c *Client) {
	c.detached = true
	s.leaveGroup(c)
	_ = c.conn.Close() // if it is slow its goroutine may still write: that fails
}

// leaveGroup takes a client out of the passes.
func (s *shard) leaveGroup(c *Client) {
	if c.index < 0 {
		return
	}
	if c.room == nil {
		s.alone = without(s.alone, c)
		return
	}
	v, _ := s.groups.Load(c.room)
	g := v.(*group)
	if g.clients = without(g.clients, c); len(g.clients) == 0 {
		g.follower.Leave()
		s.groups.Delete(g.room)
	}
}

// without removes a client from the list that its index refers to; the last
// client takes its place.
func without(clients []*Client, c *Client) []*Client {
	last := len(clients) - 1
	clients[c.index] = clients[last]
	clients[c.index].index = c.index
	clients[last] = nil
	c.index = -1
	return clients[:last]
}

func (s *shard) closeAll() {
	s.mu.Lock()
	s.in, s.taken = s.taken, s.in
	s.mu.Unlock()
	for _, a := range s.taken.attach {
		a.client.cut(wire.CloseShuttingDown)
	}
	for _, c := range s.taken.detach {
		s.detach(c)
	}
	s.groups.Range(func(_, v any) bool {
		for _, c := range v.(*group).clients {
			c.cut(wire.CloseShuttingDown)
			_ = c.conn.Close() // no Detach would be processed any more
		}
		return true
	})
	for _, c := range s.alone {
		c.cut(wire.CloseShuttingDown)
		_ = c.conn.Close()
	}
}
