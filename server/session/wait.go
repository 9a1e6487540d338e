package session

import "golang.org/x/sys/unix"

// An idle connection is a goroutine that waits for its next frame. Inside a read it would do so on a 4 KB stack; here it waits near the
// bottom of a 2 KB one, until there is something to read.

// waitReadable returns when something can be read, or an error when nothing ever will.
func (c *conn) waitReadable() error {
	if c.in.Buffered() > 0 || len(c.sock.early) > 0 {
		return nil
	}
	return c.raw.Read(readable)
}

// readable says, without taking anything, whether a read would return at once: data, the end, or an error.
func readable(fd uintptr) bool {
	var b [1]byte
	_, _, err := unix.Recvfrom(int(fd), b[:], unix.MSG_PEEK|unix.MSG_DONTWAIT)
	return err != unix.EAGAIN && err != unix.EINTR
}
