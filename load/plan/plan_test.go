package plan

import (
	"context"
	"errors"
	"fmt"
	"slices"
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
	if err := s.Files(100); err == nil || strings.Contains(err.Error(), "-clients") {
		t.Errorf("%v, want no advice that cannot be followed", err)
	}
}

// stage is a World with simulated time.
type stage struct {
	did     []string
	told    []string
	emptied [][]string
	fails   bool // of commands
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
func (s *stage) Did(text string)    { s.told = append(s.told, text) }
func (s *stage) Now() time.Duration { return 17 * time.Second }
func (s *stage) DropAll() int       { s.do("drop"); return 9 }
func (s *stage) Emptied() (apps []string) {
	if len(s.emptied) > 0 {
		apps, s.emptied = s.emptied[0], s.emptied[1:]
	}
	return apps
}
func (s *stage) Command(_ context.Context, c string) error {
	s.do(c)
	if s.fails {
		return errors.New("no such server")
	}
	return nil
}
func (s *stage) Scale(_ context.Context, changes []Resize) error {
	for _, c := range changes {
		s.do(fmt.Sprint(c.Command, " ", c.More, c.Known, " ", c.Watch))
	}
	return nil
}
func (s *stage) WatchScale(_ context.Context, watch time.Duration) error {
	s.do("watch " + watch.String())
	return nil
}
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
		{"rolling", "until 10s, restart 1, whole, until 20s, restart 2, whole",
			func(s *Settings) { s.Rolling, s.Times = "restart {n}", 2 }},
		{"rolling", "until 1s, until 1.5s", func(s *Settings) { s.For = 1500 * time.Millisecond }},
		{"scale", "until 0s, up 2 0 false 10s, up 6 4 true 10s, up 1 -5 true 10s",
			func(s *Settings) { s.ScaleCommand, s.Scale = "up {n}", []int{2, 6, 1} }},
		{"scale", "until 0s, watch 30s", nil},
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

// A scenario says what it did and what came of it.
func TestScenariosSayWhatTheyDid(t *testing.T) {
	for _, test := range []struct {
		name string
		set  func(*Settings, *stage)
		want []string
	}{
		{"storm", nil, []string{"9 clients disconnected at 17.0 s; all clients connected again after 0s"}},
		{"kill", func(s *Settings, w *stage) {
			s.KillCommand, w.emptied = "docker kill ws2", [][]string{{"2000"}}
		}, []string{"'docker kill ws2' run at 17.0 s; all clients connected again after 0s",
			"lost all clients: 2000",
			"a container killed by hand is not restarted: bring it back with docker compose up -d"}},
		{"rolling", func(s *Settings, w *stage) {
			s.Rolling, s.Times, w.emptied = "restart {n}", 2, [][]string{{"1000"}}
		}, []string{"'restart 1' run at 17.0 s, took 0s; all clients connected again after 0s",
			"lost all clients: 1000",
			"'restart 2' run at 17.0 s, took 0s; all clients connected again after 0s",
			"2 of 2 restarts were run"}},
		{"rolling", func(s *Settings, w *stage) { s.Rolling, s.Times, w.fails = "restart {n}", 2, true },
			[]string{"0 of 2 restarts were run"}},
		{"rolling", func(s *Settings, w *stage) { w.emptied = [][]string{nil, {"1000"}, {"2000"}} },
			[]string{"2 restarts were seen (a server loses all clients): 1000, 2000"}},
		{"rolling", nil, []string{"0 restarts were seen (a server loses all clients): none"}},
	} {
		s, w := settings(), &stage{}
		if test.set != nil {
			test.set(&s, w)
		}
		var err error
		if s.Scenario, err = ScenarioByName(test.name); err != nil {
			t.Fatal(err)
		}
		err = s.Scenario.Act(t.Context(), &s, w)
		if (err != nil) != w.fails || w.fails && !strings.Contains(err.Error(), "0 of 2 restarts") {
			t.Errorf("%s: %v", test.name, err)
		}
		if !slices.Equal(w.told, test.want) {
			t.Errorf("%s says %q, want %q", test.name, w.told, test.want)
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

// The shares of a run are all of its clients, each once and about the same
// number, from all rooms.
func TestSplit(t *testing.T) {
	for _, test := range []struct{ clients, parts, rooms int }{
		{10, 1, 1}, {10, 3, 2}, {3, 3, 1}, {1001, 4, 5},
	} {
		s := Settings{Clients: test.clients, Rooms: test.rooms}
		next := 0
		for _, share := range s.Split(test.parts) {
			s.Share = share
			first, count := s.Own()
			if first != next || count < test.clients/test.parts || count > test.clients/test.parts+1 {
				t.Errorf("%+v: a share of %d from %d on", test, count, first)
			}
			next += count
			rooms := make(map[string]bool)
			for c := first; c < first+count; c++ {
				rooms[s.Room(c)] = true
			}
			if len(rooms) != min(test.rooms, count) {
				t.Errorf("%+v: %d clients are in %d rooms", test, count, len(rooms))
			}
		}
		if next != test.clients {
			t.Errorf("%+v: %d clients", test, next)
		}
	}
}
