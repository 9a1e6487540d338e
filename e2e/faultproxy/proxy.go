// Package faultproxy is a TCP proxy that breaks connections the way networks
// do, between a server and Redis or between clients and the load balancer. It
// runs in the test's process and needs no privileges.
package faultproxy

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"sync"
	"syscall"
	"time"
)

// Direction is a direction of traffic.
type Direction int

// The two directions, and both.
const (
	Up   Direction = 1 << iota // from the client to the target
	Down                       // from the target to the client
	Both = Up | Down
)

// Proxy passes connections on to one target. Its methods may be called from any
// goroutine and apply to existing and new connections, unless they say
// otherwise.
type Proxy struct {
	// Set at construction.

	listener net.Listener
	target   string
	narrow   bool           // its sockets have tiny buffers
	running  sync.WaitGroup // the acceptor and the pumps

	// Guarded by mu.

	mu      sync.Mutex
	closed  bool
	links   map[*link]struct{}
	held    Direction
	dribble Direction
	delay   map[Direction]time.Duration
	drop    []byte        // the next request that contains this gets no reply; nil: none
	wanted  []byte        // the same, until its reply was dropped
	dropped int           // replies
	changed chan struct{} // closed when held changes
}

// Listen starts a proxy for the target, host:port, on a free port of 127.0.0.1.
// The caller closes it.
func Listen(target string) (*Proxy, error) { return listen(target, false) }

// Narrow is Listen for a proxy with tiny socket buffers, so that the target
// soon notices a client that does not read.
func Narrow(target string) (*Proxy, error) { return listen(target, true) }

func listen(target string, narrow bool) (*Proxy, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("open a fault proxy for %s: %w", target, err)
	}
	p := &Proxy{
		listener: l,
		target:   target,
		narrow:   narrow,
		links:    map[*link]struct{}{},
		delay:    map[Direction]time.Duration{},
		changed:  make(chan struct{}),
	}
	p.running.Go(p.accept)
	return p, nil
}

// Addr returns where the proxy listens, host:port.
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// Close ends every connection and waits for its goroutines.
func (p *Proxy) Close() error {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	err := p.listener.Close()
	p.Cut()
	p.running.Wait()
	if err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("close a fault proxy: %w", err)
	}
	return nil
}

// Cut resets all existing connections (RST), on both sides. New ones are
// accepted.
func (p *Proxy) Cut() {
	for _, l := range p.open() {
		l.reset()
	}
}

// Blackhole blocks the given direction instead of that of an earlier call. No
// side is told: connections stay open, and new ones are accepted. Data sent
// meanwhile waits, as TCP would retransmit it, and arrives after Heal.
func (p *Proxy) Blackhole(d Direction) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.held = d
	close(p.changed)
	p.changed = make(chan struct{})
}

// Strand blocks existing connections for good, like a firewall that has dropped
// their state. No side is told, and new connections pass.
func (p *Proxy) Strand() {
	for _, l := range p.open() {
		l.stranded.Store(true)
	}
}

// Delay delays each piece of data. It lowers the throughput, too: a piece has
// at most 32 KiB.
func (p *Proxy) Delay(d Direction, by time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, way := range []Direction{Up, Down} {
		if d&way != 0 {
			p.delay[way] = by
		}
	}
}

// Dribble passes one byte at a time in the given direction, at most 20,000 a
// second.
func (p *Proxy) Dribble(d Direction) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dribble = d
}

// DropReply drops the next reply to a request that contains these bytes. The
// target receives the whole request, and the connection is cut when it begins
// to reply. The client cannot know whether the request was executed. It applies
// once: if the connection ends before the reply, to the next such request.
func (p *Proxy) DropReply(request string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.drop = []byte(request)
	p.wanted = p.drop
}

// Dropped returns how many replies DropReply has dropped.
func (p *Proxy) Dropped() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.dropped
}

// HalfClose ends the given direction of existing connections, as shutdown(2)
// does: the receiver reads EOF, and the other direction continues.
func (p *Proxy) HalfClose(d Direction) {
	for _, l := range p.open() {
		l.halfClose(d)
	}
}

// Heal ends Blackhole, Delay, Dribble, and a DropReply that has not happened
// yet.
func (p *Proxy) Heal() {
	p.Delay(Both, 0)
	p.Dribble(0)
	p.mu.Lock()
	p.drop, p.wanted = nil, nil
	p.mu.Unlock()
	p.Blackhole(0)
}

// Open returns how many connections there are.
func (p *Proxy) Open() int { return len(p.open()) }

func (p *Proxy) open() []*link {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := make([]*link, 0, len(p.links))
	for l := range p.links {
		all = append(all, l)
	}
	return all
}

func (p *Proxy) accept() {
	for {
		conn, err := p.listener.Accept()
		if err != nil {
			return // closed; a loopback listener ends for no other reason
		}
		p.running.Go(func() { p.connect(conn.(*net.TCPConn)) })
	}
}

// narrowBuffer is the buffer size of a narrow proxy's sockets; the kernel
// doubles it.
const narrowBuffer = 4096

func receiveLittle(_, _ string, conn syscall.RawConn) error {
	var err error
	if outer := conn.Control(func(fd uintptr) {
		err = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, narrowBuffer)
	}); outer != nil {
		return outer
	}
	return err
}

// connect serves one connection until it ends.
func (p *Proxy) connect(caller *net.TCPConn) {
	dialer := net.Dialer{Timeout: 5 * time.Second}
	if p.narrow {
		_ = caller.SetWriteBuffer(narrowBuffer)
		dialer.Control = receiveLittle // before connecting, or the window is large
	}
	conn, err := dialer.Dial("tcp", p.target)
	if err != nil {
		_ = caller.SetLinger(0) // the target refuses, so the proxy does
		caller.Close()
		return
	}
	l := &link{
		proxy: p,
		ends:  map[Direction]*net.TCPConn{Up: conn.(*net.TCPConn), Down: caller},
		over:  make(chan struct{}),
	}
	p.mu.Lock()
	p.links[l] = struct{}{}
	late := p.closed
	p.mu.Unlock()
	if late {
		l.reset()
	}
	var pumps sync.WaitGroup
	pumps.Go(func() { l.pump(Up) })
	pumps.Go(func() { l.pump(Down) })
	pumps.Wait()
	l.reset()
	p.mu.Lock()
	delete(p.links, l)
	if l.silent.Load() { // it ended before the reply
		p.drop = p.wanted
	}
	p.mu.Unlock()
}

// manner describes how to pass on a piece.
type manner struct {
	held    bool
	dribble bool
	delay   time.Duration
	changed <-chan struct{} // closed when the manner may have changed
}

func (p *Proxy) manner(d Direction) manner {
	p.mu.Lock()
	defer p.mu.Unlock()
	return manner{p.held&d != 0, p.dribble&d != 0, p.delay[d], p.changed}
}

// marks reports, once, whether the reply to this request is to be dropped.
func (p *Proxy) marks(request []byte) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.drop == nil || !bytes.Contains(request, p.drop) {
		return false
	}
	p.drop = nil
	return true
}

func (p *Proxy) countDropped() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dropped++
	p.wanted = p.drop // nil, unless another one is wanted already
}
