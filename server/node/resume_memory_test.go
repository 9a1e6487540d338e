package node

import (
	"fmt"
	"net"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/gorilla/websocket"

	"livechat/internal/poll"
	"livechat/internal/testredis"
	"livechat/server/chat"
)

// TestResumeFromFarBehindNeedsLittleMemory: clients that request everything in
// a room of the longest texts, and then read nothing, make the server hold
// little of it.
func TestResumeFromFarBehindNeedsLittleMemory(t *testing.T) {
	const sockets, most = 300, 64 << 20
	r := testredis.New(t)
	r.Start()
	n := start(t, "REDIS_URL="+r.URL, "ROLE=ws", "RING_SIZE=256", "MESSAGE_RATE=0", "WRITE_TIMEOUT=60s",
		"PING_INTERVAL=60s", "PONG_TIMEOUT=60s", "SEND_BUFFER=4096")
	p := dial(t, n)
	text := strings.Repeat("🙂", 3999)
	for i := range 700 {
		p.send(fmt.Sprint(i%10, text))
		p.next("message")
	}
	first := chat.Position{Epoch: p.welcome.Epoch, Seq: 1}

	before := heap()
	dialer := websocket.Dialer{NetDial: func(network, addr string) (net.Conn, error) {
		d := net.Dialer{Control: func(_, _ string, c syscall.RawConn) error {
			return c.Control(
				func(fd uintptr) { _ = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 4096) },
			)
		}}
		return d.Dial(network, addr)
	}}
	for range sockets {
		conn, resp, err := dialer.DialContext(t.Context(), address(n, "after="+first.String()), nil)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		t.Cleanup(func() { _ = conn.Close() })
	}
	poll.Until(t, "the pages of all are written", func() bool {
		return scrape(t, n)["livechat_slow_clients"] >= sockets
	})
	steady, calm := heap(), 0
	poll.Until(t, "no more is read for them", func() bool {
		last := steady
		if steady, calm = heap(), calm+1; steady > last+1<<20 {
			calm = 0
		}
		return calm == 10
	})
	if grown := int64(steady) - int64(before); grown > most {
		t.Errorf("%d sockets that read nothing hold %d MB, want %d at most", sockets, grown>>20, most>>20)
	} else {
		t.Logf("%d sockets that read nothing hold %d MB", sockets, grown>>20)
	}
}

// heap returns the bytes in use.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
