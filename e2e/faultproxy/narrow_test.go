package faultproxy

import (
	"net"
	"testing"
	"time"
)

// Behind a narrow proxy, a target that writes to a client that does not read
// notices it much sooner.
func TestNarrow(t *testing.T) {
	room := func(open func(string) (*Proxy, error)) (n int) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		p, err := open(l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		caller, err := net.Dial("tcp", p.Addr())
		if err != nil {
			t.Fatal(err)
		}
		defer caller.Close()
		_ = caller.(*net.TCPConn).SetReadBuffer(4096) // the same at both proxies
		conn, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		_ = conn.(*net.TCPConn).SetWriteBuffer(4096)
		_ = conn.SetWriteDeadline(time.Now().Add(time.Second))
		for piece := make([]byte, 4096); ; {
			m, err := conn.Write(piece)
			if n += m; err != nil || n > 64<<20 {
				return n
			}
		}
	}
	wide, narrow := room(Listen), room(Narrow)
	t.Logf("%d and %d bytes", wide, narrow)
	if narrow > 256<<10 || 2*narrow > wide {
		t.Errorf("a narrow proxy buffers %d bytes, a normal one %d", narrow, wide)
	}
}
