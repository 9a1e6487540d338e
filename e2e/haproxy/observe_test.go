package haproxy

import (
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
)

// HAProxy has each metric that alerts and the dashboard use. A draining server
// does not count as ready.
func TestMetricsThatAreWatched(t *testing.T) {
	b := start(t, 1)
	metrics := func() string {
		status, body := b.get(t, b.stats, "/metrics?no-maint=") // as Prometheus does
		if status != http.StatusOK {
			t.Fatalf("/metrics answers %d", status)
		}
		return body
	}
	wanted := 0
	for _, path := range []string{"rules.yml", "rules_test.yml", "grafana/dashboards/livechat.json"} {
		text, err := os.ReadFile("../../docker/observe/" + path)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range regexp.MustCompile(`\bhaproxy_[a-z_]+`).FindAllString(string(text), -1) {
			wanted++
			if !strings.Contains(metrics(), "\n"+name+"{") {
				t.Errorf("%s uses %s, which HAProxy does not have", path, name)
			}
		}
	}
	if wanted < 10 {
		t.Errorf("only %d metrics of HAProxy are used", wanted)
	}

	active := func(n int) func() error {
		return func() error {
			if !strings.Contains(metrics(),
				fmt.Sprintf("\nhaproxy_backend_active_servers{proxy=%q} %d\n", "servers", n)) {
				return fmt.Errorf("not %d servers are active", n)
			}
			return nil
		}
	}
	eventually(t, "one server is active", active(1))
	b.nodes[0].ready.Store(http.StatusNotFound)
	eventually(t, "none is while it drains", active(0))
}
