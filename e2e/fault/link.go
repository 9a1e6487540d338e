package fault

import (
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// dribblePause lets the receiver read a byte before the next one comes; else the kernel puts them together again.
const dribblePause = 50 * time.Microsecond

// link is one connection through the proxy: two sockets and a pump for each direction.
type link struct {
	// Set at construction.

	proxy *Proxy
	ends  map[Direction]*net.TCPConn // where each direction leads to
	over  chan struct{}              // closed by reset

	once   sync.Once
	silent atomic.Bool // the reply that comes now is to be lost

	stranded atomic.Bool // nothing goes through any more
}

// reset ends both sides at once; what has not been passed on is lost. A link that has ended in good order is merely closed.
func (l *link) reset() {
	l.once.Do(func() {
		close(l.over)
		for _, conn := range l.ends {
			_ = conn.SetLinger(0) // RST in place of FIN; on a closed socket there is nothing to do
			conn.Close()
		}
	})
}

// halfClose ends one direction for its receiver. The pump goes on reading, so that the sender notices nothing, and its writes fail.
func (l *link) halfClose(d Direction) {
	for way, conn := range l.ends {
		if d&way != 0 {
			_ = conn.CloseWrite() // on a closed socket there is nothing to do
		}
	}
}

// pump passes on what comes for one direction until it ends.
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
			l.reset() // as it was reset for us
			return
		}
	}
	// The sender has finished, which is data too: a blackhole swallows it as well.
	if l.wait(d).held {
		return
	}
	_ = to.CloseWrite() // on a closed socket there is nothing to do
}

// pass passes on one piece in the manner that holds now. It returns false when the link is over.
func (l *link) pass(d Direction, to *net.TCPConn, piece []byte) bool {
	m := l.wait(d)
	if m.held {
		return false
	}
	if d == Up && l.proxy.marks(piece) {
		l.silent.Store(true)
	}
	if d == Down && l.silent.Load() {
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
			return !l.isOver() // the receiver is gone, or its side was half closed: go on reading, and lose it
		}
		if m.dribble && !l.sleep(dribblePause) {
			return false
		}
	}
	return true
}

// wait returns the manner once the direction is not held; held is true if the link ended before.
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
		select { // whoever is stranded while he waits here is so when he looks again
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
