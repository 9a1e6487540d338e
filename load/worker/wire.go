package worker

import (
	"bufio"
	"encoding/gob"
	"net"
	"sync"
	"time"

	"livechat/load/plan"
	"livechat/load/record"
	"livechat/load/run"
)

// The conversation: a line of the coordinator with the version of its load
// tool, a line of the worker that accepts or refuses, and then orders and
// answers, each a gob. Both sides also send a sign of life from time to time.
//
//	coordinator  worker
//	prepare -> checks its limits, asks the servers for theirs
//	        <- ready
//	join    -> connects its clients
//	        <- joined
//	begin   -> sends messages from that moment on
//	        <- answered: how far the logs reach
//	settle  -> waits until its clients are as far as any worker knows
//	        <- logs, outcome
//
// Seconds come all the time from join on. A fault ends the run.

// order is what the coordinator tells a worker. One field is set, except that a
// zero order is a sign of life.
type order struct {
	Ping    uint64 // an answer is wanted at once
	Prepare *prepare
	Join    *join
	Begin   *begin
	Settle  *settle

	DropAll   bool
	End       bool // the schedule
	Window    bool // an answer is wanted
	Elsewhere *elsewhere
}

type prepare struct {
	Settings plan.Settings // with the worker's share; the scenario by name
	ID       string
	Index    int
}

type join struct {
	Publishers int
	MaxRate    float64
	Began      time.Duration // of the run, on the worker's clock
}

type begin struct {
	Zero time.Duration // when the first message is due, on the worker's clock
}

type settle struct {
	Cut     []run.Position
	Reacted []run.Reacted // of all workers
}

// elsewhere is how many clients other workers have connected.
type elsewhere struct{ Clients int64 }

// answer is what a worker tells the coordinator. One field is set.
type answer struct {
	Pong     *pong
	Ready    *ready
	Joined   bool
	Answered *answered
	Log      *run.Log
	Outcome  *run.Outcome // the end; all logs have come

	Status *status // also the sign of life
	Second *second
	Window *run.Measured
	Fault  string
}

// pong is the answer to a ping, by the worker's clock.
type pong struct {
	Ping           uint64
	Received, Sent time.Duration
	Wall           time.Time // when it was sent, as the machine's calendar has it
}

type ready struct {
	Limit   float64 // of messages a second per connection; 0: none
	Machine string
}

type answered struct {
	Reached []run.Position
	Reacted []run.Reacted
}

type status struct {
	run.Status
	Drops int64 // orders to end all connections, which Breaks includes
}

func (s *status) online() (n int64) {
	for _, clients := range s.Online {
		n += int64(clients)
	}
	return n
}

type second struct {
	record.Second
	Other     int64 // duplicated and reordered so far
	Latencies map[string]run.Histogram
	Marks     []record.Mark
	Wanted    int64         // clients that should be connected
	Totals    record.Totals // so far
}

const (
	writeTime   = 30 * time.Second // for one order or answer
	lifeSign    = 200 * time.Millisecond
	helloTime   = 10 * time.Second // for TLS and the first lines
	busyTime    = 5 * time.Second  // that a worker may take to end its last run
	defaultMute = 20 * time.Second // without a sign of life, the other side is gone
)

// link carries orders or answers. One goroutine may receive; send is safe for
// concurrent use.
type link struct {
	conn net.Conn
	mute time.Duration // longest silence
	dec  *gob.Decoder

	mu  sync.Mutex
	out *bufio.Writer
	enc *gob.Encoder
}

func newLink(conn net.Conn, in *bufio.Reader, mute time.Duration) *link {
	out := bufio.NewWriter(conn)
	return &link{conn: conn, mute: mute, dec: gob.NewDecoder(in), out: out, enc: gob.NewEncoder(out)}
}

func (l *link) send(v any) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.conn.SetWriteDeadline(time.Now().Add(writeTime)); err != nil {
		return err
	}
	if err := l.enc.Encode(v); err != nil {
		return err
	}
	return l.out.Flush()
}

// receive returns an error if nothing comes for the time of mute.
func (l *link) receive(v any) error {
	if err := l.conn.SetReadDeadline(time.Now().Add(l.mute)); err != nil {
		return err
	}
	return l.dec.Decode(v)
}
