package main

import (
	"strings"
	"testing"

	"livechat/load/record"
	"livechat/load/run"
)

// A server that is gone is left out, and a line is cut after a whole server.
func TestFigures(t *testing.T) {
	text := figures(run.Live{Phase: "kill", Second: record.Second{Span: 1, Connected: 30,
		Servers: map[string]record.Server{"1000": {Connected: 20, Delivered: 400, P99: 2.5}, "2000": {},
			"3000": {Connected: 10, Delivered: 200, P99: 3}}}})
	if want := " | 1000 20·400/s·2.5 ms | 3000 10·200/s·3.0 ms"; !strings.HasSuffix(text, want) {
		t.Errorf("%q, want the end %q", text, want)
	}
	for width := 1; width < 100; width++ {
		short := clip(text, width)
		if n := len([]rune(short)); n > width {
			t.Errorf("%q has %d columns, want %d", short, n, width)
		}
		if strings.Contains(short, "1000") && !strings.Contains(short, "1000 20·400/s·2.5 ms") {
			t.Errorf("%q is cut within a server", short)
		}
	}
	if got := clip("a | b | c", 8); got != "a | +2" {
		t.Errorf("%q, want how many are left out", got)
	}
}
