package report

import (
	"bytes"
	"strings"
	"testing"

	"livechat/load/record"
)

func TestText(t *testing.T) {
	var out bytes.Buffer
	r := sample()
	r.Settings.Mix = map[string]float64{"edits": 12.5, "deletes": 5, "reactions": 3, "uploads": 2,
		"search": 1.5}
	r.Totals.Edits, r.Totals.Deletes, r.Totals.Reactions, r.Totals.Files = 25, 10, 6, 4
	r.Settings.FileSize = 50000
	r.Acts = []record.Act{{Kind: "typing", Tried: 1200, Received: 3400}, {Kind: "search", Tried: 3,
		Answered: 2, Failed: map[string]int64{"429 rate_limited": 1}, P50: 4, P99: 5.5, Max: 6}}
	r.Totals.FailedUploads = map[string]int64{"no answer": 1, "503 unavailable": 1200}
	if err := Text(&out, r); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"12.5 % edits, 5 % deletes, 3 % reactions, 2 % uploads of 50,000 bytes",
		"of 50,000 bytes, 1.5 % search",
		"typing: 1,200 tried, received 3,400 times\n",
		"search: 3 tried, 2 answered, median 4.00 ms, 99 % 5.50 ms, failed 1 (429 rate_limited)\n",
		"200 sent (of them 25 edits, 10 deletes, 6 reactions, 4 with files), 200 acked",
		"1,200 failed (503 unavailable), 1 failed (no answer), and were tried again",
		"median 2.50 ms", "99 % 31.0 ms", "longest 12.5 s", "passed", "2 rooms",
		"300 ended (1006)", "9.0 µs per delivery in haproxy, 1000, 2000"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
	r.Verdict = []string{"3 deliveries were lost"}
	out.Reset()
	if err := Text(&out, r); err != nil ||
		!strings.Contains(out.String(), "FAILED\n  3 deliveries were lost") {
		t.Errorf("%v, and\n%s", err, out.String())
	}
}

// The summary and the page say what the scenario did.
func TestScenarioIsToldAbout(t *testing.T) {
	for _, test := range []struct {
		run  record.Run
		want string
	}{
		{record.Run{Did: []string{"one", "two"}}, "scenario      one\n              two\n"},
		{record.Run{Totals: record.Totals{Left: 12, Joined: 1100}},
			"12 clients left, 1,100 came in their place"},
		{record.Run{Totals: record.Totals{Slow: 9, CutOff: 2, Excused: 70}},
			"9 clients read slowly; their connections ended 2 times, and 70 deliveries"},
	} {
		var out bytes.Buffer
		if err := Text(&out, &test.run); err != nil || !strings.Contains(out.String(), test.want) {
			t.Errorf("%v: no %q in\n%s", err, test.want, out.String())
		}
	}
	if !strings.Contains(pageOf(t, &record.Run{Did: []string{"one", "two"}}), "one. two") {
		t.Error("the page does not say what the scenario did")
	}
}

func TestNumbers(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", -1234567: "-1,234,567",
		12345678: "12,345,678"} {
		if got := count(n); got != want {
			t.Errorf("%d is formatted as %s", n, got)
		}
	}
	for _, test := range []struct {
		width float64
		n     int
		want  float64
	}{{10, 5, 2}, {11, 5, 5}, {0.3, 5, 0.1}, {100000, 5, 20000}, {7, 8, 1}} {
		if got := stepOf(test.width, test.n); got < test.want*0.999 || got > test.want*1.001 {
			t.Errorf("%g in %d steps: %g, want %g", test.width, test.n, got, test.want)
		}
	}
}
