package live

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"livechat/internal/need"
	"livechat/load/plan"
	"livechat/load/record"
	"livechat/load/run"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var settings = plan.Settings{URLs: []string{"ws://ann:hidden@h:1"}, Clients: 40, Rate: 20,
	Warmup: 2 * time.Second, For: time.Minute, Scenario: plan.Scenario{Name: "kill", About: "kills a server"}}

// start shows a run until the test ends.
func start(t *testing.T) *Server {
	t.Helper()
	l, err := Listen(t.Context(), "127.0.0.1:0", &settings, []string{"-clients", "40", "-token=hidden"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel() // for no last scrape
		if err := l.Close(ctx); err != nil {
			t.Error(err)
		}
		http.DefaultClient.CloseIdleConnections()
	})
	return l
}

// second is second n of a run, with ten deliveries that took ms each.
func second(n int, ms int64) run.Live {
	h := run.NewHistogram()
	_ = h.RecordValues(1000*ms, 10)
	at := float64(n)
	return run.Live{Phase: "kill", Past: time.Duration(n) * time.Second, Whole: 62 * time.Second, Wanted: 40,
		Began: time.Now(), Histogram: h.Histogram,
		Second: record.Second{At: at, Span: 1, Connected: 39, Sent: 20, Delivered: 800, Due: 800, Lost: 3,
			Latency: run.LatencyOf(h), Loader: record.Process{CPU: 50, Memory: 1 << 20},
			Servers: map[string]record.Server{"1000": {Connected: 39}}},
		Totals: record.Totals{Sent: 20 * int64(n), Acked: 19 * int64(n), Delivered: 800 * int64(n), Lost: 3,
			Failed: 2, Reconnects: 4, Refused: map[string]int64{"rate_limited": 5},
			Closed: map[string]int64{"1006": 4}}}
}

func get(t *testing.T, l *Server, path string) string {
	t.Helper()
	answer, err := http.Get("http://" + l.Addr() + path)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v", path, answer.Status, err)
	}
	return string(text)
}

// The numbers in /metrics are those that were reported, in Prometheus' format.
func TestMetrics(t *testing.T) {
	l := start(t)
	for n := 1; n <= 3; n++ {
		l.Tell(second(n, 7))
	}
	text := get(t, l, "/metrics")
	for _, want := range []string{
		"livechat_load_messages_sent_total 60", "livechat_load_messages_acked_total 57",
		"livechat_load_deliveries_total 2400", "livechat_load_deliveries_due_total 2400",
		"livechat_load_lost_deliveries 3", "livechat_load_connect_failures_total 2",
		"livechat_load_reconnects_total 4", `livechat_load_messages_refused_total{code="rate_limited"} 5`,
		`livechat_load_connections_closed_total{code="1006"} 4`,
		"livechat_load_clients_connected 39", "livechat_load_clients_wanted 40",
		`livechat_load_server_clients{app="1000"} 39`, "livechat_load_message_rate_target 20",
		`livechat_load_delivery_latency_seconds_bucket{le="0.004"} 0`,
		`livechat_load_delivery_latency_seconds_bucket{le="0.008"} 30`,
		"livechat_load_delivery_latency_seconds_count 30", "livechat_load_cpu_cores 0.5",
		`livechat_load_phase{phase="running"} 1`,
		`livechat_load_info{address="ws://***@h:1",scenario="kill",target="livechat"} 1`,
	} {
		if !strings.Contains(text, "\n"+want+"\n") {
			t.Errorf("%s is missing", want)
		}
	}
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "#") && !strings.HasPrefix(line, "livechat_load_") {
			t.Errorf("unexpected: %s", line)
		}
	}
	check := exec.Command(need.Program(t, "promtool"), "check", "metrics")
	check.Stdin = strings.NewReader(text)
	if out, err := check.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("promtool: %v\n%s", err, out)
	}
}

// events returns the events of a stream to its end.
func events(t *testing.T, l *Server) <-chan event {
	t.Helper()
	all, opened := make(chan event), make(chan error, 1)
	go func() {
		defer close(all)
		answer, err := http.Get("http://" + l.Addr() + "/events")
		opened <- err
		if err != nil {
			return
		}
		defer answer.Body.Close()
		lines := bufio.NewScanner(answer.Body)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			text, ok := strings.CutPrefix(lines.Text(), "data: ")
			var e event
			if ok && json.Unmarshal([]byte(text), &e) == nil {
				all <- e
			}
		}
	}()
	if err := <-opened; err != nil {
		t.Fatal(err)
	}
	return all
}

// A page is told everything once, then what is new, and at last how it ended.
func TestEvents(t *testing.T) {
	l := start(t)
	l.Tell(second(1, 7))
	all := events(t, l)
	first := <-all
	if !first.Reset || first.About == nil || len(first.Points) != 1 || first.Totals.Refused != 5 ||
		strings.Contains(first.About.Command, "hidden") {
		t.Errorf("the first event: %+v", first)
	}
	two := second(2, 9)
	two.Marks = []record.Mark{{At: 1.5, Text: "curl -H 'token: hidden' h"}}
	l.Tell(two)
	next := <-all
	if next.Reset || next.About != nil || len(next.Points) != 1 || next.Points[0].At != 2 ||
		len(next.Marks) != 1 || strings.Contains(next.Marks[0].Text, "hidden") {
		t.Errorf("the next event: %+v", next)
	}
	l.Finish(&record.Run{Complete: true, Verdict: []string{"2 deliveries were lost"},
		Totals: record.Totals{Sent: 41, Lost: 2}, Marks: []record.Mark{{At: 0.5, Text: "messages begin"}}})
	last := <-all
	if last.End == nil || last.End.Passed || len(last.End.Verdict) != 1 || last.Totals.Sent != 41 ||
		len(last.Points) != 2 || last.Marks[0].Text != "messages begin" {
		t.Errorf("the last event: %+v", last)
	}
	if e, more := <-all; more {
		t.Errorf("after the end: %+v", e)
	}
	if text := get(t, l, "/metrics"); !strings.Contains(text, "livechat_load_messages_sent_total 41\n") ||
		!strings.Contains(text, `phase="ended"`) {
		t.Errorf("after the end: %s", text)
	}
}

