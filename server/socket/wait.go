package socket

import (
	"bufio"
	"sync"

	"golang.org/x/sys/unix"
)

// Most connections are idle most of the time. An idle one is a goroutine at the
// bottom of a 2 KB stack, without a read buffer. When there is something to
// read, a new goroutine, whose stack may grow, reads it with a pooled buffer: a
// stack that has grown does not shrink back that far.

// listen starts the reader, which ends the connection. The caller has added it
// to readers.
func (c *conn) listen() {
	if len(c.sock.early) > 0 {
		go c.read(nil)
	} else {
		go c.wait()
	}
}

// wait starts read when there is something to read or the connection broke.
// Everything that it calls must need little stack.
func (c *conn) wait() {
	err := c.raw.Read(readable)
	go c.read(err)
}

// readable reports, without consuming anything, whether a read would return at
// once: data, end of file, or an error.
func readable(fd uintptr) bool {
	var b [1]byte
	_, _, err := unix.Recvfrom(int(fd), b[:], unix.MSG_PEEK|unix.MSG_DONTWAIT)
	return err != unix.EAGAIN && err != unix.EINTR
}

// read reads what has arrived, then waits again or ends the connection.
func (c *conn) read(err error) {
	if err == nil {
		err = c.readSome()
	}
	if err != nil {
		c.dropMessage()
		c.finish(err)
		return
	}
	go c.wait()
}

// readBuffer is the size of a read buffer in bytes. It holds the largest
// control frame (RFC 6455 section 5.5) and most messages; the rest of longer
// ones bypasses it.
const readBuffer = 1024

var buffers = sync.Pool{New: func() any { return bufio.NewReaderSize(nil, readBuffer) }}

// readSome reads frames until none has begun. An error means that the
// connection is over.
func (c *conn) readSome() error {
	c.in = buffers.Get().(*bufio.Reader)
	c.in.Reset(c.sock)
	defer func() {
		c.in.Reset(nil)
		buffers.Put(c.in)
		c.in = nil
	}()
	for {
		if err := c.readFrame(); err != nil {
			return err
		}
		if c.in.Buffered() == 0 && len(c.sock.early) == 0 {
			return nil
		}
	}
}
