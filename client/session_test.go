package client

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// member is a session under test with what it delivered.
type member struct {
	*Session
	t      *testing.T
	events chan Event
	end    chan error
}

func follow(t *testing.T, o Options) *member {
	o.MinBackoff = orDefault(o.MinBackoff, 10*time.Millisecond)
	m := &member{t: t, events: make(chan Event, 1000), end: make(chan error, 1)}
	m.Session = NewSession(o, func(e Event) { m.events <- e })
	ctx, cancel := context.WithCancel(context.Background())
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		m.end <- m.Run(ctx)
	}()
	t.Cleanup(func() { cancel(); <-stopped })
	return m
}

// expect checks the events that follow, in short: "w5" a welcome at 5, "3" message 3, "gap 4-6", "reset e 3", "x" a lost connection.
func (m *member) expect(want ...string) {
	m.t.Helper()
	for _, w := range want {
		select {
		case e := <-m.events:
			if got := short(e); got != w {
				m.t.Fatalf("got %s, want %s", got, w)
			}
		case <-time.After(patience):
			m.t.Fatalf("got nothing, want %s", w)
		}
	}
}

func short(e Event) string {
	switch e := e.(type) {
	case *Welcome:
		return fmt.Sprint("w", e.Seq)
	case *Message:
		return fmt.Sprint(e.Seq)
	case *Gap:
		return fmt.Sprintf("gap %d-%d", e.From, e.To)
	case *Reset:
		return fmt.Sprint("reset ", e.Epoch, " ", e.Seq)
	case *Disconnected:
		return "x"
	}
	return fmt.Sprintf("%+v", e)
}

func welcome(epoch string, seq int) string {
	return fmt.Sprintf(`{"type":"welcome","app":"1","name":"guest-1f","epoch":%q,"seq":%d}`, epoch, seq)
}

func message(seq int) string {
	return fmt.Sprintf(`{"type":"message","seq":%d,"id":"%d","text":"t"}`, seq, seq)
}

func (p *peer) wants(query string) {
	p.t.Helper()
	if got := p.query.Encode(); got != query {
		p.t.Errorf("asked for %q, want %q", got, query)
	}
}

func TestResumesBehindTheLastMessage(t *testing.T) {
	m := follow(t, Options{URL: serve(t, func(p *peer) {
		p.wants("")
		p.send(welcome("e", 2), message(1), message(2))
		p.send(message(3))
	}, func(p *peer) {
		p.wants("after=e%3A3&name=guest-1f") // and keeps the name it was given
		p.send(welcome("e", 5), message(2), message(3), message(4), message(5), message(5), message(4))
		p.close(websocket.CloseServiceRestart)
		p.untilGone()
	}, func(p *peer) {
		p.wants("after=e%3A5&name=guest-1f")
		p.send(welcome("e", 5), message(6))
		p.untilGone()
	})})
	m.expect("w2", "1", "2", "3", "x", "w5", "4", "5", "x", "w5", "6")
	if at, ok := m.Position(); !ok || at != (Position{"e", 6}) {
		t.Errorf("stands at %v, %v, want e:6", at, ok)
	}
}

func TestAClientThatHeardNothingResumesToo(t *testing.T) {
	m := follow(t, Options{History: new(0), URL: serve(t, func(p *peer) {
		p.wants("history=0")
		p.send(welcome("e", 7))
	}, func(p *peer) {
		p.wants("after=e%3A7&name=guest-1f")
		p.send(welcome("e", 8), message(8))
		p.untilGone()
	})})
	m.expect("w7", "x", "w8", "8")
}

func TestAConnectionLostBeforeItsHistoryAsksForItAgain(t *testing.T) {
	m := follow(t, Options{URL: serve(t, func(p *peer) {
		p.send(welcome("e", 7))
	}, func(p *peer) {
		p.wants("name=guest-1f")
		p.send(welcome("e", 7), message(6), message(7))
		p.untilGone()
	})})
	m.expect("w7", "x", "w7", "6", "7")
}

