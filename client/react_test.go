package client

import (
	"errors"
	"fmt"
	"reflect"
	"testing"

	"github.com/gorilla/websocket"
)

func summary(seq, of int, counts string) string {
	return fmt.Sprintf(`{"type":"reactions","seq":%d,"id":"r%d","app":"1000","target":{"seq":%d,"id":"%d"},`+
		`"counts":%s,"at":5}`, seq, seq, of, of, counts)
}

// Summaries are delivered in their places, once.
func TestDeliversReactions(t *testing.T) {
	m := follow(t, Options{URL: serve(t, func(p *peer) {
		p.send(welcome("e", 2), message(1), summary(2, 1, `{"👍":12,"❤️":1}`))
		p.close(websocket.CloseGoingAway)
		p.untilGone()
	}, func(p *peer) {
		p.wants("after=e%3A2&name=guest-1f")
		p.send(welcome("e", 2), summary(3, 1, `{}`), summary(3, 1, `{}`), message(4))
		p.untilGone()
	})})
	m.expect("w2", "1")
	want := Reactions{Seq: 2, ID: "r2", App: "1000", Target: Target{Seq: 1, ID: "1"},
		Counts: map[string]int{"👍": 12, "❤️": 1}, At: 5, History: true}
	if got := (<-m.events).(*Reactions); !reflect.DeepEqual(*got, want) {
		t.Errorf("got %+v, want %+v", *got, want)
	}
	m.expect("x", "w2")
	if got := (<-m.events).(*Reactions); got.Seq != 3 || len(got.Counts) != 0 || got.History {
		t.Errorf("got %+v", got)
	}
	m.expect("4")
	if at, _ := m.Position(); at.Seq != 4 {
		t.Errorf("the session is at %v", at)
	}
}

// A react is acked, and sent again without an ack.
func TestReacts(t *testing.T) {
	receive := func(p *peer) (id string) {
		_, b, err := p.ws.ReadMessage()
		if err == nil {
			_, err = fmt.Sscanf(string(b), `{"type":"react","target":{"seq":1,"id":"1"},"id":%q`, &id)
		}
		want := fmt.Sprintf(`{"type":"react","target":{"seq":1,"id":"1"},"id":%q,"emoji":"👍","on":false}`, id)
		if err != nil || string(b) != want {
			t.Errorf("the client sent %s, %v", b, err)
		}
		return id
	}
	ids := make(chan string, 1)
	m := follow(t, Options{URL: serve(t, func(p *peer) {
		p.send(welcome("e", 1), message(1))
		ids <- receive(p)
		p.close(websocket.CloseGoingAway)
		p.untilGone()
	}, func(p *peer) {
		p.send(welcome("e", 1))
		id := receive(p)
		if first := <-ids; id != first {
			t.Errorf("sent as %s and %s", first, id)
		}
		p.send(fmt.Sprintf(`{"type":"ack","id":%q,"seq":0,"duplicate":false}`, id))
		p.send(fmt.Sprintf(`{"type":"error","id":%q,"code":"too_many_reactions","message":"","retryable":false}`,
			receive(p)))
		p.untilGone()
	})})
	if err := m.React(within(t), Target{Seq: 1, ID: "1"}, "👍", false); err != nil {
		t.Error(err)
	}
	err := m.React(within(t), Target{Seq: 1, ID: "1"}, "👍", false)
	var refused *Error
	if !errors.As(err, &refused) || refused.Code != "too_many_reactions" {
		t.Errorf("react: %v", err)
	}
}
