package faults

import (
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"livechat/e2e/chaos"
	"livechat/e2e/harness"
)

// Random faults of all kinds, different ones each time; SEED=… repeats a run.
// `make chaos` runs longer.
func TestChaos(t *testing.T) {
	t.Parallel()
	binary, postgres := shipped(t)
	var err error
	seed := rand.Uint64N(1_000_000)
	if text := os.Getenv("SEED"); text != "" {
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("SEED: %v", err)
		}
	}
	plan, err := chaos.NewPlan(chaos.Draw{Seed: seed, Length: 20 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("SEED=%d, Redis with %s", seed, plan.Persist)
	result := chaos.Run(t.Context(), chaos.Options{
		Plan:     plan,
		Binary:   binary,
		Postgres: postgres,
		Env:      harness.QuickSettings,
		Log:      harness.LogTo(t),
		Progress: t.Logf,
		Crowd:    chaosSize,
	})
	t.Logf("%+v, faults %v, %d skipped", result.Summary, result.Done, result.Skipped)
	if result.Err != nil {
		t.Errorf("SEED=%d go test ./e2e/faults -run TestChaos: %v", seed, result.Err)
	}
}

// The named cases, twice each. Those with a time limit run one after the other
// before the rest. `go run ./tools/chaos -matrix 20` runs them more often.
func TestChaosCases(t *testing.T) {
	binary, postgres := shipped(t)
	for _, c := range chaos.Cases(2) {
		t.Run(c.Name, func(t *testing.T) {
			if c.Within == 0 {
				t.Parallel()
			}
			result := chaos.RunCase(t.Context(), c, chaos.Options{
				Binary:   binary,
				Postgres: postgres,
				Env:      harness.QuickSettings,
				Log:      harness.LogTo(t),
				Progress: t.Logf,
				Crowd:    chaosSize,
			})
			t.Logf("%+v, recovered within %v", result.Summary, result.Worst)
			if result.Err != nil {
				t.Error(result.Err)
			}
		})
	}
}