func TestTellsOfHolesAndReplacedLogs(t *testing.T) {
	m := follow(t, Options{After: &Position{"e", 3}, URL: serve(t, func(p *peer) {
		p.wants("after=e%3A3")
		p.send(welcome("e", 11), `{"type":"gap","from":4,"to":6}`, message(7),
			`{"type":"gap","from":5,"to":8}`, // partly seen
			message(9),
			message(11), // 10 is missing and nobody says so
			`{"type":"gap","from":5,"to":10}`,
			`{"type":"reset","epoch":"f","seq":4}`, message(5))
	}, func(p *peer) {
		p.wants("after=f%3A5&name=guest-1f")
		p.send(welcome("g", 2), message(1), message(2))
		p.untilGone()
	})})
	m.expect("w11", "gap 4-6", "7", "gap 8-8", "9", "gap 10-10", "11", "reset f 4", "5", "x", "reset g 2", "w2", "1", "2")
}

func TestALostAckIsAskedForWithTheSameID(t *testing.T) {
	sent := make(chan request, 1)
	m := follow(t, Options{URL: serve(t, func(p *peer) {
		p.send(welcome("e", 0))
		r, _ := p.receive()
		sent <- r // and the link breaks before the ack
	}, func(p *peer) {
		p.send(welcome("e", 1), message(1))
		second, _ := p.receive()
		if first := <-sent; second != first || second.ID == "" {
			t.Errorf("sent %+v after %+v, want the same again", second, first)
		}
		p.send(`{"type":"ack","id":"` + second.ID + `","seq":1,"duplicate":true}`)
		p.untilGone()
	})})
	ack, err := m.Send(within(t), "once")
	if err != nil || ack.Seq != 1 || !ack.Duplicate {
		t.Errorf("send: %+v, %v", ack, err)
	}
	m.expect("w0", "x", "w1", "1")
}

func TestSendAsUsesTheCallersID(t *testing.T) {
	m := follow(t, Options{URL: serve(t, func(p *peer) {
		p.send(welcome("e", 0))
		r, _ := p.receive()
		p.send(`{"type":"ack","id":"` + r.ID + `","seq":1}`)
		p.untilGone()
	})})
	if ack, err := m.SendAs(within(t), "my-own", "text"); err != nil || ack.ID != "my-own" {
		t.Errorf("send: %+v, %v", ack, err)
	}
}

func TestAnAckThatNeverComesIsAskedForAgain(t *testing.T) {
	m := follow(t, Options{AckTimeout: 20 * time.Millisecond, URL: serve(t, func(p *peer) {
		p.send(welcome("e", 0))
		first, _ := p.receive()
		second, _ := p.receive()
		if second != first {
			t.Errorf("sent %+v after %+v, want the same again", second, first)
		}
		p.send(`{"type":"ack","id":"` + second.ID + `","seq":1}`)
		p.untilGone()
	})})
	if ack, err := m.Send(within(t), "hello?"); err != nil || ack.Seq != 1 {
		t.Errorf("send: %+v, %v", ack, err)
	}
}

func TestDeclinedForNowIsTriedAgainDeclinedForGoodIsNot(t *testing.T) {
	m := follow(t, Options{URL: serve(t, func(p *peer) {
		p.send(welcome("e", 0))
		first, _ := p.receive()
		p.send(`{"type":"error","id":"` + first.ID + `","code":"rate_limited","retryable":true,"retry_after_ms":5}`)
		if second, _ := p.receive(); second != first {
			t.Errorf("sent %+v after %+v, want the same again", second, first)
		}
		p.send(`{"type":"ack","id":"` + first.ID + `","seq":1}`)
		third, _ := p.receive()
		p.send(`{"type":"error","id":"` + third.ID + `","code":"bad_text"}`)
		p.untilGone()
	})})
	if ack, err := m.Send(within(t), "a"); err != nil || ack.Seq != 1 {
		t.Errorf("send: %+v, %v", ack, err)
	}
	var declined *Error
	if _, err := m.Send(within(t), "b"); !errors.As(err, &declined) || declined.Code != "bad_text" {
		t.Errorf("send: %v, want bad_text", err)
	}
	if _, err := m.Send(within(t), "\xff"); err == nil {
		t.Error("invalid UTF-8 was sent")
	}
}

