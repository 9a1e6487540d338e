package fanout

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"livechat/server/room"
	"livechat/server/wire"
)

// ticks is how many times a shard looks at its clocks in a ping interval: pings are spread over them.
const ticks = 25

// group is the clients of one room on one shard.
type group struct {
	room     *room.Room
	clients  []*Client
	follower *room.Follower
	done     uint64      // where the last pass brought it
	dirty    atomic.Bool // in the inbox
}

// shard is a part of the clients, and the goroutine that writes to them.
type shard struct {
	// Set at construction.
	fan      *Fan
	wake     chan struct{} // has one element while the inbox has something; never closed
	tickTime time.Duration

	clock  atomic.Int64 // ticks since the start, from 1
	groups sync.Map     // *room.Room → *group; written by run alone

	// Guarded by mu.
	mu sync.Mutex
	in inbox

	// Owned by run.
	taken  inbox
	common batch // the frames that most clients of a room need next
	single batch // the frames that one client needs
	from   uint64
	of     *room.Room // common holds its frames from from on
	alone  []*Client  // in no room
	slot   int64      // given to the client attached last
	rested time.Time  // the next pass is put off until then

	count tally // of this pass
}

// tally is what a pass has done. Metrics are atomic: they are added to once per pass and not once per delivery.
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
	s := &shard{fan: f, wake: make(chan struct{}, 1), tickTime: max(f.opts.PingInterval/ticks, time.Millisecond)}
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
			if wait := time.Until(s.rested); wait > 0 { // looked at now and not after the last pass: when little is said, no timer is needed
				pause.Reset(wait)
				select {
				case <-pause.C:
				case <-ctx.Done():
				}
				s.awake() // what woke it meanwhile is in the inbox
			}
			s.pass()
			s.rested = time.Now().Add(pace(s.count.writes, s.count.frames, s.fan.opts.FlushInterval))
		case <-tick.C:
			s.tick()
		case <-ctx.Done():
			return
		}
	}
}

// pass does what the inbox asks for.
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
		s.takeBack(c)
	}
	for _, c := range s.taken.flush {
		s.flush(c)
	}
	for _, g := range s.taken.dirty {
		g.dirty.Store(false) // before looking at the head: what comes behind it wakes us again
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

// takeBack takes a client over again from the goroutine that wrote to it.
func (s *shard) takeBack(c *Client) {
	c.slow = false
	s.fan.opts.Metrics.SlowClients.Dec()
	if a := c.waits; a != nil {
		c.waits = nil
		s.attach(*a)
		return
	}
	s.flush(c)
}

func (s *shard) attach(a attachment) {
	c := a.client
	switch {
	case c.gone:
		return
	case c.slow: // somebody else owns its cursor
		c.waits = &a
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
	c.catching = c.cursor < c.live || c.after > a.start.Position.Seq
	v, ok := s.groups.Load(c.room)
	if !ok {
		v = &group{room: c.room, follower: c.room.Follow(), done: c.room.Ring().Head()}
		s.groups.Store(c.room, v)
	}
	g := v.(*group)
	c.index = len(g.clients)
	g.clients = append(g.clients, c)
	if a.start.Behind {
		c.paging = a.start.Position.Epoch
		s.handOver(c)
		return
	}
	s.flush(c)
}

func (s *shard) detach(c *Client) {
	c.gone = true
	s.leaveGroup(c)
	_ = c.conn.Close() // its own goroutine may still write, if it is slow: that fails
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

// without takes a client out of the list that its index is for; the last one
// gets its place.
func without(clients []*Client, c *Client) []*Client {
	last := len(clients) - 1
	clients[c.index] = clients[last]
	clients[c.index].index = c.index
	clients[last] = nil
	c.index = -1
	return clients[:last]
}

// tick pings the clients whose turn it is, and closes those that have not been heard since an earlier ping.
func (s *shard) tick() {
	now := s.clock.Add(1)
	patience := int64(s.fan.opts.PongTimeout/s.tickTime) + 1
	s.groups.Range(func(_, v any) bool {
		for _, c := range v.(*group).clients {
			c.tick(now, patience)
		}
		return true
	})
	for _, c := range s.alone {
		c.tick(now, patience)
	}
}

// tick pings a client if it is its turn, or closes it. The shard alone calls it.
func (c *Client) tick(now, patience int64) {
	if c.slow {
		return // bounded by its write deadline and the ring
	}
	if c.pinged != 0 && c.heard.Load() >= c.pinged {
		c.pinged = 0
	}
	switch {
	case c.pinged != 0 && now-c.pinged > patience:
		c.Close(wire.CloseNoAnswer)
	case now%ticks == c.slot:
		c.Send(ping)
		if c.pinged == 0 {
			c.pinged = now
		}
	}
}

var ping = wire.Ping()

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
			_ = c.conn.Close() // nobody would take its Detach
		}
		return true
	})
	for _, c := range s.alone {
		c.cut(wire.CloseShuttingDown)
		_ = c.conn.Close()
	}
}
