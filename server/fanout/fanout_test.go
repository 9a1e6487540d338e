package fanout

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"livechat/server/chat"
	"livechat/server/wire"
)

func TestClientsGetAllMessagesInOrder(t *testing.T) {
	const clients, messages = 2000, 50
	w := newWorld(t, 4096, nil)
	var wg sync.WaitGroup
	for range clients {
		_, conn := w.join()
		deadline(t, conn, time.Minute)
		wg.Go(func() { expectSeqs(t, conn, 1, messages) })
	}
	for range messages {
		w.publish(100)
	}
	wg.Wait()
}

// TestHistoryThenLive joins in the middle of traffic many times: no message may
// be lost between replayed and live ones.
func TestHistoryThenLive(t *testing.T) {
	const messages = 3000
	w := newWorld(t, 8192, nil)
	var wg sync.WaitGroup
	for i := range messages {
		w.publish(10)
		w.room.Broadcast(wire.Frame(wire.Typing{Type: "typing"}))
		if i%100 != 50 {
			continue
		}
		server, conn := w.dial()
		deadline(t, conn, time.Minute)
		c, err := w.fan.Add(server)
		if err != nil {
			t.Fatal(err)
		}
		c.Send(wire.TextFrame([]byte("welcome")))
		s := w.room.Join(20)
		c.Attach(w.room, s)
		first := w.seq - 19
		wg.Go(func() {
			if f, err := readFrame(conn); err != nil || string(f.payload) != "welcome" {
				t.Errorf("the first frame is %.40q, %v", f.payload, err)
			}
			typing := 0
			for want := first; want <= messages; {
				f, err := readFrame(conn)
				if err != nil {
					t.Errorf("waiting for %d: %v", want, err)
					return
				}
				if bytes.Contains(f.payload, []byte("typing")) {
					typing++
					continue
				}
				if got := seqOf(t, f); got != want {
					t.Errorf("got %d, want %d", got, want)
					return
				}
				want++
			}
			if most := messages - int(first) - 18; typing > most {
				t.Errorf("saw %d typing entries, only %d were sent after it joined", typing, most)
			}
		})
	}
	wg.Wait()
}

// TestFramesAreNeverInterleaved fills sockets many times while pongs, control
// frames and messages compete for them; the readers read odd numbers of bytes.
// Every byte must belong to a frame.
func TestFramesAreNeverInterleaved(t *testing.T) {
	const messages, clients, pings = 400, 8, 400
	w := newWorld(t, 1024, func(o *Options) { o.SendBuffer = 4096 })
	var wg sync.WaitGroup
	for i := range clients {
		c, conn := w.join()
		_ = conn.SetReadBuffer(4096)
		deadline(t, conn, time.Minute)
		done := make(chan struct{})
		wg.Go(func() {
			for n := range pings {
				c.Pong(fmt.Appendf(nil, "ping %d", n))
				c.Send(wire.TextFrame(bytes.Repeat([]byte{'a'}, 200)))
			}
			<-done
			c.Close(wire.CloseRestart)
		})
		wg.Go(func() {
			r := oneByte{conn, i%2 == 0}
			next, side := uint64(1), 0
			for next <= messages || side < pings {
				f, err := readFrame(r)
				if err != nil {
					t.Errorf("client %d at message %d, control frame %d: %v", i, next, side, err)
					close(done)
					return
				}
				switch {
				case f.op == 0xA:
					if !bytes.HasPrefix(f.payload, []byte("ping ")) {
						t.Errorf("pong %q", f.payload)
					}
				case f.payload[0] == 'a':
					side++
				default:
					if got := seqOf(t, f); got != next {
						t.Errorf("client %d: got message %d, want %d", i, got, next)
					}
					next++
				}
			}
			close(done)
			for { // only pongs may precede the close frame, and nothing follows it
				f, err := readFrame(r)
				if err != nil {
					t.Errorf("client %d: waiting for the close frame: %v", i, err)
					return
				}
				if f.op == 0x8 {
					break
				}
			}
			if _, err := readFrame(r); !errors.Is(err, io.EOF) {
				t.Errorf("client %d: after the close frame: %v", i, err)
			}
		})
	}
	for range messages {
		w.publish(1000)
	}
	wg.Wait()
}