func TestAMessageThatEndsTheConnectionIsNotSentAgain(t *testing.T) {
	m := follow(t, Options{URL: serve(t, func(p *peer) {
		p.send(welcome("e", 0))
		p.receive()
		p.close(websocket.CloseMessageTooBig)
		p.untilGone()
	}, func(p *peer) {
		p.send(welcome("e", 0))
		if r, _ := p.receive(); r.Text != "small" {
			t.Errorf("sent %q, want the next message", r.Text)
		} else {
			p.send(`{"type":"ack","id":"` + r.ID + `","seq":1}`)
		}
		p.untilGone()
	})})
	var end *CloseError
	if _, err := m.Send(within(t), "huge"); !errors.As(err, &end) || end.Code != websocket.CloseMessageTooBig {
		t.Errorf("send: %v, want 1009", err)
	}
	if ack, err := m.Send(within(t), "small"); err != nil || ack.Seq != 1 {
		t.Errorf("send: %+v, %v", ack, err)
	}
}

// The old connection goes on until the new one stands, and then it is left; what both bring is delivered once.
func TestReconnectOverlaps(t *testing.T) {
	used := make(chan struct{})
	gate := func(n int) {
		if n == 1 {
			<-used
		}
	}
	m := follow(t, Options{URL: serveBehind(t, gate, func(p *peer) {
		p.send(welcome("e", 1), message(1), `{"type":"reconnect","after_ms":1}`)
		r, _ := p.receive()
		p.send(`{"type":"ack","id":"`+r.ID+`","seq":2}`, message(2))
		close(used)
		if code := p.untilGone(); code != websocket.CloseNormalClosure {
			t.Errorf("the old connection was left with %d, want 1000", code)
		}
	}, func(p *peer) {
		p.send(welcome("e", 2), message(1), message(2), message(3))
		p.untilGone()
	})})
	m.expect("w1", "1", "&{AfterMS:1}")
	if ack, err := m.Send(within(t), "in between"); err != nil || ack.Seq != 2 {
		t.Errorf("send: %+v, %v", ack, err)
	}
	var got []string
	for len(got) == 0 || got[len(got)-1] != "3" {
		select {
		case e := <-m.events:
			got = append(got, short(e))
		case <-time.After(patience):
			t.Fatalf("got no more than %v", got)
		}
	}
	if s := strings.Join(got, " "); s != "2 w2 3" && s != "w2 2 3" { // the old one may have been left before it was read to the end
		t.Errorf("got %s, want 2 and 3 once", s)
	}
}

func TestReconnectInsteadOfALostConnectionDoesNotWait(t *testing.T) {
	m := follow(t, Options{URL: serve(t, func(p *peer) {
		p.send(welcome("e", 1), message(1), `{"type":"reconnect","after_ms":3600000}`)
		p.close(websocket.CloseServiceRestart)
		p.untilGone()
	}, func(p *peer) {
		p.wants("after=e%3A1&name=guest-1f")
		p.send(welcome("e", 2), message(2))
		p.untilGone()
	})})
	m.expect("w1", "1", "&{AfterMS:3600000}", "w2", "2")
}

