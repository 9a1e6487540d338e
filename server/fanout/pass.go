package fanout

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// This file is the hot path: everything in it runs once per delivery or once
// per pass, and allocates nothing.

// passGroup brings all clients of a room to its head.
func (s *shard) passGroup(g *group) {
	head := g.room.Ring().Head()
	s.count.frames = max(s.count.frames, head-g.done)
	g.done = head
	slow, laggards, straggler := 0, head, head
	now := s.clock.Load()
	for i := 0; i < len(g.clients); {
		c := g.clients[i]
		// Check slow first: while the client is slow, its goroutine owns the
		// cursor.
		if !c.slow && c.cursor < head {
			s.advance(c, head)
		}
		if c.slow {
			ago, at := now-c.lastProgress.Load(), c.progressAt.Load()
			if ago <= laggardTicks {
				slow++
				laggards = min(laggards, at)
			}
			if ago <= stragglerTicks || now-c.fullAt <= stragglerTicks {
				straggler = min(straggler, at)
			}
		}
		// Otherwise it left, and another client took its place.
		if i < len(g.clients) && g.clients[i] == c {
			i++
		}
	}
	if slow < minLaggards || slow*laggardsShare < len(g.clients) {
		laggards = head
	}
	g.follower.Advance(head, laggards, straggler)
}

// Laggards are clients of a room on one shard that are slow at the same time:
// at least minLaggards of them, and at least one in laggardsShare, each of
// which has taken bytes within laggardTicks while it was slow. See
// room.Follower. A socket that has just become full does not count: that also
// happens to clients that do not read at all. A straggler is a single client
// for which either is true within stragglerTicks.
const (
	minLaggards    = 4
	laggardsShare  = 32
	laggardTicks   = 2
	stragglerTicks = 5
	never          = -stragglerTicks
)

// advance writes to one client what it lacks of its room up to head. Most
// clients lack the same entries and share a batch.
func (s *shard) advance(c *Client, head uint64) {
	for !c.slow && c.index >= 0 && c.cursor < head {
		b := &s.common
		if c.catchingUp {
			b = &s.single
		}
		if c.catchingUp || s.of != c.room || s.from != c.cursor {
			s.of = nil
			b.reset(c.cursor)
			if !b.fillFor(c, head) {
				s.handOver(c) // its goroutine finds the same and closes the client
				return
			}
			if !c.catchingUp {
				s.of, s.from = c.room, c.cursor
			}
		}
		s.write(c, b)
	}
}

// flush writes a client's control queue, and what it lacks of its room.
func (s *shard) flush(c *Client) {
	if c.slow || c.detached {
		return // its goroutine sends it, or it is not needed any more
	}
	b := &s.single
	b.reset(c.cursor)
	closing := c.takeControl(b)
	var head uint64
	if c.room != nil && c.index >= 0 && !closing {
		head = c.room.Ring().Head()
		if !b.fillFor(c, head) {
			c.keepUnsent(b, 0)
			s.handOver(c)
			return
		}
	}
	if !s.write(c, b) {
		return
	}
	if closing {
		c.endSending()
		s.leaveGroup(c)
		return
	}
	s.advance(c, head)
}

// write tries one write of b and reports whether all of it was taken. Otherwise
// the client is handed to a goroutine of its own.
func (s *shard) write(c *Client, b *batch) bool {
	if b.bytes == 0 { // everything was skipped
		c.advance(b.end, b.last)
		return true
	}
	n, errno := writeOnce(c.fd, b.iov)
	if errno != 0 && errno != syscall.EAGAIN {
		c.cut(0)
		s.leaveGroup(c)
		return false
	}
	c.wrote(b.frames, n)
	s.count.writes++
	s.count.bytes += n
	begun, whole := b.consume(c, n)
	s.count.deliveries += begun
	if whole {
		return true
	}
	s.handOver(c)
	return false
}

// writeOnce is the one system call of a delivery. The socket is non-blocking,
// so the call cannot block. The raw form therefore skips the runtime's
// bookkeeping for blocking calls, which takes 0.7 of 5.2 µs (BenchmarkPass). No
// one else closes the descriptor, so the locks that protect against that are
// not needed either.
func writeOnce(fd uintptr, iov []unix.Iovec) (n int, errno syscall.Errno) {
	for {
		var r uintptr
		if len(iov) == 1 {
			r, _, errno = syscall.RawSyscall(syscall.SYS_WRITE, fd, uintptr(unsafe.Pointer(iov[0].Base)),
				uintptr(iov[0].Len))
		} else {
			r, _, errno = syscall.RawSyscall(syscall.SYS_WRITEV, fd, uintptr(unsafe.Pointer(&iov[0])),
				uintptr(len(iov)))
		}
		switch errno {
		case 0:
			return int(r), 0
		case syscall.EINTR:
		default:
			return 0, errno
		}
	}
}