// oneByte reads one byte at a time if slowly is set.
type oneByte struct {
	io.Reader
	slowly bool
}

func (r oneByte) Read(p []byte) (int, error) {
	if r.slowly && len(p) > 1 {
		p = p[:1]
	}
	return r.Reader.Read(p)
}

// A client may come from a server that received the newest messages earlier.
func TestClientAheadOfServer(t *testing.T) {
	w := newWorld(t, 256, nil)
	w.log.ahead = 2
	s, c, conn := w.idleShard(w.room.Resume(t.Context(), chat.Position{Epoch: epoch, Seq: 2}, 0))
	for range 4 {
		w.publish(10)
		s.flush(c)
	}
	expectSeqs(t, conn, 3, 4)
}

func TestPings(t *testing.T) {
	w := newWorld(t, 256,
		func(o *Options) { o.PingInterval, o.PongTimeout = 50*time.Millisecond, 100*time.Millisecond })
	alive, a := w.join()
	dead, d := w.join()
	deadline(t, a, time.Minute)
	deadline(t, d, time.Minute)
	var wg sync.WaitGroup
	wg.Go(func() {
		for range 10 { // longer than the pong timeout of the other one
			f, err := readFrame(a)
			if err != nil || f.op != 0x9 {
				t.Errorf("op %d, %v", f.op, err)
			}
			alive.Alive()
		}
	})
	defer wg.Wait()
	for pings := 0; ; {
		f, err := readFrame(d)
		if err != nil {
			t.Fatal(err)
		}
		if f.op == 0x9 {
			pings++
			continue
		}
		if code := binary.BigEndian.Uint16(f.payload); f.op != 0x8 || code != uint16(wire.CloseNoAnswer) ||
			pings == 0 {
			t.Errorf("after %d pings: op %d, code %d", pings, f.op, code)
		}
		break
	}
	if dead.Closed() != wire.CloseNoAnswer {
		t.Errorf("Closed() = %d", dead.Closed())
	}
}

func TestCloseEndsTheStream(t *testing.T) {
	w := newWorld(t, 256, nil)
	c, conn := w.join()
	deadline(t, conn, time.Minute)
	w.publish(10)
	expectSeqs(t, conn, 1, 1)
	c.Send(wire.TextFrame([]byte("last words")))
	c.Close(wire.CloseRestart)
	c.Close(wire.CloseTooSlow)
	c.Send(wire.TextFrame([]byte("never sent")))
	c.Pong([]byte("never sent"))
	w.publish(10)
	if f, err := readFrame(conn); err != nil || string(f.payload) != "last words" {
		t.Fatalf("got %q, %v", f.payload, err)
	}
	if f, err := readFrame(conn); err != nil || f.op != 0x8 ||
		binary.BigEndian.Uint16(f.payload) != uint16(wire.CloseRestart) {
		t.Fatalf("got op %d %q, %v", f.op, f.payload, err)
	}
	if f, err := readFrame(conn); !errors.Is(err, io.EOF) {
		t.Errorf("after the close frame: op %d %q, %v", f.op, f.payload, err)
	}
}

// Clients that leave during a pass do not affect those after them.
func TestDetachDuringPass(t *testing.T) {
	const stay, messages = 40, 300
	w := newWorld(t, 1024, func(o *Options) { o.Shards = 1 })
	var wg sync.WaitGroup
	type pair struct {
		c    *Client
		conn *net.TCPConn
	}
	var leaving []pair
	for range stay {
		c, conn := w.join()
		leaving = append(leaving, pair{c, conn})
		_, conn = w.join()
		deadline(t, conn, time.Minute)
		wg.Go(func() { expectSeqs(t, conn, 1, messages) })
	}
	for i := range messages {
		w.publish(50)
		if i%7 == 0 && len(leaving) > 0 {
			p := leaving[0]
			leaving = leaving[1:]
			if i%2 == 0 {
				_ = p.conn.SetLinger(0) // a reset: the server's write fails
			}
			_ = p.conn.Close()
			if i%3 == 0 {
				p.c.Detach()
			}
		}
	}
	wg.Wait()
}