// A server that has cut a client off too often says how long to stay away; that holds, on top of the usual wait, for this time alone.
func TestStaysAwayForAsLongAsItIsTold(t *testing.T) {
	const told = 250 * time.Millisecond
	m := follow(t, Options{MinBackoff: time.Millisecond, MaxBackoff: time.Millisecond, URL: serve(t, func(p *peer) {
		p.send(welcome("e", 0), `{"type":"error","code":"too_slow","retryable":true,"retry_after_ms":250}`)
		p.close(4008)
		p.untilGone()
	}, func(p *peer) {
		p.send(welcome("e", 1))
		p.close(4008)
		p.untilGone()
	}, func(p *peer) {
		p.send(welcome("e", 2))
		p.untilGone()
	})})
	lost := func(want time.Duration) {
		t.Helper()
		d, _ := (<-m.events).(*Disconnected)
		var end *CloseError
		if d == nil || !errors.As(d.Err, &end) || end.Code != 4008 || end.RetryAfter != want || d.Wait < want || d.Wait > want+time.Millisecond {
			t.Errorf("got %+v, want 4008 and a wait of %v", d, want)
		}
	}
	m.expect("w0", "the server says too_slow: ")
	lost(told)
	m.expect("w1")
	lost(0)
	m.expect("w2")
}

func TestStopsWhenTheServerSaysSo(t *testing.T) {
	m := follow(t, Options{URL: serve(t, func(p *peer) {
		p.send(welcome("e", 0))
		p.close(4500)
		p.untilGone()
	})})
	var end *CloseError
	if err := <-m.end; !errors.As(err, &end) || end.Code != 4500 {
		t.Errorf("run: %v, want closed with 4500", err)
	}
	if _, err := m.Send(within(t), "a"); !errors.Is(err, ErrEnded) {
		t.Errorf("send: %v, want %v", err, ErrEnded)
	}

}

func TestComesBackUntilAServerIsThere(t *testing.T) {
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1) < 4 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"code":"bad_name"}`)
	}))
	defer server.Close()
	m := follow(t, Options{URL: server.URL})
	var refusal *RefusedError
	if err := <-m.end; !errors.As(err, &refusal) || refusal.Status != http.StatusBadRequest {
		t.Errorf("run: %v, want the refusal that is final", err)
	}
	m.expect("x", "x", "x")
}

func TestBackoffGrowsAndStops(t *testing.T) {
	o := Options{MinBackoff: 100 * time.Millisecond, MaxBackoff: time.Second}.withDefaults()
	for attempt, bound := range []time.Duration{100, 200, 400, 800, 1000, 1000} {
		bound *= time.Millisecond
		longest := time.Duration(0)
		for range 1000 {
			longest = max(longest, o.backoff(attempt, nil))
		}
		if longest >= bound || longest < bound*8/10 {
			t.Errorf("attempt %d waits up to %v, want just under %v", attempt, longest, bound)
		}
	}
	if got := o.backoff(1000, &RefusedError{RetryAfter: time.Minute}); got < time.Minute {
		t.Errorf("waits %v, though the server asked for a minute", got)
	}
}

func TestPositionText(t *testing.T) {
	p, err := ParsePosition("0123456789abcdef:42")
	if err != nil || p != (Position{"0123456789abcdef", 42}) || p.String() != "0123456789abcdef:42" {
		t.Errorf("read %v, %v", p, err)
	}
	for _, s := range []string{"", "42", ":42", "e:", "e:-1", "e:x"} {
		if _, err := ParsePosition(s); err == nil || !strings.Contains(err.Error(), s) {
			t.Errorf("%q: %v", s, err)
		}
	}
}

func TestFinalRefusals(t *testing.T) {
	for _, c := range []struct {
		refusal RefusedError
		want    bool
	}{
		{RefusedError{Status: 400, Code: "bad_name"}, true},
		{RefusedError{Status: 400}, false}, // of a proxy, whose request broke off
		{RefusedError{Status: 403, Code: "forbidden_origin"}, true},
		{RefusedError{Status: 404}, true},
		{RefusedError{Status: 429, Code: "too_many_connections"}, false},
		{RefusedError{Status: 503}, false},
	} {
		if got := c.refusal.Final(); got != c.want {
			t.Errorf("%v: final %v, want %v", &c.refusal, got, c.want)
		}
	}
}
