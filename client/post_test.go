package client

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// bot runs a session whose handler may use it.
func bot(t *testing.T, o Options, handle func(s *Session, e Event)) (s *Session, end func() error) {
	t.Helper()
	s = NewSession(o, func(e Event) { handle(s, e) })
	ctx, cancel := context.WithCancel(context.Background())
	over := make(chan error, 1)
	go func() { over <- s.Run(ctx) }()
	end = func() error { cancel(); err := <-over; over <- err; return err }
	t.Cleanup(func() { _ = end() })
	return s, end
}

// Send in the handler could only wait for itself.
func TestSendInTheHandlerFails(t *testing.T) {
	sent := make(chan error, 1)
	bot(t, Options{URL: serve(t, func(p *peer) {
		p.send(welcome("e", 0), message(1))
		p.untilGone()
	})}, func(s *Session, e Event) {
		if _, ok := e.(*Message); ok {
			_, err := s.Send(context.Background(), "echo")
			sent <- err
		}
	})
	select {
	case err := <-sent:
		if !errors.Is(err, ErrInHandler) {
			t.Errorf("got %v", err)
		}
	case <-within(t).Done():
		t.Fatal("Send has not returned")
	}
}

// The bot of the package comment answers, in order, what is sent while it is
// connected, and nothing from before.
func TestEchoBot(t *testing.T) {
	said := make(chan []string, 1)
	answered := make(chan Ack, 10)
	bot(t, Options{URL: serve(t, func(p *peer) {
		p.send(welcome("e", 2), message(1), message(2), message(3), message(4))
		var texts []string
		for range 2 {
			r, ok := p.receive()
			if !ok {
				break
			}
			texts = append(texts, r.Text)
			p.send(fmt.Sprintf(`{"type":"ack","id":%q,"seq":%d}`, r.ID, 4+len(texts)))
		}
		said <- texts
		p.untilGone()
	})}, func(s *Session, e Event) {
		if m, ok := e.(*Message); ok && !m.History {
			err := s.Post(fmt.Sprint("echo ", m.Seq), func(ack Ack, err error) {
				if err != nil {
					t.Errorf("posted: %v", err)
				}
				answered <- ack
			})
			if err != nil {
				t.Errorf("post: %v", err)
			}
		}
	})
	if texts := <-said; !slices.Equal(texts, []string{"echo 3", "echo 4"}) {
		t.Errorf("the bot said %q", texts)
	}
	for _, want := range []uint64{5, 6} {
		if ack := <-answered; ack.Seq != want {
			t.Errorf("acked as %d, want %d", ack.Seq, want)
		}
	}
}

// At the end every done is called, and Post is refused.
func TestPostAtTheEnd(t *testing.T) {
	here := make(chan struct{})
	s, end := bot(t, Options{URL: serve(t, func(p *peer) {
		p.send(welcome("e", 0))
		p.untilGone()
	})}, func(*Session, Event) { close(here) })
	<-here
	told := make(chan error, maxPosts+1)
	done := func(_ Ack, err error) { told <- err }
	posted := 0
	for {
		err := s.Post("text", done)
		if errors.Is(err, ErrTooMany) {
			break
		}
		if posted++; err != nil || posted > maxPosts+1 {
			t.Fatalf("%d posted: %v", posted, err)
		}
	}
	_ = end()
	for range posted {
		if err := <-told; !errors.Is(err, ErrEnded) {
			t.Errorf("told %v", err)
		}
	}
	if err := s.Post("text", done); !errors.Is(err, ErrEnded) {
		t.Errorf("after the end: %v", err)
	}
	if err := s.Post("\xff", done); err == nil || len(told) > 0 {
		t.Errorf("bad UTF-8: %v", err)
	}
}

// Neither what a session missed while it reconnected nor messages of another
// log are history.
func TestHistory(t *testing.T) {
	got := make(chan string, 20)
	bot(t, Options{MinBackoff: 1, URL: serve(t, func(p *peer) {
		p.send(welcome("e", 2), message(1), message(2), message(3))
	}, func(p *peer) {
		p.send(welcome("e", 5), message(4), message(5), message(6), `{"type":"reset","epoch":"f","seq":6}`,
			message(7))
		p.untilGone()
	})}, func(_ *Session, e Event) {
		if m, ok := e.(*Message); ok {
			got <- fmt.Sprintf("%d%v", m.Seq, m.History)
		}
	})
	var all []string
	for range 7 {
		select {
		case one := <-got:
			all = append(all, one)
		case <-within(t).Done():
			t.Fatalf("only %q", all)
		}
	}
	if s := strings.Join(all, " "); s != "1true 2true 3false 4false 5false 6false 7false" {
		t.Error(s)
	}
}

// For a Conn, history is what its welcome has already.
func TestConnHistory(t *testing.T) {
	for _, skim := range []bool{false, true} {
		conn := dial(t, Options{Load: LoadOptions{Skim: skim}, URL: serve(t, func(p *peer) {
			p.send(welcome("e", 1), message(1), message(2), `{"type":"reset","epoch":"f","seq":0}`,
				message(1))
			p.untilGone()
		})})
		var all []string
		for range 5 {
			e, err := conn.Next(within(t))
			if err != nil {
				t.Fatal(err)
			}
			if m, ok := e.(*Message); ok {
				all = append(all, fmt.Sprintf("%d%v", m.Seq, m.History))
			}
		}
		if s := strings.Join(all, " "); s != "1true 2false 1false" {
			t.Errorf("skim %v: %s", skim, s)
		}
		conn.Close()
	}
}
