package client

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

// A guest keeps its identity over all connections of a session, and the secret
// key is never shown.
func TestSessionKeepsItsGuestKey(t *testing.T) {
	keys := make(chan string, 3)
	url := serve(t, func(p *peer) { p.send(welcome("e", 0)); keys <- p.protocols[1] },
		func(p *peer) { p.send(welcome("e", 0)); keys <- p.protocols[1]; p.untilGone() })
	m := follow(t, Options{URL: url})
	m.expect("w0", "x", "w0")
	first, second := <-keys, <-keys
	if key, ok := strings.CutPrefix(first, "livechat.guest."); !ok || len(key) != 32 || first != second {
		t.Errorf("subprotocols %q and %q, want the same guest key", first, second)
	}
	if one, other := NewGuestKey(), NewGuestKey(); one == other {
		t.Error("two guests have the same key")
	}
}

func TestAccountSendsNoGuestKey(t *testing.T) {
	protocols := make(chan []string, 1)
	url := serve(t, func(p *peer) { protocols <- p.protocols; p.send(welcome("e", 0)); p.untilGone() })
	m := follow(t, Options{URL: url, Header: http.Header{
		"Sec-Websocket-Protocol": {"livechat.user, livechat.ticket.x"}}})
	m.expect("w0")
	if got := <-protocols; !slices.Equal(got, []string{"livechat.user", "livechat.ticket.x"}) {
		t.Errorf("subprotocols: %q", got)
	}
}
