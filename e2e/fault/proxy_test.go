package fault

import (
	"bufio"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// target answers each line with the same in upper case, and remembers what it got.
type target struct {
	net.Listener
	serving sync.WaitGroup

	mu    sync.Mutex
	lines []string
	sizes []int // of the pieces that came
	ends  int   // connections whose caller finished in good order
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

// through starts a target and a proxy before it.
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

// hear returns the next line, or the error, os.ErrDeadlineExceeded if nothing comes for so long.
func (c *caller) hear(within time.Duration) (string, error) {
	_ = c.SetReadDeadline(time.Now().Add(within))
	line, err := c.r.ReadString('\n')
	return strings.TrimSuffix(line, "\n"), err
}

func (c *caller) ask(line string) {
	c.t.Helper()
	c.say(line)
	if got, err := c.hear(10 * time.Second); got != strings.ToUpper(line) || err != nil {
		c.t.Fatalf("asked %q, heard %q, %v", line, got, err)
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

func TestPassesWhatIsWhole(t *testing.T) {
	tg, p := through(t)
	a, b := call(t, p), call(t, p)
	a.ask("one")
	b.ask("two")
	a.ask(strings.Repeat("long ", 50_000))
	_ = a.CloseWrite()
	if _, err := a.hear(soon); !errors.Is(err, io.EOF) {
		t.Errorf("heard %v, want the end", err)
	}
	wait(t, "the target sees the end", func() bool { tg.mu.Lock(); defer tg.mu.Unlock(); return tg.ends == 1 })
	b.ask("three")
}

func TestCut(t *testing.T) {
	_, p := through(t)
	a := call(t, p)
	a.ask("one")
	p.Cut()
	if _, err := a.hear(soon); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("heard %v, want a reset", err)
	}
	call(t, p).ask("a new one")
}

func TestBlackhole(t *testing.T) {
	for _, c := range []struct {
		name    string
		way     Direction
		arrives bool // at the target
	}{{"both", Both, false}, {"up", Up, false}, {"down", Down, true}} {
		t.Run(c.name, func(t *testing.T) {
			tg, p := through(t)
			a := call(t, p)
			a.ask("one")
			p.Blackhole(c.way)
			fresh := call(t, p)
			a.say("two")
			fresh.say("three")
			for _, c := range []*caller{a, fresh} {
				if got, err := c.hear(never); !errors.Is(err, os.ErrDeadlineExceeded) {
					t.Errorf("heard %q, %v, want silence", got, err)
				}
			}
			if got := tg.got("two\n"); got != c.arrives {
				t.Errorf("it arrived: %v, want %v", got, c.arrives)
			}
			p.Heal()
			if got, err := a.hear(soon); got != "TWO" || err != nil {
				t.Errorf("healed, heard %q, %v", got, err)
			}
			if got, err := fresh.hear(soon); got != "THREE" || err != nil {
				t.Errorf("healed, heard %q, %v", got, err)
			}
		})
	}
}

// A blackhole swallows the news of an end, too, and does not keep the proxy from closing.
func TestBlackholeHidesTheEnd(t *testing.T) {
	tg, p := through(t)
	a := call(t, p)
	a.ask("one")
	p.Blackhole(Up)
	a.Close()
	timer := time.NewTimer(never)
	defer timer.Stop()
	<-timer.C
	tg.mu.Lock()
	defer tg.mu.Unlock()
	if tg.ends != 0 {
		t.Error("the target saw the end")
	}
}

func TestStrand(t *testing.T) {
	tg, p := through(t)
	a := call(t, p)
	a.ask("one")
	p.Strand()
	a.say("two")
	if got, err := a.hear(never); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("heard %q, %v, want silence", got, err)
	}
	call(t, p).ask("a new one")
	p.Heal()
	if got, err := a.hear(never); !errors.Is(err, os.ErrDeadlineExceeded) || tg.got("two\n") {
		t.Errorf("healed, heard %q, %v, want silence", got, err)
	}
}

func TestDelay(t *testing.T) {
	_, p := through(t)
	a := call(t, p)
	p.Delay(Both, 60*time.Millisecond)
	begin := time.Now()
	a.ask("one")
	if took := time.Since(begin); took < 120*time.Millisecond {
		t.Errorf("it took %v, want 120ms", took)
	}
	p.Delay(Up, 0)
	begin = time.Now()
	a.ask("two")
	if took := time.Since(begin); took < 60*time.Millisecond {
		t.Errorf("it took %v, want 60ms", took)
	}
	p.Delay(Down, time.Hour) // which must not keep Close waiting
	a.say("three")
}

func TestDropReply(t *testing.T) {
	tg, p := through(t)
	other, a := call(t, p), call(t, p)
	p.DropReply("pay")
	other.ask("look")
	a.ask("look")
	a.say("pay")
	if got, err := a.hear(soon); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("heard %q, %v, want a reset", got, err)
	}
	if !tg.got("pay\n") {
		t.Error("the target did not get it")
	}
	other.ask("pay")
	call(t, p).ask("pay")
	if n := p.Dropped(); n != 1 {
		t.Errorf("%d replies were dropped, want 1", n)
	}
}

func TestHalfClose(t *testing.T) {
	tg, p := through(t)
	a := call(t, p)
	a.ask("one")
	p.HalfClose(Down)
	if _, err := a.hear(soon); !errors.Is(err, io.EOF) {
		t.Errorf("heard %v, want the end", err)
	}
	a.say("two")
	wait(t, "the other way goes on", func() bool { return tg.got("two\n") })
	a.say("three")
	wait(t, "the other way goes on", func() bool { return tg.got("three\n") })

	b := call(t, p)
	b.ask("four")
	p.HalfClose(Up)
	if _, err := b.hear(soon); !errors.Is(err, io.EOF) {
		t.Errorf("heard %v, want the end, as the target closes", err)
	}
}

func TestDribble(t *testing.T) {
	tg, p := through(t)
	a := call(t, p)
	p.Dribble(Both)
	a.ask("one byte at a time")
	p.Dribble(0)
	tg.mu.Lock()
	defer tg.mu.Unlock()
	if len(tg.sizes) < 2 {
		t.Errorf("it came in pieces of %v", tg.sizes)
	}
}

func TestNobodyThere(t *testing.T) {
	tg, p := through(t)
	tg.Close()
	conn, err := net.Dial("tcp", p.Addr())
	if err != nil {
		return // it was quick
	}
	defer conn.Close()
	_ = conn.SetReadDeadline(time.Now().Add(soon))
	if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("heard %v, want a reset", err)
	}
}
