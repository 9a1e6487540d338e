package client

import (
	"errors"
	"fmt"
	"reflect"
	"testing"

	"github.com/gorilla/websocket"
)

func edit(seq, of int, text string) string {
	return fmt.Sprintf(`{"type":"edit","seq":%d,"id":"e%d","author":"@ann","name":"ann","text":%q,`+
		`"target":{"seq":%d,"id":"%d"},"at":5}`, seq, seq, text, of, of)
}

// Edits are delivered in their place, once, with their text and their target.
func TestDeliversEdits(t *testing.T) {
	m := follow(t, Options{URL: serve(t, func(p *peer) {
		p.send(welcome("e", 2), message(1), edit(2, 1, "two"), message(3))
		p.close(websocket.CloseGoingAway)
		p.untilGone()
	}, func(p *peer) {
		p.wants("after=e%3A3&name=guest-1f")
		p.send(welcome("e", 3), edit(4, 3, "four"), edit(4, 3, "four"))
		p.untilGone()
	})})
	m.expect("w2", "1")
	first := (<-m.events).(*Edited)
	want := Edited{Seq: 2, ID: "e2", Author: "@ann", Name: "ann", Target: Target{Seq: 1, ID: "1"},
		Text: "two", At: 5, History: true}
	if !reflect.DeepEqual(*first, want) {
		t.Errorf("got %+v, want %+v", *first, want)
	}
	m.expect("3", "x", "w3")
	if second := (<-m.events).(*Edited); second.Seq != 4 || second.Text != "four" || second.History {
		t.Errorf("got %+v", *second)
	}
	if at, _ := m.Position(); at.Seq != 4 {
		t.Errorf("the session is at %v", at)
	}
}

// An edit without an ack is sent again with its id, and one that came back
// needs no ack.
func TestEditIsSentAgain(t *testing.T) {
	const frame = `{"type":"edit","target":{"seq":1,"id":"1"},"id":%q,"text":"new"}`
	ids := make(chan string, 2)
	read := func(p *peer) {
		_, b, err := p.ws.ReadMessage()
		r := request{}
		if err == nil {
			_, err = fmt.Sscanf(string(b[len(`{"type":"edit","target":{"seq":1,"id":"1"},"id":`):]), "%q", &r.ID)
		}
		if err != nil || string(b) != fmt.Sprintf(frame, r.ID) {
			t.Errorf("the client sent %s, %v", b, err)
		}
		ids <- r.ID
	}
	m := follow(t, Options{URL: serve(t, func(p *peer) {
		p.send(welcome("e", 1), message(1))
		read(p)
		p.close(websocket.CloseGoingAway)
		p.untilGone()
	}, func(p *peer) {
		p.send(welcome("e", 1))
		read(p)
		p.close(websocket.CloseGoingAway)
		p.untilGone()
	}, func(p *peer) {
		id := <-ids
		if again := <-ids; again != id {
			t.Errorf("sent as %s and %s", id, again)
		}
		p.send(welcome("e", 2), fmt.Sprintf(
			`{"type":"edit","seq":2,"id":%q,"text":"new","target":{"seq":1,"id":"1"},"at":5}`, id))
		p.untilGone()
	})})
	ack, err := m.Edit(within(t), (&Message{Seq: 1, ID: "1"}).Target(), "new")
	if err != nil || ack.Seq != 2 || !ack.Duplicate {
		t.Errorf("edited at %+v, %v", ack, err)
	}
}

func TestEditIsDeclined(t *testing.T) {
	m := follow(t, Options{URL: serve(t, func(p *peer) {
		p.send(welcome("e", 0))
		r, _ := p.receive()
		p.send(fmt.Sprintf(`{"type":"error","id":%q,"code":"not_yours","message":"","retryable":false}`, r.ID))
		p.untilGone()
	})})
	_, err := m.Edit(within(t), Target{Seq: 1}, "new")
	var refused *Error
	if !errors.As(err, &refused) || refused.Code != "not_yours" {
		t.Errorf("edit: %v", err)
	}
}
