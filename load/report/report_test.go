package report

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"livechat/load/record"
)

// sample is a run with all features.
func sample() *record.Run {
	r := &record.Run{Version: record.Version, Began: time.Date(2026, 11, 22, 6, 0, 0, 0, time.UTC),
		Machine: "2 × <fast>", Complete: true, Parts: []string{"haproxy", "1000", "2000"},
		Settings: record.Settings{Scenario: "kill", About: "a server dies", Clients: 1200, Rate: 20,
			Bytes: 100, For: 10, Rooms: 2, Publishers: 6},
		Totals: record.Totals{Sent: 200, Acked: 200, Delivered: 240000, Seconds: 10, LoaderEach: 4.5,
			ServerEach: 9, Reconnects: 300, Closed: map[string]int64{"1006": 300}},
		Latency: record.Latency{P50: 2.5, P90: 10, P99: 31, P999: 120, Max: 12500},
		Curve: []record.Point{{Percentile: 0, MS: 0.4}, {Percentile: 50, MS: 2.5},
			{Percentile: 90, MS: 10}, {Percentile: 99, MS: 31}, {Percentile: 100, MS: 12500}},
		Marks: []record.Mark{{At: 5, Text: "killed <2000> & all"}}}
	for i := range 10 {
		at := float64(i + 1)
		r.Seconds = append(r.Seconds,
			record.Second{At: at, Span: 1, Connected: 1200, Sent: 20, Delivered: 24000, Due: 24000,
				Latency: record.Latency{P50: 2, P90: 5, P99: at, Max: 2 * at},
				Servers: map[string]record.Server{"1000": {Connected: 600 + 60*i, Delivered: 12000, P99: at},
					"2000": {Connected: 600 - 60*i}},
				Parts: map[string]record.Process{"haproxy": {CPU: 80, Memory: 1 << 26},
					"1000": {CPU: 20, Memory: 1 << 25}}, Loader: record.Process{CPU: 50, Memory: 1 << 27}})
	}
	return r
}

