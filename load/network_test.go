package main

import (
	"strings"
	"testing"
)

// Clients with a slow network receive and send everything, later than the
// others, also what goes over HTTP, and are reported about apart.
func TestSlowNetworks(t *testing.T) {
	t.Parallel()
	addr := startForFiles(t, map[string]string{"BALANCE": "false"})
	for _, more := range [][]string{nil, {"-workers", startWorkers(t, 2)}} {
		r, text, err := runLoad(t, append([]string{"-url", "ws://" + addr, "-clients", "40", "-rate", "20",
			"-publishers", "40", "-for", "2s", "-warmup", "0", "-mix", "uploads=10%,history=50%", "-file-size",
			"5000", "-network", "share=25%,delay=150ms±50ms,loss=2%,rate=64KB/s"}, more...)...)
		n := r.Network
		if err != nil || n == nil || r.Totals.Delivered != 40*r.Totals.Sent || r.Totals.Acked != r.Totals.Sent {
			t.Fatalf("exit %v with %+v and %+v", err, r.Totals, n)
		}
		if n.Clients != 10 || n.Measured <= 10*r.Totals.Sent || n.Measured+r.Totals.Measured != 40*r.Totals.Sent ||
			len(n.Closed) > 0 || n.Excused != 0 || n.Like != "share=25%,delay=150ms±50ms,loss=2%,rate=64KB/s" {
			t.Errorf("%+v beside %+v", n, r.Totals)
		}
		if n.Latency.P50 < 100 { // milliseconds; how much later is up to the machine
			t.Errorf("latency %+v, want at least the delay", n.Latency)
		}
		for _, want := range []string{"10 clients with delay=150ms±50ms, loss=2%",
			"latency from or to them: median "} {
			if !strings.Contains(text, want) {
				t.Errorf("the output lacks %q", want)
			}
		}
	}
}

// If all clients have the network, the latency of the run is theirs.
func TestSlowNetworkOfAll(t *testing.T) {
	t.Parallel()
	r, _, err := runLoad(t, "-url", "ws://"+startForWorkers(t), "-clients", "10", "-rate", "10", "-for", "2s",
		"-warmup", "0", "-network", "delay=50ms", "-scenario", "storm")
	if err != nil || r.Network.Clients != 10 || r.Network.Measured != 0 || r.Totals.Reconnects != 10 ||
		r.Totals.Measured != 10*r.Totals.Sent || r.Latency.P50 < 50 || r.Network.Closed["storm"] != 10 {
		t.Errorf("exit %v with %+v and %+v", err, r.Totals, r.Network)
	}
}
