package presence

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"golang.org/x/time/rate"
)

// A snapshot shows the first names of all, however they came and went.
func TestSnapshotShowsFirstNames(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	r := &room{names: map[string]int{}, touched: map[string]int{}, typing: rate.NewLimiter(1, 1)}
	here := []string{}
	for step := range 20_000 {
		growing := step/4000%2 == 0 // up to thousands, down to none, several times
		if growing == (random.IntN(4) > 0) || len(here) == 0 {
			name := fmt.Sprintf("guest-%04d", random.IntN(6000))
			r.add(name, 1)
			here = append(here, name)
		} else {
			i := random.IntN(len(here))
			r.add(here[i], -1)
			here[i] = here[len(here)-1]
			here = here[:len(here)-1]
		}
		if step%7 != 0 {
			continue
		}
		all := slices.Sorted(maps.Keys(r.names))
		if want := all[:min(len(all), MaxNames)]; !slices.Equal(r.snapshot().Names, want) {
			t.Fatalf("step %d: %d names are shown of %d, want the first", step, len(r.snapshot().Names),
				len(all))
		}
	}
}
