package client

import (
	"fmt"
	"testing"

	"github.com/gorilla/websocket"
)

func deleted(seq, of int) string {
	return fmt.Sprintf(`{"type":"delete","seq":%d,"id":"d%d","author":"@ann","name":"ann",`+
		`"target":{"seq":%d,"id":"%d"},"by":"author","at":5}`, seq, seq, of, of)
}

// Deletes and tombstones are delivered in their places, once, and a tombstone is
// no message.
func TestDeliversDeletes(t *testing.T) {
	m := follow(t, Options{URL: serve(t, func(p *peer) {
		p.send(welcome("e", 3), `{"type":"tombstone","seq":1,"id":"1","name":"ann","at":5}`,
			`{"type":"tombstone","seq":2,"id":"e2","name":"ann","target":{"seq":1,"id":"1"},"at":5}`, deleted(3, 1))
		p.close(websocket.CloseGoingAway)
		p.untilGone()
	}, func(p *peer) {
		p.wants("after=e%3A3&name=guest-1f")
		p.send(welcome("e", 3), deleted(4, 1), deleted(4, 1))
		p.untilGone()
	})})
	m.expect("w3")
	if got := (<-m.events).(*Tombstone); got.Seq != 1 || got.ID != "1" || got.Target != nil || !got.History {
		t.Errorf("got %+v", got)
	}
	if got := (<-m.events).(*Tombstone); got.Seq != 2 || *got.Target != (Target{Seq: 1, ID: "1"}) {
		t.Errorf("got %+v", got)
	}
	want := Deleted{Seq: 3, ID: "d3", Author: "@ann", Name: "ann", Target: Target{Seq: 1, ID: "1"},
		By: "author", At: 5, History: true}
	if got := (<-m.events).(*Deleted); *got != want {
		t.Errorf("got %+v, want %+v", *got, want)
	}
	m.expect("x", "w3")
	if got := (<-m.events).(*Deleted); got.Seq != 4 || got.History {
		t.Errorf("got %+v", got)
	}
	if at, _ := m.Position(); at.Seq != 4 {
		t.Errorf("the session is at %v", at)
	}
}

// A delete is acked like a message, and sent again without an ack.
func TestDeletes(t *testing.T) {
	ids := make(chan string, 2)
	receive := func(p *peer) string {
		_, b, err := p.ws.ReadMessage()
		var id string
		if err == nil {
			_, err = fmt.Sscanf(string(b), `{"type":"delete","target":{"seq":1,"id":"1"},"id":%q}`, &id)
		}
		if err != nil {
			t.Errorf("the client sent %s, %v", b, err)
		}
		ids <- id
		return id
	}
	m := follow(t, Options{URL: serve(t, func(p *peer) {
		p.send(welcome("e", 1), message(1))
		receive(p)
		p.close(websocket.CloseGoingAway)
		p.untilGone()
	}, func(p *peer) {
		p.send(welcome("e", 1))
		p.send(fmt.Sprintf(`{"type":"ack","id":%q,"seq":2,"duplicate":true}`, receive(p)))
		p.untilGone()
	})})
	ack, err := m.Delete(within(t), Target{Seq: 1, ID: "1"})
	first, again := <-ids, <-ids
	if err != nil || ack.Seq != 2 || first != again {
		t.Errorf("deleted at %+v, %v", ack, err)
	}
}
