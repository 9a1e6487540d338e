package report

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"testing"

	"livechat/load/record"
)

func TestCompare(t *testing.T) {
	a, b := sample(), sample()
	b.Latency.P99, b.Totals.Lost, b.Verdict = 62, 3, []string{"3 deliveries were lost"}
	var text, html bytes.Buffer
	if err := CompareText(&text, []*record.Run{a, b}, []string{"x/a.json", "b.json"}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"a.json", "kill, failed", "+100.0 %", "62.0 ms", "same"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("no %q in\n%s", want, text.String())
		}
	}
	if err := CompareHTML(&html, []*record.Run{a, b}, []string{"x/a.json", "b.json"}); err != nil {
		t.Fatal(err)
	}
	if got := len(drawing.FindAllString(html.String(), -1)); got != 8 {
		t.Errorf("%d drawings, want 4 in two sizes", got)
	}
	if !strings.Contains(html.String(), "b.json: 3 deliveries were lost") {
		t.Error("the page lacks the faults")
	}
}

// A kind of action that only one run did has no time in the other: not 0.00 ms.
func TestCompareDifferentMixes(t *testing.T) {
	a, b := sample(), sample()
	b.Acts = []record.Act{{Kind: "search", Tried: 3, Answered: 3, P50: 1, P99: 2, Max: 2}}
	var got [][]string
	for _, row := range comparison([]*record.Run{a, b, a}) {
		if strings.HasPrefix(row[0], "search") {
			got = append(got, row[1:])
		}
	}
	want := [][]string{{"–", "2.00 ms", "", "–", ""}, {"–", "0", "", "–", ""}}
	if !slices.EqualFunc(got, want, slices.Equal) {
		t.Errorf("%q, want %q", got, want)
	}
}

// Any number of runs can be compared; each has a line of its own in each chart.
func TestCompareMany(t *testing.T) {
	var runs []*record.Run
	var files []string
	for i := range 10 {
		r := sample()
		r.Latency.P99 *= float64(i + 1)
		runs, files = append(runs, r), append(files, string(rune('a'+i))+"/run.json")
	}
	var text, html bytes.Buffer
	if err := CompareText(&text, runs, files); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"a/run.json", "j/run.json", "+100.0 %", "+900.0 %"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("no %q in\n%s", want, text.String())
		}
	}
	if err := CompareHTML(&html, runs, files); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(html.String(), "i/run.json and j/run.json") {
		t.Error("the title lacks runs")
	}
	legend := regexp.MustCompile(`<i class="(k\d( dashed)?)"></i>`)
	different := make(map[string]bool)
	for _, line := range legend.FindAllStringSubmatch(html.String(), 10) {
		different[line[1]] = true
	}
	if len(different) != 10 {
		t.Errorf("%d different lines, want 10", len(different))
	}
}
