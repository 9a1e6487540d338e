package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"livechat/internal/need"
	"livechat/load/grafana"
	"livechat/load/record"
)

// addressIn finds what -listen has chosen in the progress of a run.
type addressIn struct {
	found chan string
	once  sync.Once
}

var metricsAddress = regexp.MustCompile(`http://\S+/metrics`)

func (a *addressIn) Write(b []byte) (int, error) {
	if text := metricsAddress.Find(b); text != nil {
		a.once.Do(func() { a.found <- string(text) })
	}
	return len(b), nil
}

// scrape reads metrics until those of the end of the run are there, and returns
// them all.
func scrape(ctx context.Context, address string) (all []string) {
	defer http.DefaultClient.CloseIdleConnections()
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
		if err != nil {
			return all
		}
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			return all
		}
		text, err := io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		if err != nil || answer.StatusCode != http.StatusOK {
			return all
		}
		all = append(all, string(text))
		if strings.Contains(string(text), `phase="ended"`) {
			return all
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return all
		}
	}
}

// value returns a metric, with its labels; -1 if it is not there.
func value(t *testing.T, text, name string) float64 {
	t.Helper()
	for line := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(line, name+" "); ok {
			v, err := strconv.ParseFloat(strings.TrimSpace(rest), 64)
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
	}
	return -1
}

// observed performs a run and scrapes it meanwhile.
func observed(t *testing.T, args ...string) (*record.Run, []string) {
	t.Helper()
	ctx := within(t, 2*time.Minute)
	out := &addressIn{found: make(chan string, 1)}
	scraped := make(chan []string, 1)
	go func() {
		select {
		case address := <-out.found:
			scraped <- scrape(ctx, address)
		case <-ctx.Done():
			scraped <- nil
		}
	}()
	figures := filepath.Join(t.TempDir(), "run.json")
	var text bytes.Buffer
	err := load(ctx, append([]string{"-listen", "127.0.0.1:0", "-json", figures, "-html", ""}, args...), &text,
		io.MultiWriter(out, t.Output()))
	if err != nil {
		t.Fatalf("%v\n%s", err, text.String())
	}
	r, err := record.Read(figures)
	if err != nil {
		t.Fatal(err)
	}
	return r, <-scraped
}

// checkFinal compares the metrics of the end with the result of the run.
func checkFinal(t *testing.T, r *record.Run, text string) {
	t.Helper()
	totals := &r.Totals
	var due int64
	for _, s := range r.Seconds {
		due += s.Due
	}
	for name, want := range map[string]int64{
		"messages_sent_total": totals.Sent, "messages_acked_total": totals.Acked,
		"deliveries_total": totals.Delivered, "lost_deliveries": totals.Lost, "deliveries_due_total": due,
		"deliveries_duplicated_total": totals.Duplicated, "deliveries_reordered_total": totals.Reordered,
		"reconnects_total": totals.Reconnects, "moves_total": totals.Moved,
		"connect_failures_total": totals.Failed, "delivery_latency_seconds_count": totals.Measured,
		`delivery_latency_seconds_bucket{le="+Inf"}`: totals.Measured,
		`connections_closed_total{code="storm"}`:     totals.Closed["storm"],
		"clients_connected":                          0, "clients_wanted": 0,
	} {
		if got := value(t, text, "livechat_load_"+name); got != float64(want) {
			t.Errorf("%s is %.0f, the result has %d", name, got, want)
		}
	}
}

// A run can be watched: counters only rise, the last ones are those of the
// result, and Prometheus' own tool likes them.
func TestMetricsOfARun(t *testing.T) {
	addr := startForWorkers(t)
	r, all := observed(t, "-url", "ws://"+addr, "-clients", "20", "-rate", "30", "-for", "4s", "-warmup", "1s",
		"-scenario", "storm")
	if len(all) == 0 || r.Totals.Reconnects != 20 {
		t.Fatalf("%d scrapes, %+v", len(all), r.Totals)
	}
	checkFinal(t, r, all[len(all)-1])
	before, during := -1.0, 0
	for _, text := range all {
		now := value(t, text, "livechat_load_deliveries_total")
		if now < before {
			t.Errorf("a counter fell from %.0f to %.0f", before, now)
		}
		if before = now; now > 0 && value(t, text, "livechat_load_clients_connected") == 20 &&
			value(t, text, "livechat_load_message_rate_target") == 30 {
			during++
		}
	}
	if during == 0 {
		t.Errorf("no scrape shows the run: %s", all[len(all)/2])
	}
	check := exec.Command(need.Program(t, "promtool"), "check", "metrics")
	check.Stdin = strings.NewReader(all[len(all)-1])
	if out, err := check.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("promtool: %v\n%s", err, out)
	}
}

