package e2e

import (
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"livechat/e2e/chaos"
	"livechat/internal/need"
	"livechat/internal/testpg"
)

// chaosSize is the crowd of the default room.
var chaosSize = chaos.Size{Sessions: 40, Raw: 10, Talkers: 8, Pause: time.Second / 4, Patience: time.Minute}

// shipped returns a server and a PostgreSQL for the shape in which the product is shipped.
func shipped(t *testing.T) (binary string, postgres *testpg.Postgres) {
	t.Helper()
	for _, name := range []string{"redis-server", "haproxy"} {
		need.Program(t, name)
	}
	pg := testpg.New(t)
	binary, err := server()
	if err != nil {
		t.Fatal(err)
	}
	return binary, pg.Postgres()
}

// A bit of everything at random, another bit each time; SEED=… repeats one. `make chaos` does it for longer.
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
	result := chaos.Run(t.Context(), chaos.Options{Plan: plan, Binary: binary, Postgres: postgres, Env: quick, Log: logTo(t), Progress: t.Logf,
		Crowd: chaosSize})
	t.Logf("%+v, faults %v, %d skipped", result.Summary, result.Done, result.Skipped)
	if result.Err != nil {
		t.Errorf("SEED=%d go test ./e2e -run TestChaos: %v", seed, result.Err)
	}
}

// The named cases, twice each, those with a time limit one after the other before
// the rest; `go run ./e2e/cmd/chaos -matrix 20` does them more often.
func TestChaosCases(t *testing.T) {
	binary, postgres := shipped(t)
	for _, c := range chaos.Cases(2) {
		t.Run(c.Name, func(t *testing.T) {
			if c.Within == 0 {
				t.Parallel()
			}
			result := chaos.RunCase(t.Context(), c, chaos.Options{Binary: binary, Postgres: postgres, Env: quick, Log: logTo(t), Progress: t.Logf,
				Crowd: chaosSize})
			t.Logf("%+v, over within %v", result.Summary, result.Worst)
			if result.Err != nil {
				t.Error(result.Err)
			}
		})
	}
}
