package live

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// Each metric that the dashboard and the alerts of the compose file use is
// there.
func TestMetricsThatAreWatched(t *testing.T) {
	l := start(t)
	l.Tell(second(1, 7))
	metrics := get(t, l, "/metrics")
	name := regexp.MustCompile(`\blivechat_load_[a-z_]+`)
	wanted := 0
	for _, path := range []string{"rules.yml", "grafana/dashboards/livechat.json"} {
		text, err := os.ReadFile("../../docker/observe/" + path)
		if err != nil {
			t.Fatal(err)
		}
		for _, metric := range name.FindAllString(string(text), -1) {
			wanted++
			if !strings.Contains(metrics, "\n"+metric+" ") && !strings.Contains(metrics, "\n"+metric+"{") {
				t.Errorf("%s uses %s, which there is not", path, metric)
			}
		}
	}
	if wanted < 10 {
		t.Errorf("only %d metrics of the load tool are used", wanted)
	}
}
