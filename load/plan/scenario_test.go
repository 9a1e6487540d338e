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

// stage is a World with simulated time.
type stage struct {
	did     []string
	told    []string
	emptied [][]string
	fails   bool // of commands
	calm    bool // no client loses its connection
	late    bool // not all clients come back in time
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
func (s *stage) Kill(int) error { s.do("kill"); return nil }
func (s *stage) AwaitConnected(context.Context) (time.Duration, bool, error) {
	s.do("whole")
	if s.late {
		return 0, !s.calm, context.DeadlineExceeded
	}
	return 0, !s.calm, nil
}
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
		{"kill", func(s *Settings, w *stage) { s.KillPID, w.calm = 7, true },
			[]string{"process 7 killed at 17.0 s; no client lost its connection within 0s"}},
		{"kill", func(s *Settings, w *stage) { s.KillPID, w.calm, w.late = 7, true, true },
			[]string{"process 7 killed at 17.0 s; no client lost its connection within 0s"}},
		{"kill", func(s *Settings, w *stage) { s.KillPID, w.late = 7, true },
			[]string{"process 7 killed at 17.0 s; not all clients connected again"}},
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
