package plan

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Scenario is what happens while the load runs. Every function may be nil.
type Scenario struct {
	Name  string
	About string

	// Check returns what the scenario lacks.
	Check func(s *Settings) error
	// Steps are its rates; nil: the one of the settings, all the time.
	Steps func(s *Settings) []Step
	// Act does what the scenario is about, while messages flow. It may return before the run is over.
	Act func(ctx context.Context, s *Settings, w World) error
	// Slow and Stays: some clients read slowly; clients come and go.
	Slow, Stays bool
}

func (s Scenario) steps(settings *Settings) []Step {
	if s.Steps == nil {
		return nil
	}
	return s.Steps(settings)
}

// Scenarios are all there are, in the order in which help lists them.
func Scenarios() []Scenario {
	return []Scenario{
		{Name: "steady", About: "the same rate all the time"},
		{Name: "ramp", About: "raises the rate by half every -step until the 99th percentile passes -bound or deliveries fall behind", Steps: rampSteps, Act: ramp},
		{Name: "storm", About: "in the middle everybody is disconnected and comes back at once", Act: storm},
		{Name: "slow", About: "-slow percent of the clients read a message every half second; what the server announces as out of their reach is not lost", Slow: true},
		{Name: "kill", About: "in the middle -kill-pid is killed, or -kill-command is run", Check: checkKill, Act: kill},
		{Name: "churn", About: "clients leave after -stay, on average, and others join in their place", Stays: true, Check: checkChurn},
		{Name: "rolling", About: "runs -rolling-command once per server ({n} is 1, 2, 3 …); without one it watches you do it", Check: checkRolling, Act: rolling},
	}
}

// ScenarioByName returns the named one.
func ScenarioByName(name string) (Scenario, error) {
	var names []string
	for _, s := range Scenarios() {
		if s.Name == name {
			return s, nil
		}
		names = append(names, s.Name)
	}
	return Scenario{}, fmt.Errorf("-scenario %q: there are %s", name, strings.Join(names, ", "))
}

// growth is by how much a ramp raises the rate from step to step.
const growth = 1.5

func rampSteps(s *Settings) []Step {
	steps := []Step{{Rate: s.Rate}} // through the warm-up too
	for at := s.Step; at < s.For; at += s.Step {
		steps = append(steps, Step{From: s.Warmup + at, Rate: steps[len(steps)-1].Rate * growth})
	}
	return steps
}

// behind is the part of the deliveries of a step that must have arrived by its end.
const behind = 0.9

// ramp looks at each step when it is over.
func ramp(ctx context.Context, s *Settings, w World) error {
	var held Window
	if err := w.Until(ctx, 0); err != nil {
		return err
	}
	w.Window()
	for i, step := range rampSteps(s) {
		if s.Most > 0 && step.Rate > s.Most {
			w.Knee(held, nil, fmt.Sprintf("the server lets these connections send %.4g a second: more -clients, or MESSAGE_RATE=0 there", s.Most))
			return nil
		}
		if err := w.Until(ctx, time.Duration(i+1)*s.Step); err != nil {
			return err
		}
		now := w.Window()
		now.Rate = step.Rate
		switch {
		case now.P99 > s.Bound:
			w.Knee(held, &now, fmt.Sprintf("the 99th percentile passed %s", s.Bound))
			return nil
		case float64(now.Delivered) < behind*float64(now.Due):
			w.Knee(held, &now, fmt.Sprintf("%.0f %% of the deliveries had not come by the end of the step", 100-100*float64(now.Delivered)/float64(now.Due)))
			return nil
		}
		w.Mark(fmt.Sprintf("held %.4g/s", step.Rate))
		held = now
	}
	w.Knee(held, nil, "the time was over before anything broke: give it more with -for, or begin higher with -rate")
	return nil
}

func storm(ctx context.Context, s *Settings, w World) error {
	if err := w.Until(ctx, s.For/2); err != nil {
		return err
	}
	w.Mark("everybody disconnected")
	w.DropAll()
	return recovered(ctx, w)
}

// recovered marks the moment at which everybody is back.
func recovered(ctx context.Context, w World) error {
	took, err := w.Whole(ctx)
	if err != nil {
		return err
	}
	w.Mark("everybody back after " + took.Round(10*time.Millisecond).String())
	return nil
}

func checkKill(s *Settings) error {
	if (s.KillPID == 0) == (s.KillCommand == "") {
		return errors.New("-scenario kill: give -kill-pid, or -kill-command such as 'docker compose kill ws2'")
	}
	return nil
}

func kill(ctx context.Context, s *Settings, w World) error {
	if err := w.Until(ctx, s.For/2); err != nil {
		return err
	}
	if s.KillPID != 0 {
		w.Mark("killed process " + strconv.Itoa(s.KillPID))
		if err := w.Kill(s.KillPID); err != nil {
			return err
		}
	} else {
		w.Mark("killed: " + s.KillCommand)
		if err := w.Command(ctx, s.KillCommand); err != nil {
			return err
		}
		defer w.Mark("what was killed stays down: an engine does not restart what was killed by hand (docker compose up -d brings it back)")
	}
	return recovered(ctx, w)
}

func checkChurn(s *Settings) error {
	if s.Stay <= 0 {
		return fmt.Errorf("-stay %s: how long do clients stay?", s.Stay)
	}
	return nil
}

func checkRolling(s *Settings) error {
	if s.Rolling != "" && s.Times < 1 {
		return fmt.Errorf("-rolling-times %d: at least once", s.Times)
	}
	return nil
}

func rolling(ctx context.Context, s *Settings, w World) error {
	if s.Rolling == "" {
		return nil
	}
	for n := 1; n <= s.Times; n++ {
		if err := w.Until(ctx, s.For*time.Duration(n)/time.Duration(s.Times+1)); err != nil {
			return err
		}
		command := strings.ReplaceAll(s.Rolling, "{n}", strconv.Itoa(n))
		w.Mark(command)
		if err := w.Command(ctx, command); err != nil {
			return err
		}
	}
	return recovered(ctx, w)
}
