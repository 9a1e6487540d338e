package plan

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

func settings() Settings {
	return Settings{URLs: []string{"ws://127.0.0.1:8080"}, Clients: 1000, Rate: 50, Rooms: 1, Bytes: 100,
		For: 30 * time.Second, Warmup: 2 * time.Second, Handshakes: 64,
		Bound: 500 * time.Millisecond, Step: 5 * time.Second, Stay: time.Second, Times: 4}
}

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

func TestSourcesAreSpread(t *testing.T) {
	s := settings()
	if got := s.Source(999); got != "" {
		t.Errorf("few clients connect from %q, want the kernel's choice", got)
	}
	s.Clients = 60000
	from := map[string]int{}
	for i := range s.Clients {
		from[s.Source(i)]++
	}
	if len(from) != 3 || from["127.0.0.1"] != portsPerSource || from["127.0.0.2"] != portsPerSource ||
		from["127.0.0.3"] != 10000 {
		t.Errorf("they connect from %v", from)
	}
	if err := s.Ports(); err != nil {
		t.Error(err)
	}
	s.URLs = []string{"ws://10.0.0.1:8080"}
	if err := s.Ports(); err == nil || s.Source(1) != "" || !strings.Contains(err.Error(), "-source") {
		t.Errorf("to another machine: %v from %q", err, s.Source(1))
	}
	s.Sources = []string{"10.0.0.2", "10.0.0.3", "10.0.0.4"}
	if err := s.Ports(); err != nil || s.Source(4) != "10.0.0.3" {
		t.Errorf("with addresses: %v, and the fifth from %q", err, s.Source(4))
	}
}

func TestFileLimitIsChecked(t *testing.T) {
	s := settings()
	if err := s.Files(1100); err != nil {
		t.Error(err)
	}
	err := s.Files(1024)
	if err == nil {
		t.Fatal("1,000 clients need more than 1,024 files")
	}
	for _, want := range []string{"need 1100 open files", "the limit is 1024", "ulimit -n", "-clients 924"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q lacks %q", err, want)
		}
	}
}

// stage is a World with simulated time.
type stage struct {
	did     []string
	windows []Window
	knee    string
	held    Window
}

func (s *stage) Until(_ context.Context, at time.Duration) error {
	s.do("until " + at.String())
	return nil
}
func (s *stage) Mark(text string) {
	if strings.Contains(text, "not restarted") {
		s.do("told")
	}
}
func (s *stage) DropAll()                                              { s.do("drop") }
func (s *stage) Command(_ context.Context, c string) error             { s.do(c); return nil }
func (s *stage) Kill(int) error                                        { s.do("kill"); return nil }
func (s *stage) AwaitConnected(context.Context) (time.Duration, error) { s.do("whole"); return 0, nil }
func (s *stage) Window() (w Window) {
	if len(s.windows) > 0 {
		w, s.windows = s.windows[0], s.windows[1:]
	}
	return w
}
func (s *stage) Knee(held Window, _ *Window, why string) { s.held, s.knee = held, why }
func (s *stage) do(what string)                          { s.did = append(s.did, what) }

func TestScenarios(t *testing.T) {
	for _, test := range []struct {
		name, want string
		set        func(*Settings)
	}{
		{"storm", "until 15s, drop, whole", nil},
		{"kill", "until 15s, kill, whole", func(s *Settings) { s.KillPID = 7 }},
		{"kill", "until 15s, docker kill, whole, told", func(s *Settings) { s.KillCommand = "docker kill" }},
		{"rolling", "until 10s, restart 1, until 20s, restart 2, whole",
			func(s *Settings) { s.Rolling, s.Times = "restart {n}", 2 }},
		{"rolling", "", nil},
	} {
		s := settings()
		if test.set != nil {
			test.set(&s)
		}
		var err error
		if s.Scenario, err = ScenarioByName(test.name); err != nil {
			t.Fatal(err)
		}
		w := &stage{}
		if err := errors.Join(s.Check(), s.Scenario.Act(t.Context(), &s, w)); err != nil {
			t.Error(err)
		}
		if got := strings.Join(w.did, ", "); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
}

func TestRampFindsTheKnee(t *testing.T) {
	s := settings()
	var err error
	if s.Scenario, err = ScenarioByName("ramp"); err != nil {
		t.Fatal(err)
	}
	good := Window{P99: time.Millisecond, Delivered: 100, Due: 100}
	for _, test := range []struct {
		third Window
		why   string
		held  float64
	}{
		{Window{P99: time.Second, Delivered: 100, Due: 100}, "exceeded 500ms", 75},
		{Window{P99: time.Millisecond, Delivered: 80, Due: 100}, "20 % of the deliveries", 75},
		{good, "the run ended", 50 * growth * growth * growth * growth * growth},
	} {
		w := &stage{windows: []Window{{}, good, good, test.third, good, good, good}}
		if err := s.Scenario.Act(t.Context(), &s, w); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(w.knee, test.why) || w.held.Rate < test.held*0.99 ||
			w.held.Rate > test.held*1.01 {
			t.Errorf("held %g because %q, want %g and %q", w.held.Rate, w.knee, test.held, test.why)
		}
	}
	s.MaxRate = 80
	w := &stage{windows: []Window{{}, good, good}}
	if err := s.Scenario.Act(t.Context(), &s, w); err != nil || w.held.Rate != 75 ||
		!strings.Contains(w.knee, "MESSAGE_RATE=0") {
		t.Errorf("%v: held %g because %q, want the server's limit", err, w.held.Rate, w.knee)
	}
	steps := s.Scenario.Steps(&s)
	if len(steps) != 6 || steps[1].From != 7*time.Second ||
		steps[5].Rate != 50*growth*growth*growth*growth*growth {
		t.Errorf("the steps are %v", steps)
	}
}
