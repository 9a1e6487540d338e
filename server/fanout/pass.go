package fanout

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// This file is the hot path: everything in it runs once per delivery or once per pass, and allocates nothing.

// passGroup brings all clients of a room to its head.
func (s *shard) passGroup(g *group) {
	head := g.room.Ring().Head()
	s.count.frames = max(s.count.frames, head-g.done)
	g.done = head
	slow, behind, straggler := 0, head, head
	now := s.clock.Load()
	for i := 0; i < len(g.clients); {
		c := g.clients[i]
		if !c.slow && c.cursor < head { // in this order: while it is slow, its cursor is another's
			s.advance(c, head)
		}
		if c.slow {
			ago, at := now-c.took.Load(), c.at.Load()
			if ago <= recent {
				slow++
				behind = min(behind, at)
			}
			if ago <= lately || now-c.full <= lately {
				straggler = min(straggler, at)
			}
		}
		if i < len(g.clients) && g.clients[i] == c { // else it left, and another one took its place
			i++
		}
	}
	if slow < crowd || slow*crowdShare < len(g.clients) {
		behind = head
	}
	g.follower.Advance(head, behind, straggler)
}

// A crowd is so many of a room's clients on a shard, and one in so many of them, that are slow at the same time, each of which has taken
// something while it was slow, within so many ticks. See room.Follower. That its socket has just become full makes nobody a part of it: so do those
// of clients that do not read at all. A straggler is a single one of whom one or the other is true within more ticks.
const (
	crowd      = 4
	crowdShare = 32
	recent     = 2
	lately     = 5
	never      = -lately
)

// advance writes to one client what it lacks of its room up to head. Most clients lack the same: they share a batch.
func (s *shard) advance(c *Client, head uint64) {
	for !c.slow && c.index >= 0 && c.cursor < head {
		b := &s.common
		if c.catching {
			b = &s.single
		}
		if c.catching || s.of != c.room || s.from != c.cursor {
			s.of = nil
			b.reset(c.cursor)
			if !b.fillFor(c, head) {
				s.handOver(c) // whose goroutine finds the same, and says so to the client
				return
			}
			if !c.catching {
				s.of, s.from = c.room, c.cursor
			}
		}
		s.write(c, b)
	}
}

// flush writes to one client what waits for it alone, and with it what it lacks of its room.
func (s *shard) flush(c *Client) {
	if c.slow || c.gone {
		return // its goroutine will see it; or nobody has to
	}
	b := &s.single
	b.reset(c.cursor)
	closing := c.takeSide(b)
	var head uint64
	if c.room != nil && c.index >= 0 && !closing {
		head = c.room.Ring().Head()
		if !b.fillFor(c, head) {
			c.owe(b, 0)
			s.handOver(c)
			return
		}
	}
	if !s.write(c, b) {
		return
	}
	if closing {
		c.finish()
		s.leaveGroup(c)
		return
	}
	s.advance(c, head)
}

// write tries one write of b, and says whether all of it was taken. Of what was not, the client's own goroutine takes care.
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

// writeOnce is the one system call of a delivery. It cannot block, the socket does not: therefore the raw form of the call, which spares the
// runtime's bookkeeping for calls that may: 0.7 of 5.2 µs (BenchmarkPass). And nobody else closes the descriptor, which spares the locks against that.
func writeOnce(fd uintptr, iov []unix.Iovec) (n int, errno syscall.Errno) {
	for {
		var r uintptr
		if len(iov) == 1 {
			r, _, errno = syscall.RawSyscall(syscall.SYS_WRITE, fd, uintptr(unsafe.Pointer(iov[0].Base)), uintptr(iov[0].Len))
		} else {
			r, _, errno = syscall.RawSyscall(syscall.SYS_WRITEV, fd, uintptr(unsafe.Pointer(&iov[0])), uintptr(len(iov)))
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
