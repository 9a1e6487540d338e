package node

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"livechat/internal/poll"
)

// observe holds the configuration of Prometheus and Grafana.
const observe = "../../docker/observe"

// Every metric that an alert or the dashboard uses exists under that name.
func TestWatchedMetricsExist(t *testing.T) {
	wanted := map[string]string{} // name to one of the files that want it
	metric := regexp.MustCompile(`\b(?:livechat|go|process)_[a-z_]+`)
	err := filepath.WalkDir(observe, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		for _, name := range metric.FindAllString(string(text), -1) {
			if !strings.HasPrefix(name, "livechat_load_") { // the load tool's own
				wanted[name] = path
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(wanted) < 30 {
		t.Errorf("there is little to watch: %v", wanted)
	}

	n := start(t)
	p := dial(t, n)
	p.send("hello")
	p.next("message")
	p.Close()
	newAPIUser(t, n, "ann").register()
	var missing []string
	poll.Until(t, "everything that is watched has been counted", func() bool {
		there := map[string]bool{}
		for series := range scrape(t, n) {
			name, _, _ := strings.Cut(series, "{")
			there[name] = true
		}
		was := missing
		missing = nil
		for _, name := range slices.Sorted(maps.Keys(wanted)) {
			if !there[name] {
				missing = append(missing, name+" of "+wanted[name])
			}
		}
		if !slices.Equal(was, missing) {
			t.Log("missing: ", missing)
		}
		return len(missing) == 0
	})
}

// Counters of rare failures start at 0 and are not absent: an alert would miss
// the first increase.
func TestMetricsStartAtZero(t *testing.T) {
	got := scrape(t, start(t))
	for _, series := range []string{`livechat_missed_messages_total{result="lost"}`,
		`livechat_missed_messages_total{result="filled"}`,
		`livechat_log_repairs_total{result="repaired"}`, `livechat_log_repairs_total{result="failed"}`} {
		if value, there := got[series]; !there || value != 0 {
			t.Errorf("%s is %v, there: %v", series, value, there)
		}
	}
}

// Prometheus does not know RING_SIZE, so the alert spells out half of its
// default.
func TestAlertOnRingLag(t *testing.T) {
	rules, err := os.ReadFile(filepath.Join(observe, "rules.yml"))
	if err != nil {
		t.Fatal(err)
	}
	half := strconv.Itoa(start(t).cfg.Room.RingSize / 2)
	if want := "max_over_time(livechat_ring_lag_entries[1m]) > " + half + "\n"; !strings.Contains(
		string(rules),
		want,
	) {
		t.Errorf("no rule says %q", want)
	}
}
