package fanout

import (
	"golang.org/x/sys/unix"

	"livechat/server/room"
)

const (
	maxFrames = 64        // room frames in one write
	maxBytes  = 256 << 10 // bytes of room frames in one write
)

// batch is what one write takes: frames from a client's control queue, then
// frames of its room. It is reused.
type batch struct {
	frames [][]byte
	iov    []unix.Iovec // the same frames, for writev
	bytes  int
	own    int // how many of frames are from the control queue
	// next[i] is the cursor once the room's i-th frame was started.
	next []uint64
	last uint64 // seq of the last entry examined
	end  uint64 // the cursor once all frames were started
}

func (b *batch) reset(cursor uint64) {
	clear(b.frames) // the ring may release them
	clear(b.iov)
	*b = batch{frames: b.frames[:0], iov: b.iov[:0], next: b.next[:0], end: cursor}
}

func (b *batch) addOwn(frame []byte) {
	b.add(frame)
	b.own++
}

func (b *batch) add(frame []byte) {
	b.frames = append(b.frames, frame)
	b.iov = append(b.iov, unix.Iovec{Base: &frame[0], Len: uint64(len(frame))})
	b.bytes += len(frame)
}

// keepUnsent keeps b's control frames from the i-th on in c.unsent.
func (c *Client) keepUnsent(b *batch, i int) { c.unsent = append([][]byte(nil), b.frames[i:b.own]...) }

// fillFor adds the room's entries between the client and head. It returns false
// if the ring has overtaken the client.
func (b *batch) fillFor(c *Client, head uint64) bool {
	if c.catchingUp {
		return b.fillCatchingUp(c, c.room.Ring(), head)
	}
	return b.fill(c.room.Ring(), head)
}

// fill adds entries from b.end up to head, as many as fit in one write. It
// returns false if the ring has overtaken b.end.
func (b *batch) fill(ring *room.Ring, head uint64) bool {
	for b.end < head && len(b.next) < maxFrames && b.bytes < maxBytes {
		e := ring.At(b.end)
		if e == nil {
			return false
		}
		b.addEntry(e)
	}
	return true
}

// fillCatchingUp is fill for a client that skips some entries: see room.Start.
func (b *batch) fillCatchingUp(c *Client, ring *room.Ring, head uint64) bool {
	for b.end < head && len(b.next) < maxFrames && b.bytes < maxBytes {
		e := ring.At(b.end)
		if e == nil {
			return false
		}
		if e.Kind == room.Reset && c.after > 0 {
			if len(b.next) > 0 {
				// Send what is before it first: seqs after it are compared
				// differently.
				return true
			}
			c.cursor, c.after = b.end, 0
		}
		before := b.end < c.live && e.Kind != room.Message
		if before || e.Kind == room.Message && e.Seq <= c.after {
			b.end++
			b.last = e.Seq
			continue
		}
		b.addEntry(e)
	}
	return true
}

func (b *batch) addEntry(e *room.Entry) {
	b.add(e.Frame)
	b.end++
	b.next = append(b.next, b.end)
	b.last = e.Seq
}

// consume records in c that n bytes of b were written. It returns how many of
// the room's frames were started, and whether all of b was written.
func (b *batch) consume(c *Client, n int) (begun int, whole bool) {
	if n == b.bytes {
		c.unsent = nil
		c.advance(b.end, b.last)
		return len(b.next), true
	}
	i := 0
	for n >= len(b.frames[i]) {
		n -= len(b.frames[i])
		i++
	}
	switch {
	case i < b.own: // control frames were taken from the queue: keep them
		c.keepUnsent(b, i)
		c.unsent[0] = c.unsent[0][n:]
		return 0, false
	case n > 0: // a frame that was started must be finished
		c.unsent = [][]byte{b.frames[i][n:]}
		c.cursor = b.next[i-b.own]
		return i - b.own + 1, false
	default: // the ring still has the rest
		c.unsent = nil
		if i > b.own {
			c.cursor = b.next[i-b.own-1]
		}
		return i - b.own, false
	}
}

// advance moves the cursor to a position before which everything was written;
// seq is that of the last entry before it.
func (c *Client) advance(cursor, seq uint64) {
	c.cursor = cursor
	if c.catchingUp && cursor >= c.live && seq >= c.after {
		c.catchingUp = false
	}
}
