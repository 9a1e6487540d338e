package client

import (
	"fmt"
	"testing"

	"github.com/gorilla/websocket"
)

// later is an entry of a type that the client does not know.
func later(seq int) string {
	return fmt.Sprintf(`{"type":"later","seq":%d,"id":"%d","what":{"text":"t"},"at":5}`, seq, seq)
}

// An entry of an unknown type advances the position, once, and is no message
// and no hole.
func TestEntriesOfUnknownTypesAreCounted(t *testing.T) {
	m := follow(t, Options{URL: serve(t, func(p *peer) {
		p.send(welcome("e", 1), message(1), later(2), message(3), later(4), later(4),
			`{"type":"dance","seq":9}`, `{"type":"dance","at":9}`)
		p.close(websocket.CloseGoingAway)
		p.untilGone()
	}, func(p *peer) {
		p.wants("after=e%3A4&name=guest-1f")
		p.send(welcome("e", 6), later(5), message(6), later(8), `{"type":"reset","epoch":"f","seq":8}`, later(9),
			message(10))
		p.untilGone()
	})})
	m.expect("w1", "1", "later2", "3", "later4", "x", "w6", "later5", "6", "gap 7-7", "later8", "reset f 8",
		"later9", "10")
	if at, ok := m.Position(); !ok || at != (Position{Epoch: "f", Seq: 10}) {
		t.Errorf("the session is at %v, %v", at, ok)
	}
}

// A message that is being sent is not sent again before the entries that were
// missed have come, of whatever type.
func TestCatchesUpWithAnEntry(t *testing.T) {
	ids := make(chan string, 2)
	m := follow(t, Options{URL: serve(t, func(p *peer) {
		p.send(welcome("e", 1), message(1))
		r, _ := p.receive()
		ids <- r.ID
		p.close(websocket.CloseGoingAway)
		p.untilGone()
	}, func(p *peer) {
		p.send(welcome("e", 3), message(2), later(3))
		r, _ := p.receive()
		ids <- r.ID
		p.send(fmt.Sprintf(`{"type":"ack","id":%q,"seq":4}`, r.ID))
		p.untilGone()
	})})
	if ack, err := m.Send(t.Context(), "hello"); err != nil || ack.Seq != 4 {
		t.Errorf("sent at %+v, %v", ack, err)
	}
	if first, second := <-ids, <-ids; first != second {
		t.Errorf("sent as %s and %s", first, second)
	}
}

// Skimming leaves entries of other types to the decoder.
func TestSkimsNoOtherEntries(t *testing.T) {
	conn := dial(t, Options{Load: LoadOptions{Skim: true}, URL: serve(t, func(p *peer) {
		p.send(later(7))
		p.untilGone()
	})})
	event, err := conn.Next(t.Context())
	if e, ok := event.(*Entry); err != nil || !ok || *e != (Entry{Type: "later", Seq: 7, ID: "7", At: 5}) {
		t.Errorf("got %+v, %v", event, err)
	}
}
