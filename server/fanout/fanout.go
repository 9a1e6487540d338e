// Package fanout moves cursors: it writes the entries of rooms' rings to the
// sockets of their clients.
//
// Clients are spread over shards, one per processor. A new entry wakes the
// shards that have clients in its room. A shard's pass walks these clients and
// tries one non-blocking write for each, with all frames between the client's
// cursor and the head of the ring. No goroutine wakes per client, no frame is
// copied, nothing is allocated. The longer a pass takes, the more entries wait
// for the next one and go out together: batching comes by itself.
//
// Only a client whose socket buffer is full gets a goroutine of its own, which
// writes with a deadline and hands the client back when it has caught up. If
// the ring overtakes the client first, it is closed and resumes like after any
// lost connection.
//
// Every byte for a socket goes through its Client, including pongs and close
// frames, because a frame may be half written. So a socket has exactly one
// writer at any time: its shard, or the goroutine its shard handed it to. Only
// the shard closes the socket. Its writes bypass the runtime, which otherwise
// makes sure that a descriptor is not closed, and reused for another
// connection, during a write.
package fanout

import (
	"context"
	"log/slog"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"livechat/server/metrics"
	"livechat/server/room"
)

// Options configure a Fan.
type Options struct {
	Shards int // 0: GOMAXPROCS
	// the longest a busy shard delays its next pass; 0: no delay; see pace
	FlushInterval time.Duration
	WriteTimeout  time.Duration // how long a full socket may accept nothing
	PingInterval  time.Duration // between pings to a client
	PongTimeout   time.Duration // how long a ping may go without a sign of life
	SendBuffer    int           // kernel send buffer in bytes; 0: the kernel's default
	// called after each pass that wrote something; must be fast; may be nil
	Passed  func(took time.Duration)
	Metrics *metrics.Set
	Logger  *slog.Logger
}

// Fan is the fan-out of one server.
type Fan struct {
	opts      Options
	shards    []*shard
	next      atomic.Uint64  // shard of the next client
	slow      sync.WaitGroup // goroutines of slow clients
	pageSlots chan struct{}  // holds a token for each of them that reads a page
	replaying atomic.Int64   // how many of them are replaying
}

// New returns a fan-out. Run starts it.
func New(o Options) *Fan {
	if o.Shards == 0 {
		o.Shards = runtime.GOMAXPROCS(0)
	}
	f := &Fan{opts: o, pageSlots: make(chan struct{}, pageReaders)}
	for range o.Shards {
		f.shards = append(f.shards, newShard(f))
	}
	return f
}

// Run delivers entries until ctx is done. Then it closes the remaining
// connections, and returns when nothing writes any more.
func (f *Fan) Run(ctx context.Context) {
	var wg sync.WaitGroup
	for _, s := range f.shards {
		wg.Go(func() { s.run(ctx) })
	}
	wg.Wait()
	f.slow.Wait()
}

// Wake tells the shards that r has new entries. It does not block.
func (f *Fan) Wake(r *room.Room) {
	for _, s := range f.shards {
		s.wakeRoom(r)
	}
}

// Add takes over writing to conn, and closing it. The client gets frames passed
// to Send from now on, and room frames after Attach.
func (f *Fan) Add(conn *net.TCPConn) (*Client, error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return nil, err
	}
	if f.opts.SendBuffer > 0 {
		if err := conn.SetWriteBuffer(f.opts.SendBuffer); err != nil {
			return nil, err
		}
	}
	var fd uintptr
	if err := raw.Control(func(n uintptr) { fd = n }); err != nil {
		return nil, err
	}
	s := f.shards[f.next.Add(1)%uint64(len(f.shards))]
	c := &Client{conn: conn, fd: fd, shard: s, index: -1}
	c.lastProgress.Store(never)
	c.Alive()
	return c, nil
}