func pageOf(t *testing.T, r *record.Run) string {
	t.Helper()
	var out bytes.Buffer
	if err := HTML(&out, r); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

var drawing = regexp.MustCompile(`(?s)<svg.*?</svg>`)

func TestPage(t *testing.T) {
	html := pageOf(t, sample())
	for _, title := range []string{"Latency", "Latency by percentile", "Deliveries", "Connections",
		"Processor", "Memory", "99th percentile by server", "Reconnects"} {
		if !strings.Contains(html, "<h2>"+title+"</h2>") {
			t.Errorf("no chart %q", title)
		}
	}
	drawings := drawing.FindAllString(html, -1)
	if len(drawings) != 16 {
		t.Errorf("%d drawings, want 8 in two sizes", len(drawings))
	}
	for _, d := range drawings {
		if !strings.Contains(d, "<path") || !strings.Contains(d, "var(--c") || strings.Contains(d, "NaN") ||
			strings.Contains(d, "Inf") || strings.Contains(d, "#0000") {
			t.Errorf("not a drawing in the page's colours: %.300s", d)
		}
		for _, used := range regexp.MustCompile(`var\((--[a-z0-9-]+)\)`).FindAllStringSubmatch(d, -1) {
			if !strings.Contains(html, used[1]+": #") {
				t.Fatalf("the style sheet has no colour %s", used[1])
			}
		}
		parse(t, d)
	}
	for _, want := range []string{"killed &lt;2000&gt; &amp; all", "2 × &lt;fast&gt;",
		"Cost of the load tool", "4.5 µs",
		"prefers-color-scheme: dark", "@media print", "Every second", "240,000"} {
		if !strings.Contains(html, want) {
			t.Errorf("no %q on the page", want)
		}
	}
}

// The first chart of scale shows how the clients spread over the servers, each in
// a colour of its own, with marks at the changes.
func TestScaleComesFirst(t *testing.T) {
	r := sample()
	for i := range r.Seconds {
		for app := range 12 {
			r.Seconds[i].Servers[strconv.Itoa(1000*(app+1))] = record.Server{Connected: 100, Delivered: 10,
				P99: 5}
		}
	}
	n, even := 8, 3.25
	r.Scale = &record.Scale{Even: "within 20 %", Steps: []record.ScaleStep{
		{N: new(0), At: 1, Before: 4, Servers: 4, Want: -1, Even: new(0.2), Least: 500, Most: 500},
		{N: &n, At: 2, Before: 4, Servers: 12, Want: 12, Even: &even, Least: 98, Most: 1102, Moved: 1000,
			Interrupted: 3, Longest: 210, Took: 0.9, For: 60},
		{N: new(0), At: 7, Before: 12, Servers: 12, Want: 4, For: 60},
	}}
	html := pageOf(t, r)
	var titles []string
	for _, found := range regexp.MustCompile(`<figcaption><h2>([^<]*)`).FindAllStringSubmatch(html, -1) {
		titles = append(titles, found[1])
	}
	if got := strings.Join(titles, ", "); !strings.HasPrefix(got, "Connections, Deliveries by server, 99th "+
		"percentile by server, Latency, ") || strings.Count(got, "Connections") != 1 {
		t.Errorf("the charts are %s", got)
	}
	first := drawing.FindString(html)
	for _, want := range []string{">4 → 12<", ">even<", ">12 → 12<"} {
		if !strings.Contains(first, want) {
			t.Errorf("no mark %q", want)
		}
	}
	for colour := 1; colour <= colours; colour++ {
		if strings.Contains(first, fmt.Sprintf("var(--c%d)", colour)) == (colour == loaderColour) ||
			!strings.Contains(html, fmt.Sprintf("--c%d: #", colour)) ||
			!strings.Contains(html, fmt.Sprintf(".k%d {", colour)) {
			t.Errorf("colour %d is not that of one server", colour)
		}
	}
	var out bytes.Buffer
	if err := Text(&out, r); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"scenario      {n} = 0: 4 servers, even at once; 500 clients each; 0 moved",
		"{n} = 8: 4 to 12 servers, even after 3.2 s; 98 to 1,102 clients each; 1,000 moved, 3 interrupted, " +
			"longest wait 210 ms",
		"{n} = 0: 12 to 12 servers instead of 4, never even in 60 s",
		"even: within 20 %",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
	for _, want := range []string{"<h2>Steps</h2>", "4 to 12</td>", "98 to 1,102</td>", "never</td>"} {
		if !strings.Contains(html, want) {
			t.Errorf("no %q on the page", want)
		}
	}
}

// The page says where its figures come from.
func TestPageHasCommandAndAddress(t *testing.T) {
	r := sample()
	r.Command = []string{"-clients", "7", "-kill-command", "docker kill 'ws2'", "-room", ""}
	r.Settings.URLs = []string{"ws://a:1", "ws://b:2"}
	html := pageOf(t, r)
	for _, want := range []string{"load -clients 7 -kill-command &#39;docker kill &#39;\\&#39;&#39;ws2",
		"-room &#39;&#39;", "ws://a:1, ws://b:2"} {
		if !strings.Contains(html, want) {
			t.Errorf("no %q on the page", want)
		}
	}
}

// The page needs no other file and no network.
func TestPageIsSelfContained(t *testing.T) {
	html := pageOf(t, sample())
	loads := regexp.MustCompile(
		`(?i)(src|href|srcset|action|data)\s*=|url\(|@import|<script|<link|<img|<iframe`)
	if found := loads.FindString(html); found != "" {
		t.Errorf("the page has a reference: %q", found)
	}
	for _, u := range regexp.MustCompile(`https?://[^"' <]+`).FindAllString(html, -1) {
		if !strings.HasPrefix(u, "http://www.w3.org/") { // XML namespaces
			t.Errorf("the page names %s", u)
		}
	}
}

// parse parses XML to its end.
func parse(t *testing.T, text string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(text))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatalf("not well formed: %v in %.200s", err, text)
		}
	}
}

func TestPageOfEmptyRun(t *testing.T) {
	html := pageOf(t, &record.Run{Verdict: []string{"3 deliveries were lost"}})
	if !strings.Contains(html, "3 deliveries were lost") || !strings.Contains(html, "Failed") ||
		strings.Contains(html, "NaN") {
		t.Error("no page for a run without a second")
	}
}