// A run that has no result is shown as failed.
func TestEventsOfARunWithoutAResult(t *testing.T) {
	l := start(t)
	l.Fail(errors.New("connect to ws://a:hidden@h: refused"))
	e := <-events(t, l)
	if e.End == nil || e.End.Passed || e.End.Verdict[0] != "connect to ws://***@h: refused" {
		t.Errorf("%+v", e.End)
	}
}

// The history of a long run is bounded, and nothing of the sums is lost.
func TestHistoryIsBounded(t *testing.T) {
	var h history
	const seconds, marks = 36_000, 2 * maxMarks
	s := second(1, 1).Second
	for n := range seconds {
		s.At, s.Latency.P99 = float64(n), float64(n%1000)
		h.add(s, 40)
	}
	for n := range marks {
		h.mark(record.Mark{At: float64(n), Text: strings.Repeat("x", 1000)})
	}
	h.flush()
	if len(h.points) >= maxPoints || len(h.points) < maxPoints/4 || len(h.marks) != maxMarks ||
		h.forgotten != marks-maxMarks || len(h.marks[0].Text) > maxText+3 {
		t.Fatalf("%d points, %d events", len(h.points), len(h.marks))
	}
	sum, worst := 0.0, 0.0
	for _, p := range h.points {
		sum, worst = sum+p.Sent*p.span, max(worst, *p.P99)
	}
	if int(sum+0.5) != 20*seconds || worst != 999 {
		t.Errorf("sent %f, highest %f", sum, worst)
	}
}

// A page that was there when points became one is told all of them again.
func TestEventsAfterTheHistoryShrank(t *testing.T) {
	s := newState(&settings, nil)
	var at place
	for n := range maxPoints - 1 {
		s.tell(second(n, 1))
	}
	if e, _ := s.since(&at); !e.Reset || len(e.Points) != maxPoints-1 {
		t.Fatalf("%d points", len(e.Points))
	}
	s.tell(second(maxPoints, 1))
	if e, _ := s.since(&at); !e.Reset || len(e.Points) != maxPoints/2 {
		t.Errorf("reset %v, %d points", e.Reset, len(e.Points))
	}
	s.tell(second(maxPoints+1, 1)) // half a point
	if e, _ := s.since(&at); e.Reset || len(e.Points) != 0 {
		t.Errorf("reset %v, %d points", e.Reset, len(e.Points))
	}
}

// Server-made labels cannot fill the memory of a Prometheus.
func TestLabelsAreBounded(t *testing.T) {
	many := make(map[string]int64)
	for n := range 5 * maxLabels {
		many[fmt.Sprintf("code%04d", n)] = 1
	}
	few := bounded(many)
	if len(few) != maxLabels || few["other"] != 5*maxLabels-(maxLabels-1) {
		t.Errorf("%d labels, %d others", len(few), few["other"])
	}
}

// Too many pages are refused, and all of them are hung up on in the end.
func TestCloseEndsStreams(t *testing.T) {
	l := start(t)
	var all []<-chan event
	for range maxViewers {
		one := events(t, l)
		<-one
		all = append(all, one)
	}
	answer, err := http.Get("http://" + l.Addr() + "/events")
	if err != nil || answer.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("%v, %v", answer, err)
	}
	_ = answer.Body.Close()
	if err := l.Close(t.Context()); err != nil {
		t.Error(err)
	}
	for _, one := range all {
		for range one {
		}
	}
}

// Something that scrapes gets the final figures before the server goes.
func TestCloseWaitsForTheLastScrape(t *testing.T) {
	l := start(t)
	get(t, l, "/metrics")
	get(t, l, "/metrics")
	l.Finish(&record.Run{Totals: record.Totals{Sent: 5}})
	closed := make(chan error)
	go func() { closed <- l.Close(t.Context()) }()
	if text := get(t, l, "/metrics"); !strings.Contains(text, "livechat_load_messages_sent_total 5\n") {
		t.Error(text)
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
}

func TestUnusableAddressNamesTheFlag(t *testing.T) {
	l := start(t)
	for _, address := range []string{l.Addr(), "nonsense", "127.0.0.1:99999"} {
		if _, err := Listen(t.Context(), address, &settings, nil); err == nil ||
			!strings.HasPrefix(err.Error(), "-listen "+address+": ") {
			t.Errorf("%v, want an error that names the flag", err)
		}
	}
	var none *Server
	none.Tell(run.Live{})
	none.Finish(nil)
	none.Fail(nil)
	if err := none.Close(t.Context()); err != nil {
		t.Error(err)
	}
}
