package plan

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// Scenario is what happens during the load. Every function may be nil.
type Scenario struct {
	Name  string
	About string

	// Check returns an error if a setting is missing.
	Check func(s *Settings) error
	// Steps returns the rates; nil means the rate of the settings throughout.
	Steps func(s *Settings) []Step
	// Act performs the scenario while messages flow. It may return before the
	// run ends.
	Act func(ctx context.Context, s *Settings, w World) error
	// Lasts reports whether the run goes on until Act has returned.
	Lasts func(s *Settings) bool
	// DefaultFor returns how long the run measures if nothing says so; nil: 30 s.
	DefaultFor func(s *Settings) time.Duration
	// Slow means that some clients read slowly, Churns that clients come and
	// go.
	Slow, Churns bool
}

func (s Scenario) steps(settings *Settings) []Step {
	if s.Steps == nil {
		return nil
	}
	return s.Steps(settings)
}

// Scenarios returns all scenarios in the order of the help text.
func Scenarios() []Scenario {
	return []Scenario{
		{Name: "steady", About: "constant rate"},
		{Name: "ramp",
			About: "raises the rate by half every -step until latency exceeds -bound or deliveries lag",
			Steps: rampSteps, Act: ramp, Lasts: func(*Settings) bool { return true }},
		{Name: "storm", About: "disconnects all clients halfway; they reconnect at once", Act: storm},
		{Name: "slow",
			About: "-slow percent of the clients read slowly; gaps announced to them are not lost",
			Slow:  true},
		{Name: "kill", About: "kills -kill-pid, or runs -kill-command, halfway", Check: checkKill, Act: kill},
		{Name: "churn", About: "clients leave after -stay on average, and new ones join in their place",
			Churns: true, Check: checkChurn},
		{Name: "rolling",
			About: "runs -rolling-command -rolling-times ({n} is 1, 2, …), however long that takes; " +
				"else restart servers yourself",
			Check: checkRolling, Act: rolling, Lasts: func(s *Settings) bool { return s.Rolling != "" }},
		{Name: "scale",
			About: "runs -scale-command for each number of -scale, and measures how long it takes until " +
				"the clients are spread evenly; without a command, while you add and remove servers",
			Check: checkScale, Act: scale, DefaultFor: scaleFor,
			Lasts: func(s *Settings) bool { return s.ScaleCommand != "" }},
	}
}

// ScenarioByName returns a scenario by its name.
func ScenarioByName(name string) (Scenario, error) {
	var names []string
	for _, s := range Scenarios() {
		if s.Name == name {
			return s, nil
		}
		names = append(names, s.Name)
	}
	return Scenario{}, fmt.Errorf("-scenario %q: want one of %s", name, strings.Join(names, ", "))
}

// growth is the factor between two steps of a ramp.
const growth = 1.5

func rampSteps(s *Settings) []Step {
	steps := []Step{{Rate: s.Rate}} // also during the warm-up
	for at := s.Step; at < s.For; at += s.Step {
		steps = append(steps, Step{From: s.Warmup + at, Rate: steps[len(steps)-1].Rate * growth})
	}
	return steps
}

// minDelivered is the fraction of a step's deliveries that must arrive by its
// end.
const minDelivered = 0.9

// ramp evaluates each step at its end. That of the last one is that of the run,
// which waits for it.
func ramp(ctx context.Context, s *Settings, w World) error {
	var held Window
	if err := w.Until(ctx, 0); err != nil {
		return err
	}
	w.Window()
	for i, step := range rampSteps(s) {
		if s.MaxRate > 0 && step.Rate > s.MaxRate {
			w.Knee(held, nil,
				fmt.Sprintf("the server allows only %.4g messages a second: more -clients, or MESSAGE_RATE=0",
					s.MaxRate))
			return nil
		}
		if err := w.Until(ctx, time.Duration(i+1)*s.Step); err != nil {
			return err
		}
		now := w.Window()
		now.Rate = step.Rate
		switch {
		case now.P99 > s.Bound:
			w.Knee(held, &now, fmt.Sprintf("the 99th percentile exceeded %s", s.Bound))
			return nil
		case float64(now.Delivered) < minDelivered*float64(now.Due):
			w.Knee(held, &now,
				fmt.Sprintf("%.0f %% of the deliveries had not arrived by the end of the step",
					100-100*float64(now.Delivered)/float64(now.Due)))
			return nil
		}
		w.Mark(fmt.Sprintf("held %.4g/s", step.Rate))
		held = now
	}
	w.Knee(held, nil, "the run ended before anything broke: use a longer -for or a higher -rate")
	return nil
}

func checkChurn(s *Settings) error {
	if s.Stay <= 0 {
		return fmt.Errorf("-stay %s: want more than 0", s.Stay)
	}
	return nil
}
