package session

import (
	"bufio"
	"sync"

	"golang.org/x/sys/unix"
)

// Most connections say nothing most of the time, and there are many of them. One that says nothing is a goroutine that waits at the bottom of
// a 2 KB stack, and no read buffer. What reading needs, it gets when there is something to read: a goroutine whose stack may grow, since a stack
// that did never becomes so small again, and a buffer, lent.

// listen sets the reader going, which ends the connection. Whoever calls it has counted it in readers.
func (c *conn) listen() {
	if len(c.sock.early) > 0 {
		go c.read(nil)
	} else {
		go c.wait()
	}
}

// wait goes over to read when there is something to read, or nothing ever will be. Everything it calls must stay shallow.
func (c *conn) wait() {
	err := c.raw.Read(readable)
	go c.read(err)
}

// readable says, without taking anything, whether a read would return at once: data, the end, or an error.
func readable(fd uintptr) bool {
	var b [1]byte
	_, _, err := unix.Recvfrom(int(fd), b[:], unix.MSG_PEEK|unix.MSG_DONTWAIT)
	return err != unix.EAGAIN && err != unix.EINTR
}

// read takes what there is, and goes back to wait or ends the connection.
func (c *conn) read(err error) {
	if err == nil {
		err = c.readSome()
	}
	if err != nil {
		c.dropMessage()
		c.over(err)
		return
	}
	go c.wait()
}

// readBuffer is the size of a read buffer in bytes. It holds the largest control frame (RFC 6455 section 5.5) and most messages; of longer ones
// most bytes go past it.
const readBuffer = 1024

var buffers = sync.Pool{New: func() any { return bufio.NewReaderSize(nil, readBuffer) }}

// readSome reads frames until none is begun. An error means that the connection is over.
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
