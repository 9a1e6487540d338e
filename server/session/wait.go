package session

import "golang.org/x/sys/unix"

// An idle connection is a goroutine that waits for its next frame. Inside a read of gorilla it would do so on a 4 KB stack; here
// it waits near the bottom of a 2 KB one, until there is something to read.

// waitReadable returns when something can be read, or an error when nothing ever will. Pongs, the only thing that idle clients send,
// are taken right here: gorilla would wait for the frame behind it before it returns.
func (c *conn) waitReadable() error {
	for {
		if c.in.Buffered() == 0 {
			if len(c.sock.early) == 0 {
				if err := c.raw.Read(readable); err != nil {
					return err
				}
			}
			// One read into the buffer, so that a pong can be seen.
			if _, err := c.in.Peek(1); err != nil {
				return err
			}
		}
		if !c.takePong() {
			return nil
		}
	}
}

// readable says, without taking anything, whether a read would return at once: data, the end, or an error.
func readable(fd uintptr) bool {
	var b [1]byte
	_, _, err := unix.Recvfrom(int(fd), b[:], unix.MSG_PEEK|unix.MSG_DONTWAIT)
	return err != unix.EAGAIN && err != unix.EINTR
}

// takePong consumes a pong that stands whole at the beginning of the buffer (RFC 6455 section 5.5.3): FIN, no reserved bit, masked.
func (c *conn) takePong() bool {
	const header, mask = 2, 4
	n := c.in.Buffered()
	if n < header+mask {
		return false
	}
	b, err := c.in.Peek(n)
	if err != nil || b[0] != 0x8A || b[1]&0x80 == 0 {
		return false
	}
	size := header + mask + int(b[1]&0x7F)
	if b[1]&0x7F > 125 || n < size {
		return false
	}
	_, _ = c.in.Discard(size) // it is there
	c.out.Heard()
	return true
}
