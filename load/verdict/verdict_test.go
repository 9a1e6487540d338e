package verdict

import (
	"slices"
	"strings"
	"testing"

	"livechat/load/record"
)

// sample is a run with a figure of each kind.
func sample() *record.Run {
	return &record.Run{Machine: "here",
		Latency: record.Latency{Mean: 3, P50: 2, P90: 5, P99: 200, P999: 300, Max: 400},
		Totals: record.Totals{Delivered: 5000, Measured: 4000, Seconds: 10, Lost: 2, Reconnects: 3,
			Refused: map[string]int64{"rate_limited": 4, "muted": 1}, ServerEach: 9.5},
		Seconds: []record.Second{
			{Parts: map[string]record.Process{"a": {Memory: 80 << 20}, "b": {Memory: 20 << 20}}},
			{Parts: map[string]record.Process{"a": {Memory: 90 << 20}}},
		}}
}

// A client that moved on request has no broken connection.
func TestReconnectsAreBrokenConnections(t *testing.T) {
	r := sample()
	r.Totals.Reconnects, r.Totals.Moved = 119, 117
	limits, err := Parse("reconnects>2,reconnects>1,moved>116")
	if err != nil {
		t.Fatal(err)
	}
	limits.Judge(r)
	for i, want := range []bool{false, true, true} {
		if got := r.Limits[i]; got.Exceeded != want {
			t.Errorf("%+v", got)
		}
	}
}

func TestLimits(t *testing.T) {
	for text, exceeded := range map[string]bool{
		"p99>200ms":       false,
		"p99>=200ms":      true,
		"p99>0.1999s":     true,
		"p50>1999us":      true,
		"p50 > 2001µs":    false,
		"p90<=5ms":        true,
		"mean>1s":         false,
		"max>0.4s":        false,
		"p999<1ms":        false,
		"lost>1":          true,
		"lost>2":          false,
		"duplicated>0":    false,
		"reordered>0":     false,
		"refused>4":       true,
		"unanswered>0":    false,
		"reconnects>=3":   true,
		"moved>0":         false,
		"failed>0":        false,
		"rate<500":        false,
		"rate<501/s":      true,
		"cpu>9.5us":       false,
		"cpu>9us":         true,
		"memory>100MB":    false,
		"memory>=100MB":   true,
		"memory>102399KB": true,
		"memory>1GB":      false,
	} {
		limits, err := Parse(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		r := sample()
		limits.Judge(r)
		if len(r.Limits) != 1 || r.Limits[0].Exceeded != exceeded || !r.Limits[0].Measured ||
			r.Exceeded() != exceeded {
			t.Errorf("%s: %+v, want exceeded: %v", text, r.Limits, exceeded)
		}
	}
}

// Every figure can have a limit, and several limits are all recorded.
func TestEveryFigureIsAccepted(t *testing.T) {
	value := map[string]string{unitTime: "1ms", unitCPU: "1us", unitMemory: "1MB", unitRate: "1",
		unitCount: "1"}
	var all []string
	for _, f := range figures {
		all = append(all, f.name+">"+value[f.unit])
	}
	limits, err := Parse(strings.Join(all, " , "))
	if err != nil || len(limits) != len(figures) {
		t.Fatalf("%d limits, %v", len(limits), err)
	}
	r := sample()
	limits.Judge(r)
	for i, l := range r.Limits {
		if l.Text != all[i] {
			t.Errorf("recorded %+v, want %s", l, all[i])
		}
	}
}

func TestErrorsNameWhatIsAccepted(t *testing.T) {
	for text, want := range map[string]string{
		"p98>1ms":        `no figure "p98"; want one of p50, p90, p99, p999, max`,
		"p99":            "want a figure, one of > >= < <=, and a value",
		"p99=1ms":        "want a figure, one of > >= < <=, and a value",
		"p99>":           "want a figure, one of > >= < <=, and a value",
		"p99>200":        "want a time with one of the units us, ms, s, such as 200ms",
		"p99>-1ms":       "want a time",
		"cpu>10":         "such as 10us",
		"lost>1%":        "want a number without a unit",
		"lost>NaN":       "want a number",
		"lost>-1":        "want a number",
		"memory>500":     "one of the units KB, MB, GB",
		"rate<1000/m":    "want deliveries a second",
		"lost>0,p98>1ms": `no figure "p98"`,
	} {
		if _, err := Parse(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	if _, err := Parse("a>1,b>1"); err == nil || strings.Count(err.Error(), "\n") != 1 {
		t.Errorf("%v, want an error a line", err)
	}
}

// A figure that is not there does not pass.
func TestFiguresThatAreNotMeasuredExceedTheirLimit(t *testing.T) {
	limits, err := Parse("cpu>1s,memory>1GB,p99>1m,rate<1,lost>0")
	if err != nil {
		t.Fatal(err)
	}
	r := &record.Run{}
	limits.Judge(r)
	for _, l := range r.Limits {
		if counted := l.Figure == "lost"; l.Measured != counted || l.Exceeded == counted {
			t.Errorf("%+v of an empty run", l)
		}
	}
}

func TestBaseline(t *testing.T) {
	before, now := sample(), sample()
	now.Latency.P50, now.Latency.P90, now.Latency.P99, now.Latency.Max = 2.19, 4, 221, 4000
	now.Totals.Duplicated = 1
	now.Totals.Seconds = 20
	Compare(now, before, "a.json", 10)
	var worse []string
	for _, c := range now.Baseline.Figures {
		if c.Worse {
			worse = append(worse, c.Figure)
		}
	}
	if want := []string{"p99", "duplicated"}; !slices.Equal(worse, want) || !now.Exceeded() {
		t.Errorf("worse: %q, want %q", worse, want)
	}
	if len(now.Advice) > 0 {
		t.Errorf("advice %q", now.Advice)
	}
	now = sample()
	Compare(now, now, "a.json", 0)
	if now.Exceeded() {
		t.Errorf("a run is worse than itself: %+v", now.Baseline)
	}
}

// Nobody takes a figure that is missing for one that is equal.
func TestBaselineSaysWhatItCannotCompare(t *testing.T) {
	before, now := sample(), sample()
	before.Totals.ServerEach, before.Seconds, before.Machine, before.Parts = 0, nil, "there", []string{"x"}
	Compare(now, before, "a.json", 10)
	advice := strings.Join(now.Advice, "\n")
	for _, want := range []string{"not measured it: cpu, memory", "another machine: there",
		"other programs: x"} {
		if !strings.Contains(advice, want) {
			t.Errorf("no %q in %q", want, advice)
		}
	}
}

func TestOtherLoadsAreNotComparable(t *testing.T) {
	a := record.Settings{Scenario: "steady", Clients: 100, Rate: 20, Rooms: 1, Bytes: 100}
	b := a
	b.For, b.Seed, b.URLs = 5, 7, []string{"ws://other"}
	if err := Comparable(&a, &b); err != nil {
		t.Errorf("another duration: %v", err)
	}
	b.Clients, b.Scenario = 200, "storm"
	if err := Comparable(&a, &b); err == nil ||
		err.Error() != "scenario: steady in the baseline, storm in this run\n"+
			"clients: 100 in the baseline, 200 in this run" {
		t.Errorf("%v", err)
	}
	b = a
	b.Network = "share=10%,delay=5ms"
	if err := Comparable(&a, &b); err == nil ||
		err.Error() != "network: none in the baseline, share=10%,delay=5ms in this run" {
		t.Errorf("%v", err)
	}
}
