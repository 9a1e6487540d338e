//go:build !race

// The race detector's frames take more stack; `make test` runs this without it.

package socket

import (
	"net"
	"runtime"
	"testing"

	"livechat/internal/poll"
	"livechat/server/metrics"
	"livechat/server/wire"
)

// TestIdleConnectionNeedsASmallStack: a connection that waits for input after it
// has received some takes a 2 KB stack and no buffer. One more call on the way
// to wait's read would double the stack.
func TestIdleConnectionNeedsASmallStack(t *testing.T) {
	const n, each = 300, 2500 // bytes; stacks are powers of two
	inUse := func() int {
		runtime.GC() // frees the stacks of goroutines that have ended
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int(m.StackInuse)
	}
	before := inUse()
	var conns []*conn
	var clients []net.Conn
	for range n {
		c, client := idle(t)
		c.server.readers.Add(1)
		c.listen()
		conns, clients = append(conns, c), append(clients, client)
	}
	for i, client := range clients {
		if _, err := client.Write(frame(fin|wire.OpText, "typing?")); err != nil {
			t.Fatal(err)
		}
		poll.Until(t, "the frame is read", func() bool {
			return metrics.Value(conns[i].server.opts.Metrics.BytesIn) == 7
		})
	}
	poll.Until(t, "the stacks are small", func() bool {
		return inUse()-before < n*each
	})
	for i, client := range clients {
		_ = client.Close()
		conns[i].server.readers.Wait()
		if conns[i].in != nil {
			t.Error("a read buffer was not released")
		}
	}
}
