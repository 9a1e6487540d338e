package run

import (
	"strings"
	"testing"
	"time"
)

func TestEvenOnReadyServersOnly(t *testing.T) {
	for _, test := range []struct {
		ready  string
		online map[string]int
		want   int
		even   bool
	}{
		{"a b", map[string]int{"a": 100, "b": 100}, -1, true},
		{"a b", map[string]int{"a": 120, "b": 80}, 2, true},
		{"a b", map[string]int{"a": 121, "b": 79}, 2, false},
		{"a b", map[string]int{"a": 100, "b": 100}, 3, false}, // one more is to come
		{"a b c", map[string]int{"a": 100, "b": 100}, -1, false},
		{"a b", map[string]int{"a": 100, "b": 100, "c": 0}, 2, true},
		{"a b", map[string]int{"a": 100, "b": 100, "c": 30}, 2, false}, // that one drains
		{"a b", map[string]int{"a": 3, "b": 6}, 2, true},               // few clients: two more or less
		{"a b", map[string]int{"a": 2, "b": 7}, 2, false},
		{"", map[string]int{}, -1, false},
	} {
		if got := isEven(strings.Fields(test.ready), test.online, test.want); got != test.even {
			t.Errorf("%v on %q of %d: even is %v", test.online, test.ready, test.want, got)
		}
	}
}

// Even counts from its beginning, once it has lasted, and starts again with every
// change of the servers.
func TestEvennessHasToLast(t *testing.T) {
	var e evenness
	start := time.Now()
	even, uneven := map[string]int{"a": 10, "b": 10}, map[string]int{"a": 20, "b": 0}
	for _, test := range []struct {
		at      time.Duration
		ready   string
		online  map[string]int
		since   time.Duration // -1: not even
		lasting bool
	}{
		{0, "a b", uneven, -1, false},
		{1 * time.Second, "a b", even, 1 * time.Second, false},
		{5 * time.Second, "a b", even, 1 * time.Second, false},
		{5500 * time.Millisecond, "a b", uneven, -1, false},
		{6 * time.Second, "a b", even, 6 * time.Second, false},
		{10 * time.Second, "a c", map[string]int{"a": 10, "c": 10}, 10 * time.Second, false},
		{15 * time.Second, "a c", map[string]int{"a": 10, "c": 10}, 10 * time.Second, true},
	} {
		since, lasting := e.look(start.Add(test.at), strings.Fields(test.ready), test.online, 2)
		want := start.Add(test.since)
		if test.since < 0 {
			want = time.Time{}
		}
		if !since.Equal(want) || lasting != test.lasting {
			t.Errorf("at %s: even since %v (%v), want %v (%v)", test.at, since, lasting, want, test.lasting)
		}
	}
}
