package plan

import (
	"strings"
	"testing"
	"time"
)

// withStages returns settings that follow the stages.
func withStages(t *testing.T, list string, warmup time.Duration) Settings {
	t.Helper()
	all, clients, rate, err := ParseStages(list)
	if err != nil {
		t.Fatal(err)
	}
	s := settings()
	s.Warmup = warmup
	s.SetStages(all, clients, rate)
	s.For = all[len(all)-1].At
	return s
}

func TestStagesAreParsed(t *testing.T) {
	for text, want := range map[string]string{
		"0s:0c/0r, 30s:1000c/20r,2m:5000c/50.5r": "0s:0c/0r,30s:1000c/20r,2m:5000c/50.5r",
		"0s:10c,1h:20c":                          "0s:10c/50r,1h:20c/50r",
		"0s:10r,1m30s:0r":                        "0s:1000c/10r,1m30s:1000c/0r",
	} {
		if s := withStages(t, text, 0); s.Stages.String() != want || s.Check() != nil {
			t.Errorf("%s is parsed as %s, %v", text, s.Stages, s.Check())
		}
	}
	if s := withStages(t, "0s:5c/30r,1s:7c/20r", 0); s.Clients != 7 || s.Rate != 30 {
		t.Errorf("at most %d clients and %g messages a second", s.Clients, s.Rate)
	}
	for _, text := range []string{"", "30s", "0s:1c1r", "0s:1c/", "0s:/1r", "0s:/", "0s:", "0s:1r/1c",
		"0s:-1c/1r", "0s:1c/1r,", "0s:99999999999999999999c/1r"} {
		if _, _, _, err := ParseStages(text); err == nil || !strings.Contains(err.Error(), "30s:1000c/20r") {
			t.Errorf("%s: %v", text, err)
		}
	}
	if _, _, _, err := ParseStages("0s:1c/1r,1s:2c"); err == nil ||
		!strings.Contains(err.Error(), "in all stages or in none") {
		t.Error(err)
	}
}

func TestStagesAreChecked(t *testing.T) {
	for text, want := range map[string]string{
		"1s:1c/1r,2s:1c/1r":          "want 0s",
		"0s:1c/1r,2s:1c/1r,1s:1c/1r": "after a later one",
		"0s:1c/1r,2s:0c/1r":          "no clients that could send",
		"0s:1c/0r,2s:1c/0r":          "-rate 0",
		"0s:0c/0r,2s:0c/0r":          "-clients 0",
	} {
		s := withStages(t, text, 0)
		if err := s.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	s := withStages(t, "0s:1c/1r,1s:1c/1r", 0)
	s.Scenario, _ = ScenarioByName("ramp")
	s.Think = time.Second
	if err := s.Check(); err == nil || !strings.Contains(err.Error(), "-scenario ramp") ||
		!strings.Contains(err.Error(), "-think") {
		t.Error(err)
	}
}

func TestClientsChangeEvenly(t *testing.T) {
	s := withStages(t, "0s:10c,10s:110c,20s:110c,20s:5c,30s:0c", 0)
	for at, want := range map[time.Duration]int{-time.Second: 10, 0: 10, 5 * time.Second: 60,
		10 * time.Second: 110, 19999 * time.Millisecond: 110, 20 * time.Second: 5, 26 * time.Second: 2,
		30 * time.Second: 0, time.Hour: 0} {
		if got := s.ClientsAt(at); got != want {
			t.Errorf("%d clients at %s, want %d", got, at, want)
		}
	}
	if n := s.Stages.fewest(19*time.Second, 21*time.Second); n < 4 || n > 5 {
		t.Errorf("the fewest around a jump are %g", n)
	}
}

// The number of messages until each moment is the sum of the rates.
func TestStagedMessagesAreDueByTheirRate(t *testing.T) {
	s := withStages(t, "0s:100c/0r,10s:100c/20r,20s:100c/20r,20s:100c/100r,21s:100c/100r,22s:100c/0r,"+
		"30s:100c/0r,31s:100c/10r", 2*time.Second)
	due := s.DueTimes(0, 1)
	var at []time.Duration
	for {
		next := due()
		if next >= s.Warmup+s.For {
			break
		}
		at = append(at, next)
	}
	until := func(t time.Duration) (n int) {
		for n < len(at) && at[n] < s.Warmup+t {
			n++
		}
		return n
	}
	for end, want := range map[time.Duration]int{0: 0, 5 * time.Second: 25, 10 * time.Second: 100,
		15 * time.Second: 200, 20 * time.Second: 300, 21 * time.Second: 400, 22 * time.Second: 450,
		30 * time.Second: 450, 31 * time.Second: 455} {
		if got := until(end); got < want-1 || got > want+1 {
			t.Errorf("%d messages in %s, want %d", got, end, want)
		}
	}
	if got := s.Messages(); got < 454.9 || got > 455.1 {
		t.Errorf("%g messages in all, want 455", got)
	}
	for i := 1; i < len(at); i++ {
		if at[i] < at[i-1] {
			t.Fatalf("message %d is due before the one before it", i)
		}
	}
	s = withStages(t, "0s:100c/10r,1s:100c/0r", time.Second) // 10 in the warm-up, then 5
	s.For = time.Hour
	due = s.DueTimes(0, 1)
	for range 15 {
		if next := due(); next > 2*time.Second {
			t.Errorf("a message is due after %s", next)
		}
	}
	if next := due(); next != never {
		t.Errorf("after the last rate, 0, a message is due after %s", next)
	}
}

// Each message is sent by one publisher, which is connected a second before and
// after it, as far as there are any.
func TestPublishersJoinBeforeTheySend(t *testing.T) {
	for _, list := range []string{"0s:0c/0r,10s:100c/50r,20s:100c/50r,30s:0c/0r",
		"0s:100c/20r,10s:100c/20r",
		"0s:3c/5r,5s:3c/5r,5s:50c/40r,9s:50c/40r,9s:3c/5r,12s:3c/5r"} {
		s := withStages(t, list, 0)
		schedule, sent := s.staged(), make(map[time.Duration]int)
		const publishers = 9
		for i := range publishers {
			next := s.DueTimes(i, publishers)
			for at := next(); at < s.For; at = next() {
				sent[at]++
				if c := s.Publisher(i, publishers); i > 0 && (c >= s.ClientsAt(at-guard) ||
					c >= s.ClientsAt(at+guard)) {
					t.Errorf("%s: client %d sends at %s, when it is not connected", list, c, at)
				}
			}
		}
		for n := 0; schedule.due(n) < s.For; n++ {
			if got := sent[schedule.due(n)]; got != 1 {
				t.Errorf("%s: message %d is sent %d times", list, n, got)
			}
			delete(sent, schedule.due(n))
		}
		if len(sent) > 0 {
			t.Errorf("%s: sent when nothing is due: %v", list, sent)
		}
	}
}

func TestStagesWithTooFewPublishersAreExplained(t *testing.T) {
	s := withStages(t, "0s:2c/50r,10s:100c/50r", 0)
	n, advice := s.ChoosePublishers(5)
	if n != 13 || !strings.Contains(advice, "at 0s of the stages 50 messages a second come from the 2 ") {
		t.Errorf("%d publishers, %q", n, advice)
	}
	if _, advice = s.ChoosePublishers(0); advice != "" {
		t.Errorf("without a limit: %q", advice)
	}
}
