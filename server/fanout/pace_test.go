package fanout

import (
	"testing"
	"time"
)

func TestPace(t *testing.T) {
	const most = 20 * time.Millisecond
	for name, test := range map[string]struct {
		writes int
		frames uint64
		most   time.Duration
		want   time.Duration
	}{
		"few clients are not delayed": {119, 3, most, 0},
		"a pass without room frames":  {500, 0, most, 0},
		"in proportion":               {120, 1, most, 19200 * time.Microsecond},
		"up to the maximum":           {5000, 1, most, most},
		"turned off":                  {5000, 1, 0, 0},
	} {
		if got := pace(test.writes, test.frames, test.most); got != test.want {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
}
