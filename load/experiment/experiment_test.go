package experiment

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"livechat/load/plan"
)

var accepted = []string{"clients", "rate", "url"}

func TestWholeFile(t *testing.T) {
	e, err := parse("x.yaml", []byte(`
about: all of it
settings:
  clients: 300
  url: [ws://a, ws://b]
  rate: 0.5
stages:
  - {at: 0s, clients: 0, rate: 0}
  - {rate: 2.5, clients: 10, at: 1m}
limits:
  - p99 > 200ms
  - lost>0
commands:
  - at: 30s
    run: docker compose pause rds
    for: 10s
    then: docker compose unpause rds
  - {at: 5s, run: 'true'}
`), accepted)
	if err != nil {
		t.Fatal(err)
	}
	if e.About != "all of it" || e.Stages != "0s:0c/0r,1m:10c/2.5r" || e.Limits != "p99 > 200ms,lost>0" {
		t.Errorf("%+v", e)
	}
	if want := []Setting{{"clients", "300", "x.yaml:4"}, {"url", "ws://a,ws://b", "x.yaml:5"},
		{"rate", "0.5", "x.yaml:6"}}; !slices.Equal(e.Settings, want) {
		t.Errorf("settings %+v, want %+v", e.Settings, want)
	}
	if want := []plan.Command{
		{At: 30 * time.Second, Run: "docker compose pause rds", For: 10 * time.Second,
			Then: "docker compose unpause rds", Place: "x.yaml:14"},
		{At: 5 * time.Second, Run: "true", Place: "x.yaml:18"},
	}; !slices.Equal(e.Commands, want) {
		t.Errorf("commands %+v, want %+v", e.Commands, want)
	}
	if e, err = parse("x.yaml", []byte("stages: 0s:5c/1r,1s:9c/1r\nlimits: lost>0"), nil); err != nil ||
		e.Stages != "0s:5c/1r,1s:9c/1r" || e.Limits != "lost>0" {
		t.Errorf("%+v, %v", e, err)
	}
}

// Errors name the line and what is accepted.
func TestErrors(t *testing.T) {
	const in = "; want one of "
	for text, want := range map[string]string{
		"":                         "x.yaml: the file is empty",
		"- a":                      "x.yaml:1: the experiment: want keys and values; keys are about,",
		"about: a\nlimit: b":       `x.yaml:2: unknown key "limit" in the experiment` + in + "about,",
		"settings:\n  clinets: 5":  `x.yaml:2: unknown key "clinets" in settings` + in + "clients,",
		"settings: 5":              "x.yaml:1: settings: want keys and values",
		"settings:\n  clients: {}": "x.yaml:2: want one value",
		"settings:\n  clients:":    "x.yaml:2: want one value",

		"settings:\n  clients: 5\n  clients: 6": `x.yaml:3: "clients" is given twice`,

		"commands:\n  - {at: 5, run: a}":    `x.yaml:2: "5": want a time, such as 30s`,
		"commands:\n  - {at: -5s, run: a}":  "want a time",
		"commands:\n  - {when: 5s, run: a}": `x.yaml:2: unknown key "when" in a command` + in + "at, for,",
		"commands: {at: 5s}":                "x.yaml:1: commands: want a list",

		"stages:\n  - {at: 5s}":                "x.yaml:2: want at, such as 30s, and clients, rate, or both",
		"stages:\n  - {at: 5s, clients: many}": "as numbers",
		"stages:\n  - {at: 5s, users: 5}":      `unknown key "users" in a stage` + in + "at, clients, rate",

		"about: [":                "x.yaml: yaml: line 1",
		"about: a\n---\nabout: b": "a second document",
		"about: &a b\nlimits: *c": "unknown anchor",
	} {
		_, err := parse("x.yaml", []byte(text), accepted)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	if _, err := Read(filepath.Join(t.TempDir(), "missing.yaml"), nil); !os.IsNotExist(err) &&
		(err == nil || !strings.Contains(err.Error(), "missing.yaml")) {
		t.Error(err)
	}
}
