package plan

import (
	"strings"
	"testing"
	"time"
)

func TestParseNetwork(t *testing.T) {
	for text, want := range map[string]Network{
		"":             {},
		"delay=150ms":  {Share: 100, Delay: 150 * time.Millisecond},
		"rate=500B/s ": {},
		"share=10%, delay=150ms ± 50ms, loss=1%,rate=64KB/s": {10, 150 * time.Millisecond,
			50 * time.Millisecond, 1, 64000},
		"share=2.5,loss=0.5,delay=1s+-1s": {2.5, time.Second, time.Second, 0.5, 0},
		"rate=1.5MB/s":                    {Share: 100, Rate: 1_500_000},
	} {
		got, err := ParseNetwork(text)
		if want == (Network{}) && text != "" {
			if err == nil || !strings.Contains(err.Error(), "at least 1KB/s") {
				t.Errorf("%q: %v", text, err)
			}
			continue
		}
		if err != nil || got != want {
			t.Errorf("%q: %+v, %v, want %+v", text, got, err, want)
		}
		if again, err := ParseNetwork(got.String()); err != nil || again != got {
			t.Errorf("%q: %q is %+v, %v", text, got, again, err)
		}
	}
	for _, text := range []string{"share=0%,loss=1%", "share=101%,loss=1%", "loss=21%", "loss=-1%",
		"loss=NaN", "delay=-1s", "delay=10ms±20ms", "delay=3s", "delay=5", "rate=64", "rate=KB/s", "speed=1",
		"loss", ","} {
		if n, err := ParseNetwork(text); err == nil || !strings.Contains(err.Error(), "-network") ||
			!strings.Contains(err.Error(), "want some of share=10%") {
			t.Errorf("%q: %+v, %v", text, n, err)
		}
	}
	for text, want := range map[string]string{
		"share=10%":       `-network "share=10%": want delay, loss or rate as well`,
		"loss=1%,loss=2%": "-network: loss is given twice",
	} {
		if n, err := ParseNetwork(text); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %+v, %v", text, n, err)
		}
	}
}

// The clients of a network are spread evenly over all.
func TestNetworkHasItsShare(t *testing.T) {
	n, clients := Network{Share: 10}, 0
	for c := range 1000 {
		if n.Has(c) {
			clients++
		}
		if want := (c + 1) / 10; clients < want-1 || clients > want+1 {
			t.Fatalf("%d of the first %d, want %d", clients, c+1, want)
		}
	}
	if clients != 100 {
		t.Errorf("%d of 1000, want 100", clients)
	}
}
