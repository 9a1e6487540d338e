package client

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// member is a session under test with its delivered events.
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

// expect checks the next events, in short form: "w5" a welcome at 5, "3"
// message 3, "gap 4-6", "reset e 3", "x" a lost connection.
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
	case *Entry:
		return fmt.Sprint(e.Type, e.Seq)
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

func TestResumesAfterTheLastMessage(t *testing.T) {
	m := follow(t, Options{URL: serve(t, func(p *peer) {
		p.wants("")
		p.send(welcome("e", 2), message(1), message(2))
		p.send(message(3))
	}, func(p *peer) {
		p.wants("after=e%3A3&name=guest-1f") // and keeps its given name
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

func TestClientWithoutMessagesResumes(t *testing.T) {
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

func TestHistoryIsRequestedAgainIfTheConnectionIsLost(t *testing.T) {
	m := follow(t, Options{URL: serve(t, func(p *peer) {
		p.send(welcome("e", 7))
	}, func(p *peer) {
		p.wants("name=guest-1f")
		p.send(welcome("e", 7), message(6), message(7))
		p.untilGone()
	})})
	m.expect("w7", "x", "w7", "6", "7")
}

func TestReportsGapsAndResets(t *testing.T) {
	m := follow(t, Options{After: &Position{"e", 3}, URL: serve(t, func(p *peer) {
		p.wants("after=e%3A3")
		p.send(welcome("e", 11), `{"type":"gap","from":4,"to":6}`, message(7),
			`{"type":"gap","from":5,"to":8}`, // partly seen
			message(9),
			message(11), // 10 is missing without a gap
			`{"type":"gap","from":5,"to":10}`,
			`{"type":"reset","epoch":"f","seq":4}`, message(5))
	}, func(p *peer) {
		p.wants("after=f%3A5&name=guest-1f")
		p.send(welcome("g", 2), message(1), message(2))
		p.untilGone()
	})})
	m.expect("w11", "gap 4-6", "7", "gap 8-8", "9", "gap 10-10", "11", "reset f 4", "5", "x", "reset g 2",
		"w2", "1", "2")
}

func TestMessageIsSentAgainWithTheSameIDIfTheAckIsLost(t *testing.T) {
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

func TestSendAsUsesTheGivenID(t *testing.T) {
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

func TestMessageIsSentAgainAfterAckTimeout(t *testing.T) {
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

func TestOnlyRetryableErrorsAreRetried(t *testing.T) {
	m := follow(t, Options{URL: serve(t, func(p *peer) {
		p.send(welcome("e", 0))
		first, _ := p.receive()
		p.send(`{"type":"error","id":"` + first.ID +
			`","code":"rate_limited","retryable":true,"retry_after_ms":5}`)
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

func TestMessageThatEndsTheConnectionIsNotSentAgain(t *testing.T) {
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
	if _, err := m.Send(within(t), "huge"); !errors.As(err, &end) ||
		end.Code != websocket.CloseMessageTooBig {
		t.Errorf("send: %v, want 1009", err)
	}
	if ack, err := m.Send(within(t), "small"); err != nil || ack.Seq != 1 {
		t.Errorf("send: %+v, %v", ack, err)
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
