package wire

import (
	"net/http"
	"testing"
)

func TestHasToken(t *testing.T) {
	h := http.Header{"Connection": {"keep-alive", "close , Upgrade"}, "Upgrade": {"WebSocket"}}
	for _, name := range []string{"Connection", "connection"} {
		if !HasToken(h, name, "upgrade") || !HasToken(h, name, "keep-alive") {
			t.Errorf("%s: token not found", name)
		}
	}
	if HasToken(h, "Upgrade", "web") || HasToken(h, "Connection", "") || HasToken(h, "TE", "trailers") {
		t.Error("found a token that is not there")
	}
}
