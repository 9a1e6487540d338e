package plan

import (
	"strings"
	"testing"
	"time"
)

func TestScheduleIsExact(t *testing.T) {
	s := NewSchedule([]Step{{0, 10}, {2 * time.Second, 20}, {3 * time.Second, 5}})
	for n, want := range map[int]time.Duration{0: 0, 1: 100 * time.Millisecond, 19: 1900 * time.Millisecond,
		20: 2 * time.Second, 21: 2050 * time.Millisecond,
		40: 3 * time.Second, 41: 3200 * time.Millisecond} {
		if got := s.Due(n); got < want-time.Microsecond || got > want+time.Microsecond {
			t.Errorf("message %d is due after %s, want %s", n, got, want)
		}
	}
}

// All publishers together send each message of the schedule once.
func TestPublishersShareTheSchedule(t *testing.T) {
	s := settings()
	schedule := s.Schedule()
	var dues []func() time.Duration
	for i := range 7 {
		dues = append(dues, s.DueTimes(i, 7))
	}
	for n := range 100 {
		if got, want := dues[n%7](), schedule.Due(n); got != want {
			t.Fatalf("message %d is due after %s, want %s", n, got, want)
		}
	}
}

func TestThinkTimeFollowsTheSeed(t *testing.T) {
	s := settings()
	s.Think = time.Second
	a, b := s.DueTimes(3, 10), s.DueTimes(3, 10)
	s.Seed = 2
	c := s.DueTimes(3, 10)
	var last time.Duration
	same := true
	for range 1000 {
		x := a()
		if y := b(); x != y || x < last {
			t.Fatalf("%s and %s from the same seed, after %s", x, y, last)
		}
		same = same && x == c()
		last = x
	}
	if same || last < 800*time.Second || last > 1200*time.Second {
		t.Errorf("1,000 think times took %s; same with another seed: %v", last, same)
	}
}

func TestPublishersStayBelowTheLimit(t *testing.T) {
	for _, test := range []struct {
		rate, limit    float64
		publishers     int
		clients, rooms int
		want           int
		advice         string
	}{
		{50, 5, 0, 1000, 1, 13, ""},
		{50, 0, 0, 1000, 1, 1, ""},
		{1000, 0, 0, 1000, 1, 10, ""},
		{50, 5, 0, 1000, 8, 16, ""},
		{50, 5, 20, 1000, 1, 20, ""},
		{50, 5, 4, 1000, 1, 4, "at least 13 publishers"},
		{50, 5, 0, 5, 1, 5, "MESSAGE_RATE=0"},
	} {
		s := settings()
		s.Rate, s.Publishers, s.Clients, s.Rooms = test.rate, test.publishers, test.clients, test.rooms
		n, advice := s.ChoosePublishers(test.limit)
		if n != test.want || (test.advice == "") != (advice == "") || !strings.Contains(advice, test.advice) {
			t.Errorf("%+v: %d publishers and %q", test, n, advice)
		}
	}
}

func TestPublishersAreSpread(t *testing.T) {
	for _, rooms := range []int{1, 3, 7} {
		s := settings()
		s.Clients, s.Rooms = 100, rooms
		for _, n := range []int{rooms, 2 * rooms, 14 * rooms, 100} {
			if n > 100 {
				continue
			}
			seen, perRoom := map[int]bool{}, map[int]int{}
			for i := range n {
				c := s.Publisher(i, n)
				if c < 0 || c >= 100 || seen[c] {
					t.Fatalf("%d rooms: publisher %d of %d is client %d, out of range or taken", rooms, i,
						n, c)
				}
				seen[c] = true
				perRoom[c%rooms]++
			}
			if len(perRoom) != rooms {
				t.Errorf("%d publishers in %d of %d rooms", n, len(perRoom), rooms)
			}
		}
	}
}
