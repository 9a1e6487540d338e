package faultproxy

import (
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// dribblePause lets the receiver read a byte before the next one comes.
// Otherwise the kernel would join them again.
const dribblePause = 50 * time.Microsecond

// link is one connection through the proxy: two sockets and a pump for each
// direction.
type link struct {
	// Set at construction.

	proxy *Proxy
	ends  map[Direction]*net.TCPConn // destination of each direction
	over  chan struct{}              // closed by reset

	once   sync.Once
	silent atomic.Bool // drop the reply that comes now

	stranded atomic.Bool // nothing passes any more
}

// reset ends both sides at once and drops what has not been passed on. A link
// that has ended properly is merely closed.
func (l *link) reset() {
	l.once.Do(func() {
		close(l.over)
		for _, conn := range l.ends {
			_ = conn.SetLinger(0) // RST instead of FIN; a closed socket does not mind
			conn.Close()
		}
	})
}

// halfClose ends one direction for its receiver. The pump goes on reading, so
// that the sender does not notice, and its writes fail.
func (l *link) halfClose(d Direction) {
	for way, conn := range l.ends {
		if d&way != 0 {
			_ = conn.CloseWrite() // a closed socket does not mind
		}
	}
}

// pump passes on the data of one direction until it ends.
func (l *link) pump(d Direction) {
	from, to := l.ends[Both&^d], l.ends[d]
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if n > 0 && !l.pass(d, to, buffer[:n]) {
			return
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			l.reset() // since it was reset on our side
			return
		}
	}
	// The sender's end is data, too: a blackhole also swallows it.
	if l.wait(d).held {
		return
	}
	_ = to.CloseWrite() // a closed socket does not mind
}

// pass passes on one piece in the current manner. It returns false when the
// link is over.
func (l *link) pass(d Direction, to *net.TCPConn, piece []byte) bool {
	m := l.wait(d)
	if m.held {
		return false
	}
	if d == Up && l.proxy.marks(piece) {
		l.silent.Store(true)
	}
	if d == Down && l.silent.CompareAndSwap(true, false) {
		l.proxy.countDropped()
		l.reset()
		return false
	}
	if m.delay > 0 && !l.sleep(m.delay) {
		return false
	}
	step := len(piece)
	if m.dribble {
		step = 1
	}
	for at := 0; at < len(piece); at += step {
		if _, err := to.Write(piece[at : at+step]); err != nil {
			// the receiver is gone or half closed: go on reading, and drop the
			// data
			return !l.isOver()
		}
		if m.dribble && !l.sleep(dribblePause) {
			return false
		}
	}
	return true
}

// wait returns the manner once the direction is not blocked. held is true if
// the link ended before.
func (l *link) wait(d Direction) manner {
	for {
		m := l.proxy.manner(d)
		if l.stranded.Load() {
			m.held = true
			<-l.over
			return m
		}
		if !m.held {
			return m
		}
		select { // a link may be stranded while it waits
		case <-m.changed:
		case <-l.over:
			return m
		}
	}
}

func (l *link) sleep(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-l.over:
		return false
	}
}

func (l *link) isOver() bool {
	select {
	case <-l.over:
		return true
	default:
		return false
	}
}
