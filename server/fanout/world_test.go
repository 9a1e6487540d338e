package fanout

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"livechat/server/chat"
	"livechat/server/metrics"
	"livechat/server/room"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const epoch = "aaaaaaaaaaaaaaaa"

// memLog is a room's log in memory; only publish adds to it.
type memLog struct {
	mu       sync.Mutex
	payloads [][]byte
	// how many messages it claims to have that no server has received
	ahead uint64
	err   error
}

func (l *memLog) OpenLog(context.Context, string, chat.Position) (chat.Log, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return chat.Log{Head: chat.Position{Epoch: epoch, Seq: uint64(len(l.payloads)) + l.ahead}}, nil
}

func (l *memLog) Tail(context.Context, string, int) ([][]byte, error) { return nil, nil }

func (l *memLog) After(_ context.Context, _ string, seq uint64, limit int) ([][]byte, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	rest := l.payloads[min(seq, uint64(len(l.payloads))):]
	return rest[:min(limit, len(rest))], l.err
}

func (l *memLog) Adopt(context.Context, string, string, []string) (chat.Log, error) {
	return chat.Log{}, errors.New("not expected")
}

func (l *memLog) Republish(string, [][]byte) {}

type subscriptions struct{ subscribe func(string) }

func (f subscriptions) Subscribe(room string) { f.subscribe(room) }
func (subscriptions) Unsubscribe(string)      {}

// world is a fan-out with one room, and a listener for its clients.
type world struct {
	t    testing.TB
	fan  *Fan
	reg  *room.Registry
	room *room.Room
	log  *memLog
	ln   *net.TCPListener
	seq  uint64

	woken chan struct{} // holds a token when the room may have new entries
}

func newWorld(t testing.TB, ringSize int, change func(*Options)) *world {
	t.Helper()
	o := Options{
		WriteTimeout: 5 * time.Second,
		PingInterval: time.Hour,
		PongTimeout:  time.Hour,
		Logger:       slog.New(slog.DiscardHandler),
		Metrics:      metrics.NewSet(),
	}
	if change != nil {
		change(&o)
	}
	w := &world{t: t, fan: New(o), log: &memLog{}, woken: make(chan struct{}, 1)}
	asked := make(chan string, 1)
	w.reg = room.NewRegistry(room.Options{
		RingSize: ringSize, MaxRooms: 10, Linger: time.Hour, Log: w.log,
		Subscriptions: subscriptions{func(name string) { asked <- name }},
		Wake:          w.wake, Logger: slog.New(slog.DiscardHandler), Metrics: o.Metrics,
	})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.fan.Run(ctx)
	}()
	go func() { w.reg.Subscribed(<-asked) }()
	var err error
	if w.room, err = w.reg.Acquire(t.Context(), chat.DefaultRoom); err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w.ln = ln.(*net.TCPListener)
	t.Cleanup(func() {
		cancel()
		<-done
		_ = w.ln.Close()
	})
	return w
}

// wake tells the fan-out, and publish, that the room has new entries.
func (w *world) wake(r *room.Room) {
	w.fan.Wake(r)
	select {
	case w.woken <- struct{}{}:
	default:
	}
}

// dial opens a connection and returns both ends.
func (w *world) dial() (server, client *net.TCPConn) {
	w.t.Helper()
	type accepted struct {
		conn *net.TCPConn
		err  error
	}
	ch := make(chan accepted, 1)
	go func() {
		c, err := w.ln.AcceptTCP()
		ch <- accepted{c, err}
	}()
	c, err := net.Dial("tcp", w.ln.Addr().String())
	if err != nil {
		w.t.Fatal(err)
	}
	a := <-ch
	if a.err != nil {
		w.t.Fatal(a.err)
	}
	w.t.Cleanup(func() { _ = c.Close() })
	return a.conn, c.(*net.TCPConn)
}

// join adds a client of the room that starts at the head.
func (w *world) join() (*Client, *net.TCPConn) {
	w.t.Helper()
	server, client := w.dial()
	c, err := w.fan.Add(server)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(c.Detach)
	c.Attach(w.room, w.room.Join(0))
	return c, client
}

// publish appends a message with n bytes of text, and waits until the room has
// it.
func (w *world) publish(n int) {
	w.t.Helper()
	w.seq++
	text := strings.Repeat("x", n)
	p := fmt.Appendf(nil,
		`{"type":"message","seq":%d,"id":"00000000-0000-4000-8000-%012d","text":"%s","epoch":"%s"}`, w.seq,
		w.seq, text, epoch)
	w.log.mu.Lock()
	w.log.payloads = append(w.log.payloads, p)
	w.log.mu.Unlock()
	w.reg.Payload(chat.DefaultRoom, p)
	over := time.After(time.Minute)
	for w.room.Position().Seq < w.seq {
		select {
		case <-w.woken:
		case <-over:
			w.t.Fatalf("the room does not append message %d", w.seq)
		}
	}
}

// frame is one WebSocket frame.
type frame struct {
	op      byte
	payload []byte
}

// readFrame reads one frame, and fails if the bytes are not a valid frame.
func readFrame(r io.Reader) (frame, error) {
	var h [10]byte
	if _, err := io.ReadFull(r, h[:2]); err != nil {
		return frame{}, err
	}
	n := uint64(h[1])
	switch {
	case h[0]&0xF0 != 0x80 || h[1]&0x80 != 0:
		return frame{}, fmt.Errorf("bytes % x are not the start of a server frame", h[:2])
	case n == 126:
		if _, err := io.ReadFull(r, h[2:4]); err != nil {
			return frame{}, err
		}
		n = uint64(binary.BigEndian.Uint16(h[2:]))
	case n == 127:
		if _, err := io.ReadFull(r, h[2:10]); err != nil {
			return frame{}, err
		}
		n = binary.BigEndian.Uint64(h[2:])
	}
	f := frame{op: h[0] & 0xF, payload: make([]byte, n)}
	_, err := io.ReadFull(r, f.payload)
	return f, err
}

func seqOf(t testing.TB, f frame) (seq uint64) {
	t.Helper()
	if _, err := fmt.Sscanf(string(f.payload), `{"type":"message","seq":%d`, &seq); err != nil {
		t.Fatalf("frame %d %.80q is not a message", f.op, f.payload)
	}
	return seq
}

// expectSeqs reads messages first to last, in order and without other frames.
func expectSeqs(t testing.TB, r io.Reader, first, last uint64) {
	t.Helper()
	for want := first; want <= last; want++ {
		f, err := readFrame(r)
		if err != nil {
			t.Fatalf("waiting for message %d: %v", want, err)
		}
		if got := seqOf(t, f); got != want {
			t.Fatalf("got message %d, want %d", got, want)
		}
	}
}

func deadline(t testing.TB, c net.Conn, d time.Duration) {
	t.Helper()
	if err := c.SetDeadline(time.Now().Add(d)); err != nil {
		t.Fatal(err)
	}
}

// idleShard returns a shard that is not running, with one client of the room
// that starts at start.
func (w *world) idleShard(start room.Start) (*shard, *Client, *net.TCPConn) {
	w.t.Helper()
	f := New(w.fan.opts)
	server, conn := w.dial()
	deadline(w.t, conn, time.Minute)
	c, err := f.Add(server)
	if err != nil {
		w.t.Fatal(err)
	}
	s := c.shard
	s.attach(attachment{c, w.room, start})
	w.t.Cleanup(func() { s.detach(c) })
	return s, c, conn
}
