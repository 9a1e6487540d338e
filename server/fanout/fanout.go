// Package fanout moves cursors: it brings what was appended to rooms' rings to the sockets of their clients.
//
// Clients are spread over shards, one per processor. A new entry wakes the shards that have clients in its room; a shard's pass
// walks them and tries one non-blocking write each, of all frames between the client's cursor and the ring's head. No goroutine
// wakes per client, no frame is copied, nothing is allocated. The longer a pass takes, the more entries wait for the next one,
// and go out together: batching comes by itself.
//
// Only when a socket's buffer is full does the client get a goroutine of its own, which writes with a deadline and hands the client
// back when it has caught up. If the ring overtakes it meanwhile, it is cut off, and resumes like anybody who lost the connection.
//
// Every byte to a socket goes through its client's place here, pongs and closes too, because a frame may be half written. So
// a socket has one writer at any time: its shard, or the goroutine that its shard handed it to. And nobody but the shard closes it: its writes go past
// the runtime, which would else see to it that a descriptor is not closed, and perhaps somebody else's already, while it is written to.
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

// Options are what a Fan is made of.
type Options struct {
	Shards        int                      // 0 = one per processor that Go may use
	FlushInterval time.Duration            // how long a busy shard may put off its next pass; 0 = not at all: see pace
	WriteTimeout  time.Duration            // how long a full socket may take to accept more
	PingInterval  time.Duration            // between pings to a client
	PongTimeout   time.Duration            // how long a ping may go without any sign of life
	SendBuffer    int                      // the kernel's send buffer of a connection in bytes; 0 = the kernel's choice
	Passed        func(took time.Duration) // called after each pass that wrote something; must be quick; nil = nobody
	Metrics       *metrics.Set
	Logger        *slog.Logger
}

// Fan is the fan-out of one server.
type Fan struct {
	opts   Options
	shards []*shard
	next   atomic.Uint64  // shard of the next client
	slow   sync.WaitGroup // the goroutines of clients whose sockets are full
	pages  chan struct{}  // has an element for each of them that reads a page
	paging atomic.Int64   // of them are given pages
}

// New returns a fan-out that Run sets going.
func New(o Options) *Fan {
	if o.Shards == 0 {
		o.Shards = runtime.GOMAXPROCS(0)
	}
	f := &Fan{opts: o, pages: make(chan struct{}, pageReaders)}
	for range o.Shards {
		f.shards = append(f.shards, newShard(f))
	}
	return f
}

// Run passes entries on until ctx is done. Then it closes the connections that are left, and returns when nothing writes any more.
func (f *Fan) Run(ctx context.Context) {
	var wg sync.WaitGroup
	for _, s := range f.shards {
		wg.Go(func() { s.run(ctx) })
	}
	wg.Wait()
	f.slow.Wait()
}

// Wake tells the shards that r has new entries. It never blocks.
func (f *Fan) Wake(r *room.Room) {
	for _, s := range f.shards {
		s.wakeRoom(r)
	}
}

// Add takes over all writing to conn, and its closing. The client gets frames from its side queue, by Send, from now on, and the room's from Attach on.
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
	c.took.Store(never)
	c.Heard()
	return c, nil
}
