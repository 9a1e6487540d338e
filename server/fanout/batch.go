package fanout

import (
	"golang.org/x/sys/unix"

	"livechat/server/room"
)

const (
	maxFrames = 64        // of the room in one write
	maxBytes  = 256 << 10 // of the room in one write
)

// batch is what one write takes: frames of a client's side queue, then frames of its room. It is used again and again.
type batch struct {
	frames [][]byte
	iov    []unix.Iovec // the same frames, as writev wants them
	bytes  int
	side   int      // how many of frames are the client's own
	next   []uint64 // next[i]: the cursor once the room's i-th frame was begun
	last   uint64   // seq of the last entry that was looked at
	end    uint64   // the cursor once everything was begun
}

func (b *batch) reset(cursor uint64) {
	clear(b.frames) // the ring may forget them
	clear(b.iov)
	*b = batch{frames: b.frames[:0], iov: b.iov[:0], next: b.next[:0], end: cursor}
}

func (b *batch) addSide(frame []byte) {
	b.add(frame)
	b.side++
}

func (b *batch) add(frame []byte) {
	b.frames = append(b.frames, frame)
	b.iov = append(b.iov, unix.Iovec{Base: &frame[0], Len: uint64(len(frame))})
	b.bytes += len(frame)
}

// owe keeps the client's own frames of b from the i-th on.
func (c *Client) owe(b *batch, i int) { c.owed = append([][]byte(nil), b.frames[i:b.side]...) }

// fillFor adds what a client lacks of its room up to head. It returns false if the ring has overtaken the client.
func (b *batch) fillFor(c *Client, head uint64) bool {
	if c.catching {
		return b.fillCatching(c, c.room.Ring(), head)
	}
	return b.fill(c.room.Ring(), head)
}

// fill adds the entries from b.end up to head, as many as one write takes. It returns false if the ring has overtaken b.end.
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

// fillCatching is fill for a client that is not to see everything: see room.Start.
func (b *batch) fillCatching(c *Client, ring *room.Ring, head uint64) bool {
	for b.end < head && len(b.next) < maxFrames && b.bytes < maxBytes {
		e := ring.At(b.end)
		if e == nil {
			return false
		}
		if e.Kind == room.Reset && c.after > 0 {
			if len(b.next) > 0 {
				return true // first what is before it: seqs are compared differently behind
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

// consume notes in c that n bytes of b were written. It returns how many of the room's frames were begun, and whether that was all.
func (b *batch) consume(c *Client, n int) (begun int, whole bool) {
	if n == b.bytes {
		c.owed = nil
		c.advance(b.end, b.last)
		return len(b.next), true
	}
	i := 0
	for n >= len(b.frames[i]) {
		n -= len(b.frames[i])
		i++
	}
	switch {
	case i < b.side: // the client's own frames were taken from its queue: they are owed
		c.owe(b, i)
		c.owed[0] = c.owed[0][n:]
		return 0, false
	case n > 0: // a frame that was begun must be ended
		c.owed = [][]byte{b.frames[i][n:]}
		c.cursor = b.next[i-b.side]
		return i - b.side + 1, false
	default: // the rest is still in the ring
		c.owed = nil
		if i > b.side {
			c.cursor = b.next[i-b.side-1]
		}
		return i - b.side, false
	}
}

// advance moves the cursor to a position before which everything was written; seq is that of the last entry before it.
func (c *Client) advance(cursor, seq uint64) {
	c.cursor = cursor
	if c.catching && cursor >= c.live && seq >= c.after {
		c.catching = false
	}
}
