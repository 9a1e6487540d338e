package main

import (
	"errors"
	"strings"
	"testing"
)

// Edits are sent as edits: a server without them refuses them.
func TestRefusedEditsAreCounted(t *testing.T) {
	t.Parallel()
	addr := startServer(t, map[string]string{"MESSAGE_RATE": "0", "ROOM_RATE": "0", "LOG_LEVEL": "warn",
		"EDIT_WINDOW": "off"})
	r, _, err := runLoad(t, "-url", "ws://"+addr, "-clients", "4", "-rate", "30", "-for", "2s", "-mix",
		"edits=50%")
	if n := r.Totals.Refused["forbidden"]; err == nil || n == 0 || n != r.Totals.Edits ||
		r.Totals.Acked+n != r.Totals.Sent {
		t.Errorf("exit %v with %+v", err, r.Totals)
	}
}

// Messages refused because of the server's limit cause advice. A busy machine
// may bring those of a publisher together: of many, each sends at most two.
func TestRateLimitOfServerIsExplained(t *testing.T) {
	addr := startServer(t, map[string]string{"MESSAGE_RATE": "2", "MESSAGE_BURST": "2", "LOG_LEVEL": "warn"})
	r, text, err := runLoad(t, "-url", "ws://"+addr, "-clients", "5", "-publishers", "2", "-rate", "40",
		"-for", "1s", "-warmup", "0")
	if !errors.Is(err, errFailed) || !strings.Contains(text, "rate_limited") ||
		!strings.Contains(text, "MESSAGE_RATE=0") || !strings.Contains(text, "at least 25 publishers") {
		t.Errorf("exit %v, want a failure and advice", err)
	}
	if n := &r.Totals; n.Sent != 40 || n.Acked+n.Refused["rate_limited"] != 40 {
		t.Errorf("%+v, want 40 messages", n)
	}
	r, _, err = runLoad(t, "-url", "ws://"+addr, "-clients", "20", "-rate", "20", "-for", "1s", "-warmup",
		"0")
	if err != nil || r.Totals.Sent != 20 || r.Settings.Publishers < 10 {
		t.Errorf("with enough publishers: %v, %+v", err, r.Totals)
	}
}
