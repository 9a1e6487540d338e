package cluster

import (
	"testing"
	"time"
)

func TestPasses(t *testing.T) {
	var p Passes
	if got := p.Percentile(0.99); got != 0 {
		t.Errorf("no passes: %v", got)
	}
	for ms := range 1000 {
		p.Add(time.Duration(ms+1) * time.Millisecond)
	}
	if got := p.Percentile(0.99); got < 990*time.Millisecond || got > 990*time.Millisecond*9/8 {
		t.Errorf("99 %% of 1 to 1000 ms are below %v", got)
	}
	if got := p.Percentile(0.99); got != 0 {
		t.Errorf("the passes of before are still counted: %v", got)
	}
	for _, d := range []time.Duration{0, 1, 8, 9, time.Microsecond, time.Second, time.Hour, 1 << 62} {
		p.Add(d)
		if got := p.Percentile(0.99); got < d || d > 8 && float64(got) > float64(d)*9/8+1 {
			t.Errorf("one pass of %v: %v", d, got)
		}
	}
	if n := testing.AllocsPerRun(100, func() { p.Add(time.Millisecond) }); n > 0 {
		t.Errorf("counting a pass allocates %v times", n)
	}
}
