package node

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/google/uuid"
)

// from dials as a proxy would for a client at an address.
func from(t *testing.T, n *Node, addr string, query ...string) *peer {
	t.Helper()
	p := connectFrom(t, n, http.Header{"X-Forwarded-For": {addr}}, nil, query...)
	p.welcome = p.next("welcome")
	return p
}

// said sends messages and returns how many were taken, and the last refusal.
func (p *peer) said(n int) (taken int, refusal event) {
	p.t.Helper()
	for range n {
		p.send(fmt.Sprintf(`{"type":"message","id":%q,"text":"hi"}`, uuid.NewString()))
	}
	for range n {
		e := p.any()
		for e.Type != "ack" && e.Type != "error" {
			e = p.any()
		}
		if e.Type == "ack" {
			taken++
		} else {
			refusal = e
		}
	}
	return taken, refusal
}

// All connections of an address have one limit together, and coming back does
// not fill it; other addresses are not affected, and whoever is refused is not
// closed for it.
func TestAddressHasARate(t *testing.T) {
	t.Parallel()
	n := start(t, "MESSAGE_RATE=0", "ADDRESS_RATE=0.001", "ADDRESS_BURST=5", "TRUSTED_PROXIES=127.0.0.1")
	a := from(t, n, "2001:db8::1", "history=0")
	b := from(t, n, "2001:db8::ffff:2", "history=0", "room=another")
	if taken, _ := a.said(3); taken != 3 {
		t.Errorf("%d of 3 messages were taken", taken)
	}
	taken, e := b.said(30)
	if taken != 2 || e.Code != "rate_limited" || !e.Retryable || e.RetryAfterMS < 1000 {
		t.Errorf("%d more were taken, and then %+v", taken, e)
	}
	_ = a.Close()
	a = from(t, n, "2001:db8::1", "history=0")
	if taken, _ := a.said(1); taken != 0 {
		t.Error("who comes back has a new burst")
	}
	a.send(`{"type":"react","target":{"seq":1},"emoji":"👍"}`)
	if e := a.nextError(); e.Code != "rate_limited" {
		t.Errorf("a reaction: %+v", e)
	}
	for _, addr := range []string{"2001:db8:0:1::1", "192.0.2.7", "10.1.2.3"} {
		p := from(t, n, addr, "history=0")
		if taken, e := p.said(5); taken != 5 {
			t.Errorf("%s: %d of 5 were taken: %+v", addr, taken, e)
		}
	}
	if taken, _ := from(t, n, "10.1.2.3", "history=0").said(10); taken != 10 {
		t.Errorf("a private address: %d of 10 were taken", taken)
	}
	wantMetrics(t, n, map[string]float64{`livechat_rate_limited_total{limit="address"}`: 28 + 2})
}

// Those who flood a room are stopped, whatever their addresses; other rooms are
// not affected.
func TestRoomHasARate(t *testing.T) {
	t.Parallel()
	n := start(t, "ROOM_RATE=0.001", "ROOM_BURST=12", "MESSAGE_BURST=5", "MESSAGE_RATE=0.001")
	taken := 0
	for range 5 {
		got, e := dial(t, n, "history=0").said(5)
		if taken += got; got < 5 && (e.Code != "rate_limited" || e.RetryAfterMS < 1000) {
			t.Errorf("refused: %+v", e)
		}
	}
	if taken != 12 {
		t.Errorf("%d messages were taken, want 12", taken)
	}
	if taken, _ := dial(t, n, "history=0", "room=another").said(5); taken != 5 {
		t.Errorf("%d of 5 messages were taken in another room", taken)
	}
	wantMetrics(t, n, map[string]float64{
		`livechat_rate_limited_total{limit="room"}`: 13, `livechat_rate_limited_total{limit="connection"}`: 0,
	})
}

// Messages that a full room refuses do not count to the address.
func TestFullRoomLeavesTheAddress(t *testing.T) {
	t.Parallel()
	n := start(t, "MESSAGE_RATE=0", "ROOM_RATE=0.001", "ROOM_BURST=2", "ADDRESS_RATE=0.001", "ADDRESS_BURST=4",
		"TRUSTED_PROXIES=127.0.0.1")
	if taken, _ := from(t, n, "192.0.2.7", "history=0").said(10); taken != 2 {
		t.Errorf("%d messages were taken, want 2", taken)
	}
	if taken, e := from(t, n, "192.0.2.7", "history=0", "room=another").said(2); taken != 2 {
		t.Errorf("%d of 2 were taken in another room: %+v", taken, e)
	}
}

// A client that keeps sending although its room is full runs into its own limit,
// and is closed for that.
func TestFloodingAFullRoomCloses(t *testing.T) {
	t.Parallel()
	n := start(t, "ROOM_RATE=0.001", "ROOM_BURST=1", "MESSAGE_BURST=3", "MESSAGE_RATE=0.001")
	p := dial(t, n, "history=0")
	for range 3 + 2*3 + 1 {
		p.send("hi")
	}
	if code := p.closed(); code != 4013 {
		t.Errorf("closed with %d", code)
	}
}

// Messages in private chats count to the address, too.
func TestAddressHasARateOfPrivateMessages(t *testing.T) {
	t.Parallel()
	n := start(t, "ADDRESS_RATE=0.001", "ADDRESS_BURST=3", "REGISTER_RATE=0", "TRUSTED_PROXIES=127.0.0.1")
	ann, bob := newAPIUser(t, n, "ann"), newAPIUser(t, n, "bob")
	ann.Forwarded, bob.Forwarded = "192.0.2.7", "192.0.2.7"
	ann.register()
	bob.register()
	chat := "/chats/" + ann.do(http.StatusCreated, "POST", "/chats/",
		map[string]string{"with": "bob"})["id"].(string) + "/messages/"
	message := map[string]string{"text": "x"}
	m := ann.do(http.StatusCreated, "POST", chat, message)
	bob.do(http.StatusCreated, "POST", chat, message)
	one := chat + m["id"].(string) + "/"
	for path, method := range map[string]string{
		chat: "POST", one: "DELETE", one + "reactions/👍/": "PUT",
	} {
		var body any
		if method == "POST" {
			body = message
		}
		if answer := ann.do(http.StatusTooManyRequests, method, path,
			body); answer["code"] != "rate_limited" {
			t.Errorf("%s %s: %v", method, path, answer)
		}
	}
	ann.do(http.StatusTooManyRequests, "PATCH", one, message)
	bob.Forwarded = "192.0.2.8"
	bob.do(http.StatusCreated, "POST", chat, message)
}
