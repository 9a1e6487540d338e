package client

import (
	"errors"
	"fmt"
	"testing"
	"time"
)

func own(seq int, id string) string {
	return fmt.Sprintf(`{"type":"message","seq":%d,"id":%q,"author":"me","text":"hello"}`, seq, id)
}

func welcomeMe(epoch string, seq int) string {
	return fmt.Sprintf(`{"type":"welcome","app":"1","name":"guest-1f","author":"me","epoch":%q,"seq":%d}`,
		epoch, seq)
}

// The ack is lost with the connection. The message is among those that were
// missed, so it is not sent again.
func TestMissedOwnMessageIsNotSentAgain(t *testing.T) {
	for _, epoch := range []string{"e", "f"} { // the log continues, perhaps in another epoch
		sent := make(chan string, 1)
		m := follow(t, Options{URL: serve(t, func(p *peer) {
			p.send(welcomeMe("e", 1))
			p.send(message(1))
			r, _ := p.receive()
			sent <- r.ID
		}, func(p *peer) {
			id := <-sent
			p.send(welcomeMe(epoch, 3), message(2), own(3, id))
			if r, ok := p.receive(); !ok || r.Text != "next" {
				t.Errorf("sent %+v, want the next message", r)
			} else {
				p.send(`{"type":"ack","id":"` + r.ID + `","seq":4}`)
			}
			p.untilGone()
		})})
		m.expect("w1", "1")
		if ack, err := m.Send(within(t), "hello"); err != nil || ack.Seq != 3 || ack.ID == "" ||
			!ack.Duplicate {
			t.Errorf("send: %+v, %v", ack, err)
		}
		if ack, err := m.Send(within(t), "next"); err != nil || ack.Seq != 4 {
			t.Errorf("send: %+v, %v", ack, err)
		}
	}
}

// The message came back on its connection, and then that is lost, too.
func TestSeenOwnMessageIsNotSentAgain(t *testing.T) {
	m := follow(t, Options{URL: serve(t, func(p *peer) {
		p.send(welcomeMe("e", 0))
		r, _ := p.receive()
		p.send(own(1, r.ID))
	}, func(p *peer) {
		p.send(welcomeMe("e", 1))
		if r, ok := p.receive(); ok {
			t.Errorf("sent %+v again", r)
		}
	})})
	m.expect("w0")
	if ack, err := m.Send(within(t), "hello"); err != nil || ack.Seq != 1 {
		t.Errorf("send: %+v, %v", ack, err)
	}
	m.expect("1", "x", "w1")
}

// The id alone says nothing: another author may have used it.
func TestMessageOfAnotherAuthorIsNoAck(t *testing.T) {
	m := follow(t, Options{URL: serve(t, func(p *peer) {
		p.send(welcomeMe("e", 0))
		p.receive()
	}, func(p *peer) {
		p.send(welcomeMe("e", 1), `{"type":"message","seq":1,"id":"mine","author":"you","text":"hello"}`)
		r, ok := p.receive()
		if !ok || r.ID != "mine" {
			t.Errorf("sent %+v, want the message again", r)
		}
		p.send(`{"type":"ack","id":"mine","seq":2}`)
		p.untilGone()
	})})
	m.expect("w0")
	if ack, err := m.SendAs(within(t), "mine", "hello"); err != nil || ack.Seq != 2 {
		t.Errorf("send: %+v, %v", ack, err)
	}
}

// Promised messages do not come: after a while the message is sent again all
// the same.
func TestMessageIsSentAgainIfPromisedMessagesDoNotCome(t *testing.T) {
	m := follow(t, Options{URL: serve(t, func(p *peer) {
		p.send(welcomeMe("e", 0))
		p.receive()
	}, func(p *peer) {
		p.send(welcomeMe("e", 9), message(1))
		r, ok := p.receive()
		if !ok {
			t.Error("it was not sent again")
		}
		p.send(`{"type":"ack","id":"` + r.ID + `","seq":10}`)
		p.untilGone()
	})})
	m.expect("w0")
	if ack, err := m.Send(within(t), "hello"); err != nil || ack.Seq != 10 {
		t.Errorf("send: %+v, %v", ack, err)
	}
}

// When servers may have forgotten the id, the outcome is unknown.
func TestOutcomeIsUnknownAfterResendFor(t *testing.T) {
	m := follow(t, Options{ResendFor: time.Nanosecond, URL: serve(t, func(p *peer) {
		p.send(welcomeMe("e", 0))
		p.receive()
	}, func(p *peer) {
		p.send(welcomeMe("e", 1), message(1))
		if r, ok := p.receive(); ok {
			t.Errorf("sent %+v again", r)
		}
	})})
	m.expect("w0")
	if ack, err := m.Send(within(t), "hello"); !errors.Is(err, ErrUnknown) {
		t.Errorf("send: %+v, %v", ack, err)
	}
}
