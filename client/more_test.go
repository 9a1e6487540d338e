package client

import (
	"testing"

	"github.com/gorilla/websocket"
)

// The members of a message besides its text are sent, again on the next
// connection, and received.
func TestMoreThanText(t *testing.T) {
	const first = `{"type":"message","id":"00000000-0000-4000-8000-000000000001","text":"hi",` +
		`"reply":{"seq":7,"id":"x\"y"},"data":{"a": [1]}}`
	read := func(p *peer) {
		if _, b, err := p.ws.ReadMessage(); err != nil || string(b) != first {
			t.Errorf("the client sent %s, %v", b, err)
		}
	}
	m := follow(t, Options{URL: serve(t, func(p *peer) {
		p.send(welcome("e", 7))
		read(p)
		p.close(websocket.CloseGoingAway)
		p.untilGone()
	}, func(p *peer) {
		p.send(welcome("e", 7))
		read(p)
		p.send(`{"type":"message","seq":8,"id":"00000000-0000-4000-8000-000000000001","name":"ann","text":"hi",`+
			`"reply":{"seq":7,"id":"x","name":"bob","text":"ho"},"mentions":["bob"],"data":{"a":[1]},"at":5}`,
			`{"type":"ack","id":"00000000-0000-4000-8000-000000000001","seq":8,"duplicate":false}`)
		p.untilGone()
	})})
	_, err := m.SendAs(within(t), "00000000-0000-4000-8000-000000000001", "hi",
		ReplyTo(Target{Seq: 7, ID: `x"y`}), Data([]byte(`{"a": [1]}`)))
	if err != nil {
		t.Error(err)
	}
	for e := range m.events {
		got, ok := e.(*Message)
		if !ok {
			continue
		}
		if *got.Reply != (Reply{Target{7, "x"}, "bob", "ho"}) || len(got.Mentions) != 1 ||
			string(got.Data) != `{"a":[1]}` {
			t.Errorf("received %+v", got)
		}
		break
	}
	for _, wrong := range []string{"", "[]", `{"a":1,"a":2}`, `{} {}`, `{"text":`} {
		if _, err := m.Send(within(t), "hi", Data([]byte(wrong))); err == nil {
			t.Errorf("sent the data %s", wrong)
		}
	}
}
