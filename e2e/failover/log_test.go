package failover

import (
	"slices"
	"testing"
	"time"

	"livechat/client"
)

func TestPeak(t *testing.T) {
	at := func(ms ...int) (times []time.Time) {
		for _, m := range ms {
			times = append(times, time.UnixMilli(int64(m)))
		}
		return times
	}
	for want, times := range map[int][]time.Time{
		0: nil, 1: at(0, 1000, 2000), 2: at(0, 999, 2000), 3: at(0, 500, 1400, 1450, 3000),
	} {
		if got := Peak(times); got != want {
			t.Errorf("%v: %d, want %d", times, got, want)
		}
	}
}

func TestPart(t *testing.T) {
	var d Durations
	if d.Part(99) != 0 {
		t.Error("no clients, but a duration")
	}
	for i := 200; i > 0; i-- {
		d = append(d, time.Duration(i))
	}
	for percent, want := range map[int]time.Duration{1: 2, 50: 100, 99: 198, 100: 200} {
		if got := d.Part(percent); got != want {
			t.Errorf("%d %%: %d, want %d", percent, got, want)
		}
	}
}

func TestLog(t *testing.T) {
	l := NewLog(3)
	for i := range 2 {
		l.Take(i, &client.Welcome{App: "1000"})
	}
	l.Take(0, &client.Message{})
	since := time.Now()
	l.Take(0, &client.Disconnected{})
	l.Take(1, &client.Disconnected{})
	l.Take(0, &client.Welcome{App: "2000"})
	if back := l.Back([]int{0, 1}, since); len(back) != 1 || l.Lost(since) != 2 ||
		len(l.Arrivals(since)) != 1 {
		t.Errorf("%d are back, %d broke, %d came; want 1, 2, 1", len(back), l.Lost(since),
			len(l.Arrivals(since)))
	}
	if first, second := l.On("1000"), l.On("2000"); !slices.Equal(first, []int{1}) ||
		!slices.Equal(second, []int{0}) {
		t.Errorf("the clients on the servers are %v and %v, want 1 and 0", first, second)
	}
}
