package limit

import (
	"fmt"
	"testing"
	"time"
)

func TestNewRate(t *testing.T) {
	for _, test := range []struct {
		rate float64
		want Rate
	}{{0, Rate{Burst: -1}}, {0.1, Rate{7, 10 * time.Second}}, {50, Rate{7, 20 * time.Millisecond}}} {
		if got := NewRate(test.rate, 7); got != test.want {
			t.Errorf("%v a second: %+v, want %+v", test.rate, got, test.want)
		}
	}
}

func TestThrottleForgetsIdleKeys(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	th := NewThrottle(Rate{Burst: 2, Every: time.Second})
	th.maxKeys = 100
	for i := range 1000 {
		if wait := th.Take(now, fmt.Sprint(i)); wait != 0 {
			t.Fatalf("key %d waits %v", i, wait)
		}
		if len(th.byKey) > 100 || len(th.byKey) != th.order.Len() {
			t.Fatalf("%d keys, %d in order", len(th.byKey), th.order.Len())
		}
	}
	// The most recent keys stay.
	for _, key := range []string{"999", "950"} {
		if th.Take(now, key); th.Take(now, key) != time.Second {
			t.Errorf("%s was forgotten", key)
		}
	}
	// Keys whose bucket is full again are forgotten, a few at each attempt.
	now = now.Add(2 * time.Second)
	for range 51 {
		th.Take(now, "one")
	}
	if len(th.byKey) != 1 {
		t.Errorf("%d keys are remembered", len(th.byKey))
	}
	th.Forget("one")
	th.Forget("one")
	if len(th.byKey) != 0 || th.Take(now, "one") != 0 || th.Take(now, "one") != 0 {
		t.Error("a forgotten key starts with a used bucket")
	}

	none := NewThrottle(Rate{Burst: -1, Every: time.Hour})
	for range 1000 {
		if none.Take(now, "one") != 0 {
			t.Fatal("waits without a limit")
		}
	}
}
