package compose

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"livechat/internal/need"
)

const observe = "../../docker/observe"

// TestAlertsAreTested: for each rule there is a test in which it fires and one
// in which it does not, and it says what to do.
func TestAlertsAreTested(t *testing.T) {
	rules, tests := readFile(t, "rules.yml"), readFile(t, "rules_test.yml")
	alerts := regexp.MustCompile(`(?m)^ +- alert: (\w+)\n`).FindAllStringSubmatch(rules, -1)
	if len(alerts) < 11 || strings.Count(rules, " description: >-\n") != len(alerts) ||
		strings.Count(rules, " summary: ") != len(alerts) {
		t.Errorf("%d alerts, not all of which say what to do", len(alerts))
	}
	for _, alert := range alerts {
		fires := regexp.MustCompile(
			`alertname: ` + alert[1] + `\n +eval_time: \w+\n +exp_alerts:\n +- exp_labels`,
		)
		quiet := regexp.MustCompile(`\{alertname: ` + alert[1] + `, eval_time: \w+\}`)
		if !fires.MatchString(tests) || !quiet.MatchString(tests) {
			t.Errorf("rules_test.yml does not test when %s fires and when it does not", alert[1])
		}
	}
}

// TestDashboard: Prometheus accepts every expression, and no panels overlap.
func TestDashboard(t *testing.T) {
	promtool := need.Program(t, "promtool")
	var dashboard struct {
		Panels []struct {
			ID         int
			Type       string
			Title      string
			Datasource struct{ UID string }
			GridPos    struct{ X, Y, W, H int }
			Targets    []struct {
				RefID, Expr string
				Datasource  struct{ UID string }
			}
		}
		Annotations struct {
			List []struct {
				Expr   string
				Target struct{ Tags []string }
			}
		}
	}
	if err := json.Unmarshal([]byte(readFile(t, "grafana/dashboards/livechat.json")), &dashboard); err != nil {
		t.Fatal(err)
	}
	uid := regexp.MustCompile(`uid: (\w+)`).FindStringSubmatch(readFile(t,
		"grafana/datasources/prometheus.yml"))[1]

	rules := &strings.Builder{}
	rules.WriteString("groups:\n  - name: dashboard\n    rules:\n")
	add := func(expr string) {
		expr = strings.NewReplacer("$__rate_interval", "1m", "$__range", "15m", "$server", ".*").
			Replace(expr)
		fmt.Fprintf(rules, "      - {record: \"dashboard:%d\", expr: %q}\n",
			strings.Count(rules.String(), "\n"), expr)
	}
	for _, a := range dashboard.Annotations.List {
		if len(a.Target.Tags) == 0 { // else Grafana's own, such as those of load -grafana
			add(a.Expr)
		}
	}
	ids, taken := map[int]bool{}, map[[2]int]string{}
	for _, p := range dashboard.Panels {
		if ids[p.ID] {
			t.Errorf("two panels have the number %d", p.ID)
		}
		ids[p.ID] = true
		for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
			for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
				if other := taken[[2]int{x, y}]; other != "" || x >= 24 {
					t.Fatalf("%q and %q overlap in column %d, row %d", p.Title, other, x, y)
				}
				taken[[2]int{x, y}] = p.Title
			}
		}
		if p.Type != "row" && (len(p.Targets) == 0 || p.Datasource.UID != uid) {
			t.Errorf("%q shows nothing, or something of %q", p.Title, p.Datasource.UID)
		}
		for _, target := range p.Targets {
			if target.Datasource.UID != uid {
				t.Errorf("%q queries %q", p.Title, target.Datasource.UID)
			}
			add(target.Expr)
		}
	}
	file := filepath.Join(t.TempDir(), "dashboard.yml")
	if err := os.WriteFile(file, []byte(rules.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), promtool, "check", "rules",
		file).CombinedOutput(); err != nil ||
		!strings.Contains(string(out), "SUCCESS") {
		t.Errorf("promtool: %v\n%s\n%s", err, out, rules)
	}
}

// TestObserversAreHardened: their data is for this machine only, and they write
// only where they have to.
func TestObserversAreHardened(t *testing.T) {
	compose := readFile(t, "../../docker-compose.yml")
	for _, name := range []string{"prometheus", "grafana"} {
		_, service, found := strings.Cut(compose, "\n  "+name+":\n")
		service = regexp.MustCompile(`(?m)^ {0,2}\w`).Split(service, 2)[0]
		port := regexp.MustCompile(`ports: \["127\.0\.0\.1:\$\{\w+:-\d+\}:\d+"\]\n`)
		if !found || !strings.Contains(service, "<<: *hardened\n    profiles: [observe]\n") ||
			!port.MatchString(service) ||
			!regexp.MustCompile(`image: \S+:v?\d+\.\d+\.\d+\n`).MatchString(service) {
			t.Errorf("%s: %v\n%s", name, found, service)
		}
	}
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(observe, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
