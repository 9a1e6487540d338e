package record

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestRecordRoundTrip(t *testing.T) {
	name := filepath.Join(t.TempDir(), "run.json")
	r := &Run{Version: Version, Began: time.Unix(1700000000, 0).UTC(),
		Settings: Settings{Scenario: "steady", URLs: []string{"ws://a"}}, Totals: Totals{Lost: 3,
			Refused: map[string]int64{"x": 1}},
		Seconds: []Second{{At: 1,
			Servers: map[string]Server{"1000": {Connected: 5}}}},
		Knee: &Knee{Held: 50}, Verdict: []string{"3 deliveries were lost"}}
	if err := r.Write(name); err != nil {
		t.Fatal(err)
	}
	back, err := Read(name)
	if err != nil {
		t.Fatal(err)
	}
	if back.Totals.Lost != 3 || back.Totals.Refused["x"] != 1 || !reflect.DeepEqual(back.Knee, r.Knee) ||
		back.Seconds[0].Servers["1000"].Connected != 5 || !back.Began.Equal(r.Began) {
		t.Errorf("read %+v", back)
	}
}

func TestReadRefusesOtherFiles(t *testing.T) {
	name := filepath.Join(t.TempDir(), "run.json")
	for text, want := range map[string]string{`{"version":99}`: "has version 99",
		`not JSON`: "is not a result"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Read(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	if _, err := Read(name + "x"); err == nil || !strings.Contains(err.Error(), "does not exist") {
		t.Errorf("no file: %v", err)
	}
}
