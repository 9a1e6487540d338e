package report

import (
	"bytes"
	"strings"
	"testing"

	"livechat/load/record"
)

// Both reports show each limit with its figure, and what is worse than before.
func TestVerdict(t *testing.T) {
	r := sample()
	r.Limits = []record.Limit{
		{Text: "p99>30ms", Unit: "ms", Value: 31, Measured: true, Exceeded: true},
		{Text: "lost>0", Measured: true},
		{Text: "memory>1GB", Unit: "bytes", Exceeded: true},
	}
	r.Baseline = &record.Baseline{File: "x/before.json", Worse: 10, Figures: []record.Change{
		{Figure: "p50", Unit: "ms", Before: 2, Now: 3, Worse: true},
		{Figure: "cpu", Unit: "µs", Before: 9, Now: 9},
		{Figure: "reconnects", Before: 0, Now: 300, Worse: true},
	}}
	var text bytes.Buffer
	if err := Text(&text, r); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"\nlimits\n  p99>30ms     31.0 ms        EXCEEDED\n  lost>0       0              held\n",
		"memory>1GB   not measured   EXCEEDED",
		"\nbaseline x/before.json\n  p50          2.00 ms   3.00 ms   +50.0 %   WORSE\n",
		"cpu          9.0 µs    9.0 µs    same",
		"FAILED\n  limit p99>30ms: 31.0 ms\n  limit memory>1GB: not measured\n" +
			"  p50 is worse than in before.json by more than 10 %: 3.00 ms, was 2.00 ms\n" +
			"  reconnects is worse than in before.json by more than 10 %: 300, was 0\n",
	} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("no %q in\n%s", want, text.String())
		}
	}
	r.Settings.Experiment = &record.Experiment{File: "x.yaml", About: "it stops"}
	r.Context = &record.Context{Tool: "v7", Go: "go9", Cores: 2,
		Memory: 1 << 31,
		Kernel: "linux 9", OpenFiles: 1024, Sysctls: map[string]string{"net.core.somaxconn": "4096"},
		Container: &record.Container{Version: 2, Cores: 1.5},
		Servers:   []record.Build{{App: "1000", Version: "v6", Go: "go8"}}}
	html := pageOf(t, r)
	for _, want := range []string{"<h2>Limits</h2>", "<h2>Against before.json</h2>", "p99&gt;30ms",
		"v7, go9", "server 1000", "v6, go8", "linux 9", "2048 MB", "1,024",
		"4096", "1.5 cores (cgroup v2)", "Experiment x.yaml: it stops.",
		`<td class="bad">EXCEEDED</td>`, `<td class="bad">WORSE</td>`,
		"<li>limit memory&gt;1GB: not measured</li>"} {
		if !strings.Contains(html, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	for i := range r.Limits {
		r.Limits[i].Exceeded = false
	}
	r.Baseline = nil
	if html = pageOf(t, r); !strings.Contains(html, "in order, and no limit was exceeded.") ||
		strings.Contains(html, "Failed") {
		t.Error("the page does not say that the limits held")
	}
}
