package faultproxy

import (
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestPassesWhatIsWhole(t *testing.T) {
	tg, p := through(t)
	a, b := call(t, p), call(t, p)
	a.ask("one")
	b.ask("two")
	a.ask(strings.Repeat("long ", 50_000))
	_ = a.CloseWrite()
	if _, err := a.receive(soon); !errors.Is(err, io.EOF) {
		t.Errorf("received %v, want EOF", err)
	}
	wait(t, "the target reads EOF", func() bool { tg.mu.Lock(); defer tg.mu.Unlock(); return tg.ends == 1 })
	b.ask("three")
}

func TestCut(t *testing.T) {
	_, p := through(t)
	a := call(t, p)
	a.ask("one")
	p.Cut()
	if _, err := a.receive(soon); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("received %v, want a reset", err)
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
				if got, err := c.receive(never); !errors.Is(err, os.ErrDeadlineExceeded) {
					t.Errorf("received %q, %v, want silence", got, err)
				}
			}
			if got := tg.got("two\n"); got != c.arrives {
				t.Errorf("it arrived: %v, want %v", got, c.arrives)
			}
			p.Heal()
			if got, err := a.receive(soon); got != "TWO" || err != nil {
				t.Errorf("after Heal received %q, %v", got, err)
			}
			if got, err := fresh.receive(soon); got != "THREE" || err != nil {
				t.Errorf("after Heal received %q, %v", got, err)
			}
		})
	}
}

// A blackhole also swallows an EOF, and does not keep the proxy from closing.
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
		t.Error("the target read EOF")
	}
}

func TestStrand(t *testing.T) {
	tg, p := through(t)
	a := call(t, p)
	a.ask("one")
	p.Strand()
	a.say("two")
	if got, err := a.receive(never); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("received %q, %v, want silence", got, err)
	}
	call(t, p).ask("a new one")
	p.Heal()
	if got, err := a.receive(never); !errors.Is(err, os.ErrDeadlineExceeded) || tg.got("two\n") {
		t.Errorf("after Heal received %q, %v, want silence", got, err)
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
	p.Delay(Down, time.Hour) // must not delay Close
	a.say("three")
}

func TestDropReply(t *testing.T) {
	tg, p := through(t)
	other, a := call(t, p), call(t, p)
	p.DropReply("pay")
	other.ask("look")
	a.ask("look")
	a.say("pay")
	if got, err := a.receive(soon); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("received %q, %v, want a reset", got, err)
	}
	if !tg.got("pay\n") {
		t.Error("the target did not receive it")
	}
	other.ask("pay")
	call(t, p).ask("pay")
	if n := p.Dropped(); n != 1 {
		t.Errorf("%d replies were dropped, want 1", n)
	}
}

// A connection that ends before the reply has not had it dropped.
func TestDropReplyOfAnother(t *testing.T) {
	tg, p := through(t)
	a := call(t, p)
	p.DropReply("pay")
	p.Blackhole(Down)
	a.say("pay")
	wait(t, "the target has the request", func() bool { return tg.got("pay\n") })
	p.Cut()
	wait(t, "the connection has ended", func() bool { return p.Open() == 0 })
	p.Blackhole(0)
	if n := p.Dropped(); n != 0 {
		t.Errorf("%d replies were dropped, want none yet", n)
	}
	b := call(t, p)
	b.say("pay")
	if got, err := b.receive(soon); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("received %q, %v, want a reset", got, err)
	}
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
	if _, err := a.receive(soon); !errors.Is(err, io.EOF) {
		t.Errorf("received %v, want EOF", err)
	}
	a.say("two")
	wait(t, "the other way goes on", func() bool { return tg.got("two\n") })
	a.say("three")
	wait(t, "the other way goes on", func() bool { return tg.got("three\n") })

	b := call(t, p)
	b.ask("four")
	p.HalfClose(Up)
	if _, err := b.receive(soon); !errors.Is(err, io.EOF) {
		t.Errorf("received %v, want EOF, as the target closes", err)
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
		t.Errorf("received %v, want a reset", err)
	}
}
