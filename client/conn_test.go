package client

import (
	"context"
	"errors"
	"fmt"
	"net"
	"reflect"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

func TestEvents(t *testing.T) {
	frames := []string{
		`{"type":"welcome","app":"1000","session":"s","name":"ann","room":"livechat","epoch":"e","seq":7,"recovered":true,"limits":{"text":4000}}`,
		`{"type":"of-the-future","seq":"what"}`,
		`{"type":"message","seq":8,"id":"i","app":"2000","session":"s","name":"bob","text":"h\u00e9","at":1763770000000,"new":[1]}`,
		`{"type":"ack","id":"i","seq":8,"duplicate":true}`,
		`{"type":"error","id":"i","code":"rate_limited","message":"slow down","retryable":true,"retry_after_ms":200}`,
		`{"type":"presence","online":3,"names":["ann","bob"]}`,
		`{"type":"presence","online":2,"left":["bob"]}`,
		`{"type":"presence","online":3,"joined":["bob"],"accounts":["bob"]}`,
		`{"type":"presence","online":4,"joined":["bob"],"connections":{"bob":2}}`,
		`{"type":"typing","session":"s","name":"bob"}`,
		`{"type":"typing","chat":"c","name":"bob"}`,
		`{"type":"notice","text":"hello"}`,
		`{"type":"cluster","at":1,"servers":[{"node":"n","app":"1000","state":"ready","connections":4}]}`,
		`{"type":"gap","from":9,"to":12}`,
		`{"type":"reset","epoch":"f","seq":3}`,
		`{"type":"reconnect","after_ms":1500}`,
	}
	want := []Event{
		&Welcome{App: "1000", Session: "s", Name: "ann", Room: "livechat", Epoch: "e", Seq: 7,
			Recovered: new(true), Limits: Limits{Text: 4000}},
		&Message{Seq: 8, ID: "i", App: "2000", Session: "s", Name: "bob", Text: "hé", At: 1763770000000},
		&Ack{ID: "i", Seq: 8, Duplicate: true},
		&Error{ID: "i", Code: "rate_limited", Message: "slow down", Retryable: true, RetryAfterMS: 200},
		&Presence{Online: 3, Names: []string{"ann", "bob"}},
		&Presence{Online: 2, Left: []string{"bob"}},
		&Presence{Online: 3, Joined: []string{"bob"}, Accounts: []string{"bob"}},
		&Presence{Online: 4, Joined: []string{"bob"}, Connections: map[string]int{"bob": 2}},
		&Typing{Session: "s", Name: "bob"},
		&Typing{Chat: "c", Name: "bob"},
		&Notice{Text: "hello"},
		&Cluster{Servers: []ClusterServer{{App: "1000", State: "ready", Connections: 4}}},
		&Gap{From: 9, To: 12},
		&Reset{Epoch: "f", Seq: 3},
		&Reconnect{AfterMS: 1500},
	}
	conn := dial(t, Options{URL: serve(t, func(p *peer) {
		p.send(frames...)
		p.close(websocket.CloseServiceRestart)
		p.untilGone()
	})})
	for _, w := range want {
		got, err := conn.Next(t.Context())
		if err != nil {
			t.Fatalf("next: %v, want %+v", err, w)
		}
		if !reflect.DeepEqual(got, w) {
			t.Errorf("got %+v, want %+v", got, w)
		}
	}
	for range 2 { // the error persists
		var end *CloseError
		if _, err := conn.Next(t.Context()); !errors.As(err, &end) ||
			end.Code != websocket.CloseServiceRestart || end.Final() {
			t.Errorf("next: %v, want closed with 1012", err)
		}
	}
}

func TestSendWaitsForItsAck(t *testing.T) {
	conn := dial(t, Options{URL: serve(t, func(p *peer) {
		a, _ := p.receive()
		b, _ := p.receive()
		p.send(`{"type":"ack","id":"`+b.ID+`","seq":1}`, // in another order than they were sent
			`{"type":"error","id":"`+a.ID+`","code":"too_long","message":"too long"}`,
			`{"type":"ack","id":"nobody","seq":2}`)
		p.receive() // left without an answer
		p.close(websocket.CloseGoingAway)
		p.untilGone()
	})})
	events, end := pump(t, conn)

	type outcome struct {
		ack Ack
		err error
	}
	results := make(chan outcome, 2)
	send := func() {
		ack, err := conn.Send(within(t), "hi")
		results <- outcome{ack, err}
	}
	go send()
	go send()
	acks, refusals := 0, 0
	for range 2 {
		var declined *Error
		switch r := <-results; {
		case r.err == nil && r.ack.Seq == 1:
			acks++
		case errors.As(r.err, &declined) && declined.Code == "too_long":
			refusals++
		default:
			t.Errorf("send: %+v, %v", r.ack, r.err)
		}
	}
	if acks != 1 || refusals != 1 {
		t.Errorf("%d acks and %d refusals, want one of each", acks, refusals)
	}
	if e := <-events; !reflect.DeepEqual(e, &Ack{ID: "nobody", Seq: 2}) {
		t.Errorf("got %+v, want the ack that no Send waits for", e)
	}
	if _, err := conn.Send(within(t), "unanswered"); !errors.Is(err, ErrEnded) {
		t.Errorf("send over the end of the connection: %v, want %v", err, ErrEnded)
	}
	var closed *CloseError
	if err := end(); !errors.As(err, &closed) || closed.Code != websocket.CloseGoingAway {
		t.Errorf("ended with %v, want 1001", err)
	}
	if _, err := conn.Send(within(t), "too late"); !errors.Is(err, ErrEnded) {
		t.Errorf("send on a dead connection: %v, want %v", err, ErrEnded)
	}
}

func TestSendSpeaksTheProtocol(t *testing.T) {
	texts := make(chan string, 4)
	conn := dial(t, Options{URL: serve(t, func(p *peer) {
		for range 3 {
			_, frame, err := p.ws.ReadMessage()
			if err != nil {
				t.Errorf("receive: %v", err)
			}
			texts <- string(frame)
		}
		texts <- fmt.Sprint(p.untilGone())
	})})
	_ = conn.Post("1", "say \"hé\"\n\u2028")
	_ = conn.Post("", "x")
	_ = conn.Typing()
	if err := conn.Post("2", "\xff"); err == nil {
		t.Error("invalid UTF-8 was sent")
	}
	conn.Close()
	for _, want := range []string{"{\"type\":\"message\",\"id\":\"1\",\"text\":\"say \\\"hé\\\"\\n\u2028\"}",
		`{"type":"message","text":"x"}`, `{"type":"typing"}`, "1000"} {
		if got := <-texts; got != want {
			t.Errorf("sent %s, want %s", got, want)
		}
	}
}

func TestConnectionClosesWhenTheContextEnds(t *testing.T) {
	code := make(chan int, 1)
	conn := dial(t, Options{URL: serve(t, func(p *peer) { code <- p.untilGone() })})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := conn.Next(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("next: %v, want the context's end", err)
	}
	if got := <-code; got != websocket.CloseNormalClosure {
		t.Errorf("the server saw %d, want 1000", got)
	}
}

func TestContextEndingBetweenCallsIsIgnored(t *testing.T) {
	conn := dial(t, Options{URL: serve(t, func(p *peer) {
		p.send(message(1))
		p.receive()
		p.send(message(2))
		p.untilGone()
	})})
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := conn.Next(ctx); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := conn.Typing(); err != nil {
		t.Fatal(err)
	}
	if e, err := conn.Next(t.Context()); err != nil || e.(*Message).Seq != 2 {
		t.Errorf("next: %+v, %v, want the second message", e, err)
	}
}

// After its context has ended Next returns nothing, even if an event has
// arrived.
func TestNextReturnsNothingForAnEndedContext(t *testing.T) {
	conn := dial(t, Options{URL: serve(t, func(p *peer) {
		p.send(message(1), message(2))
		p.untilGone()
	})})
	if _, err := conn.Next(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 2 {
		if e, err := conn.Next(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("next: %+v, %v, want the context's end", e, err)
		}
	}
}

func TestSilentConnectionTimesOut(t *testing.T) {
	conn := dial(t, Options{IdleTimeout: 200 * time.Millisecond, URL: serve(t, func(p *peer) {
		ticker := time.NewTicker(50 * time.Millisecond)
		defer ticker.Stop()
		for range 8 { // twice the timeout: pings keep it alive
			<-ticker.C
			_ = p.ws.WriteControl(websocket.PingMessage, nil, time.Now().Add(time.Second))
		}
		p.send(`{"type":"notice","text":"still here"}`)
		p.untilGone()
	})})
	if e, err := conn.Next(t.Context()); err != nil {
		t.Fatalf("next: %v, %v, want the notice after the pings", e, err)
	}
	var timeout net.Error
	if _, err := conn.Next(t.Context()); !errors.As(err, &timeout) || !timeout.Timeout() {
		t.Errorf("next: %v, want a timeout", err)
	}
}