// The metrics of a coordinator are those of all its workers.
func TestMetricsOfWorkers(t *testing.T) {
	addr := startForWorkers(t)
	workers := startWorkers(t, 2)
	r, all := observed(t, "-url", "ws://"+addr, "-workers", workers, "-clients", "20",
		"-rate", "30", "-for", "4s", "-warmup", "1s")
	if len(all) == 0 {
		t.Fatalf("%d scrapes", len(all))
	}
	final := all[len(all)-1]
	for name, want := range map[string]int64{"messages_sent_total": r.Totals.Sent,
		"deliveries_total": r.Totals.Delivered, "delivery_latency_seconds_count": r.Totals.Measured} {
		if got := value(t, final, "livechat_load_"+name); got != float64(want) {
			t.Errorf("%s is %.0f, the result has %d", name, got, want)
		}
	}
	during := 0
	for _, text := range all {
		if value(t, text, "livechat_load_clients_connected") == 20 &&
			value(t, text, "livechat_load_clients_wanted") == 20 &&
			value(t, text, "livechat_load_messages_sent_total") > 0 {
			during++
		}
	}
	if during == 0 {
		t.Errorf("no scrape shows all clients: %s", all[len(all)/2])
	}
}

// The address that is printed can be opened.
func TestReachable(t *testing.T) {
	for address, want := range map[string]string{"[::]:7700": "localhost:7700", "0.0.0.0:1": "localhost:1",
		"127.0.0.1:2": "127.0.0.1:2", "[::1]:3": "[::1]:3"} {
		if got := reachable(address); got != want {
			t.Errorf("%s: %s, want %s", address, got, want)
		}
	}
}

// Marks of a run are posted to Grafana; one that is gone costs a warning.
func TestMarksInGrafana(t *testing.T) {
	addr := startForWorkers(t)
	var mu sync.Mutex
	var texts []string
	board := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var one struct{ Text string }
		err := json.NewDecoder(r.Body).Decode(&one)
		mu.Lock()
		defer mu.Unlock()
		if texts = append(texts, one.Text); err != nil || r.Header.Get("Authorization") != "Bearer sesame" {
			t.Errorf("%v, authorization %q", err, r.Header.Get("Authorization"))
		}
	}))
	defer board.Close()
	t.Setenv(grafana.TokenVariable, "sesame")
	args := []string{"-url", "ws://" + addr, "-clients", "4", "-rate", "8", "-for", "2s", "-warmup", "0",
		"-scenario", "storm", "-html", "", "-grafana"}
	r, _, err := runLoad(t, append(args, board.URL)...)
	if err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	got := slices.Clone(texts)
	mu.Unlock()
	slices.Sort(got)
	want := []string{"begins: load ", "passed\nload "}
	for _, m := range r.Marks {
		want = append(want, m.Text)
	}
	slices.Sort(want)
	if len(got) != len(want) || !stormy(r) {
		t.Fatalf("%q, want %q", got, want)
	}
	for i := range got {
		if !strings.HasPrefix(got[i], want[i]) {
			t.Errorf("%q, want %q", got[i], want[i])
		}
	}
	board.Close()
	var progress bytes.Buffer
	if err := load(within(t, time.Minute), append(args, board.URL), io.Discard, &progress); err != nil {
		t.Errorf("without Grafana: %v", err)
	}
	if n := strings.Count(progress.String(), "grafana: marks are missing there: "); n != 1 {
		t.Errorf("%d warnings: %s", n, progress.String())
	}
}
