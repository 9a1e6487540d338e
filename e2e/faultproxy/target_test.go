package faultproxy

import (
	"bufio"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// target answers each line with the same in upper case and records what it
// receives.
type target struct {
	net.Listener
	serving sync.WaitGroup

	mu    sync.Mutex
	lines []string
	sizes []int // sizes of the received pieces
	ends  int   // connections that clients closed properly
}

func (tg *target) serve(conn net.Conn) {
	defer conn.Close()
	var line []byte
	buffer := make([]byte, 1024)
	for {
		n, err := conn.Read(buffer)
		tg.mu.Lock()
		if n > 0 {
			tg.sizes = append(tg.sizes, n)
		}
		if errors.Is(err, io.EOF) {
			tg.ends++
		}
		tg.mu.Unlock()
		for _, b := range buffer[:n] {
			if line = append(line, b); b == '\n' {
				tg.mu.Lock()
				tg.lines = append(tg.lines, string(line))
				tg.mu.Unlock()
				_, _ = io.WriteString(conn, strings.ToUpper(string(line)))
				line = nil
			}
		}
		if err != nil {
			return
		}
	}
}

func (tg *target) got(line string) bool {
	tg.mu.Lock()
	defer tg.mu.Unlock()
	for _, l := range tg.lines {
		if l == line {
			return true
		}
	}
	return false
}

// through starts a target and a proxy in front of it.
func through(t *testing.T) (*target, *Proxy) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	tg := &target{Listener: l}
	tg.serving.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			tg.serving.Go(func() { tg.serve(conn) })
		}
	})
	p, err := Listen(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
		l.Close()
		tg.serving.Wait()
		if n := p.Open(); n != 0 {
			t.Errorf("%d connections are left", n)
		}
	})
	return tg, p
}

// caller is a connection through the proxy.
type caller struct {
	*net.TCPConn
	t *testing.T
	r *bufio.Reader
}

func call(t *testing.T, p *Proxy) *caller {
	t.Helper()
	conn, err := net.Dial("tcp", p.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &caller{conn.(*net.TCPConn), t, bufio.NewReader(conn)}
}

func (c *caller) say(line string) {
	c.t.Helper()
	if _, err := io.WriteString(c, line+"\n"); err != nil {
		c.t.Fatal(err)
	}
}

// receive returns the next line, or an error: os.ErrDeadlineExceeded if nothing
// comes for so long.
func (c *caller) receive(within time.Duration) (string, error) {
	_ = c.SetReadDeadline(time.Now().Add(within))
	line, err := c.r.ReadString('\n')
	return strings.TrimSuffix(line, "\n"), err
}

func (c *caller) ask(line string) {
	c.t.Helper()
	c.say(line)
	if got, err := c.receive(10 * time.Second); got != strings.ToUpper(line) || err != nil {
		c.t.Fatalf("sent %q, received %q, %v", line, got, err)
	}
}

const soon, never = 10 * time.Second, 100 * time.Millisecond

func wait(t *testing.T, what string, done func() bool) {
	t.Helper()
	ticker := time.NewTicker(time.Millisecond)
	defer ticker.Stop()
	for deadline := time.Now().Add(soon); !done(); <-ticker.C {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within %v", what, soon)
		}
	}
}
