package client

import (
	"testing"

	"github.com/gorilla/websocket"
)

func TestPostsModeration(t *testing.T) {
	const id = "6f1e0c3a-5b0f-4c53-9d0f-2a3b4c5d6e7f"
	got := make(chan string, 2)
	c := dial(t, Options{URL: serve(t, func(p *peer) {
		for range 2 {
			_, b, err := p.ws.ReadMessage()
			if err != nil {
				t.Error(err)
			}
			got <- string(b)
		}
		p.close(websocket.CloseGoingAway)
	})})
	off := false
	for _, test := range []struct {
		id   string
		m    Moderation
		want string
	}{
		{id, Moderation{Action: "ban", Target: &Target{Seq: 7, ID: "x"}, Minutes: 5, Reason: "spam", Address: true},
			`{"type":"moderate","id":"` + id + `","action":"ban","target":{"seq":7,"id":"x"},"minutes":5,` +
				`"reason":"spam","address":true}`},
		{"", Moderation{Action: "registered", On: &off}, `{"type":"moderate","action":"registered","on":false}`},
	} {
		if err := c.PostModerate(test.id, test.m); err != nil {
			t.Fatal(err)
		}
		if frame := <-got; frame != test.want {
			t.Errorf("sent %s, want %s", frame, test.want)
		}
	}
}
