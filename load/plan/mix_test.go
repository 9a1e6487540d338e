package plan

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestParseMix(t *testing.T) {
	for text, want := range map[string]string{
		"":                                    "",
		"edits=5%, typing=20":                 "edits=5%,typing=20%",
		"typing=250%,private=0.5%,edits=100%": "edits=100%,typing=250%,private=0.5%",
		"deletes=0%":                          "",
	} {
		mix, err := ParseMix(text)
		if err != nil || mix.String() != want {
			t.Errorf("%q: %q, %v, want %q", text, mix, err, want)
		}
	}
}

// Actions are drawn as often as the mix says.
func TestMixIsDrawn(t *testing.T) {
	mix, err := ParseMix("edits=5%,deletes=10%,uploads=20%,typing=150%,search=30%")
	if err != nil {
		t.Fatal(err)
	}
	const n = 100_000
	random := rand.New(rand.NewPCG(1, 2))
	var got [Acts]float64
	for range n {
		got[mix.Instead(random)]++
		for _, a := range mix.Besides(random) {
			got[a]++
		}
	}
	mix[Send] = 65
	for a, percent := range mix {
		if had := 100 * got[a] / n; math.Abs(had-percent) > 1 {
			t.Errorf("%s: %g %%, want %g %%", Act(a), had, percent)
		}
	}
}

// There are as many accounts as the servers' limits ask for, two of each pair.
func TestAccounts(t *testing.T) {
	for _, test := range []struct {
		mix  string
		rate float64
		own  Share
		want int
	}{
		{"edits=5%", 100, Share{}, 0},
		{"search=1%", 10, Share{}, 2},
		{"search=10%", 50, Share{}, 6},
		{"search=10%", 50, Share{0, 20}, 2},
		{"private=100%", 1000, Share{}, MaxAccounts},
	} {
		mix, err := ParseMix(test.mix)
		s := &Settings{Clients: 100, Rate: test.rate, Mix: mix, Share: test.own}
		if got := s.Accounts(); err != nil || got != test.want {
			t.Errorf("%+v: %d accounts, %v", test, got, err)
		}
	}
}
