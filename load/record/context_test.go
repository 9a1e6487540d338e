package record

import (
	"slices"
	"testing"
)

func TestSecretsAreRemoved(t *testing.T) {
	for text, want := range map[string]string{
		"ws://ann:hunter2@host:8080/?room=a":          "ws://***@host:8080/?room=a",
		"ws://ann:hunt@er'2@host:8080":                "ws://***@host:8080",
		"ws://a:1,ws://ann:hunter2@b:2":               "ws://a:1,ws://***@b:2",
		"ws://host?room=a@b":                          "ws://host?room=a@b",
		"wss://host/?token=abc.def&room=a":            "wss://host/?token=***&room=a",
		"ws://host/?access_token=abc":                 "ws://host/?access_token=***",
		"curl -H 'Authorization: Bearer abc' http:x":  "curl -H 'Authorization: ***' http:x",
		"POSTGRES_PASSWORD=hunter2 docker compose up": "POSTGRES_PASSWORD=*** docker compose up",
		"psql --password 'a b' -c x":                  "psql --password *** -c x",
		"API_KEY=\"a b\" x":                           "API_KEY=*** x",
		"redis-cli -h x -a hunter2 ping":              "redis-cli -h x -a *** ping",
		"the key is lost: none":                       "the key is lost: none",
		"docker compose kill ws2":                     "docker compose kill ws2",
		"load -clients 500 -fail-if p99>200ms":        "load -clients 500 -fail-if p99>200ms",
	} {
		if got := Redact(text); got != want {
			t.Errorf("%s is redacted to %s, want %s", text, got, want)
		}
	}
	urls := []string{"ws://a:b@host/"}
	r := Run{Command: []string{"-url", "ws://a:b@host/"},
		Settings: Settings{URLs: urls, Experiment: &Experiment{Commands: []Command{{Run: "TOKEN=a b"}}}},
		Marks:    []Mark{{Text: "TOKEN=a b"}}, Verdict: []string{"TOKEN=a b"}, Did: []string{"TOKEN=a b"}}
	r.Scale = &Scale{Steps: []ScaleStep{{Command: "TOKEN=a b"}}}
	r.Redact()
	if r.Scale.Steps[0].Command != "TOKEN=*** b" {
		t.Errorf("the command of the scale is %s", r.Scale.Steps[0].Command)
	}
	got := []string{r.Settings.URLs[0], r.Settings.Experiment.Commands[0].Run, r.Marks[0].Text,
		r.Verdict[0], r.Did[0], r.Command[1]}
	if !slices.Equal(got, []string{"ws://***@host/", "TOKEN=*** b", "TOKEN=*** b", "TOKEN=*** b",
		"TOKEN=*** b", "ws://***@host/"}) || urls[0] != "ws://a:b@host/" {
		t.Errorf("%q", got)
	}
}
