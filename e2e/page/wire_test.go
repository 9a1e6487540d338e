package page

import (
	"io"
	"net"
	"sync"
	"testing"
)

// wire is a connection between clients and HAProxy that a test can cut.
type wire struct {
	listener net.Listener
	running  sync.WaitGroup

	mu     sync.Mutex
	target string
	open   map[net.Conn]bool
	closed bool
}

// newWire listens on a free port of the given loopback host until the test
// ends.
func newWire(t *testing.T, host string) *wire {
	listener, err := net.Listen("tcp", host+":0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{listener: listener, open: map[net.Conn]bool{}}
	w.running.Go(w.accept)
	t.Cleanup(func() {
		w.mu.Lock()
		w.closed = true
		w.mu.Unlock()
		listener.Close()
		w.cut()
		w.running.Wait()
	})
	return w
}

// connectTo sets the target.
func (w *wire) connectTo(target string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.target = target
}

// cut resets every connection. New ones get through.
func (w *wire) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for conn := range w.open {
		if tcp, ok := conn.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0) // reset, as by a router that lost its state
		}
		conn.Close()
	}
}

func (w *wire) accept() {
	for {
		near, err := w.listener.Accept()
		if err != nil {
			return
		}
		w.running.Go(func() { w.carry(near) })
	}
}

func (w *wire) carry(near net.Conn) {
	w.mu.Lock()
	target := w.target
	w.mu.Unlock()
	far, err := net.Dial("tcp", target)
	if err != nil {
		near.Close()
		return
	}
	if !w.add(near, far) {
		return
	}
	defer w.remove(near, far)
	var both sync.WaitGroup
	copyTo := func(to, from net.Conn) {
		_, _ = io.Copy(to, from) // ends with either side
		to.Close()
		from.Close()
	}
	both.Go(func() { copyTo(far, near) })
	both.Go(func() { copyTo(near, far) })
	both.Wait()
}

func (w *wire) add(conns ...net.Conn) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, conn := range conns {
		if w.closed {
			conn.Close()
			continue
		}
		w.open[conn] = true
	}
	return !w.closed
}

func (w *wire) remove(conns ...net.Conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, conn := range conns {
		delete(w.open, conn)
	}
}
