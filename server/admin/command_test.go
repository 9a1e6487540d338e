package admin

import (
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for _, c := range []struct {
		args string
		want Command
	}{
		{"user list", Command{verb: "user list"}},
		{"user list --json", Command{verb: "user list", json: true}},
		{"user show -json ann", Command{verb: "user show", json: true}},
		{"user sessions ann -end -reason x", Command{verb: "user sessions", end: true, reason: "x"}},
		{"user role -reason x -- -ann none", Command{verb: "user role", reason: "x"}},
		{"user role -reason=x ann none", Command{verb: "user role", reason: "x"}},
		{"room show -json hall", Command{verb: "room show", json: true}},
		{"room list -json", Command{verb: "room list", json: true}},
		{"room delete hall -reason x", Command{verb: "room delete", reason: "x"}},
		{"room set hall -title Hall -listed", Command{verb: "room set"}},
		{"room set hall -slow 0", Command{verb: "room set"}},
		{"ban add -reason x hall gus -mute -for 24h", Command{verb: "ban add", reason: "x"}},
		{"ban remove hall -- -gus", Command{verb: "ban remove"}},
		{"ban list", Command{verb: "ban list"}},
		{"audit", Command{verb: "audit"}},
		{"audit -n 0 -json", Command{verb: "audit", json: true}},
	} {
		args := strings.Fields(c.args)
		got, err := Parse(args)
		if err != nil {
			t.Errorf("%s: %v", c.args, err)
			continue
		}
		if got.verb != c.want.verb || got.json != c.want.json || got.end != c.want.end ||
			got.reason != c.want.reason || len(got.words) != verbs[got.verb].words || !Is(args) {
			t.Errorf("%s: %+v", c.args, got)
		}
		if want := "admin " + c.want.verb; got.String() != want {
			t.Errorf("%s: it is called %q, want %q", c.args, got, want)
		}
	}
	for args, want := range map[string]string{
		"user":          "unknown command: admin user; there are: admin audit, ",
		"user make ann": "unknown command: admin user make",
		"user list ann": "admin user list: it takes 0 arguments, not 1; usage: livechat admin user " +
			"list [-json]",
		"user passwd":                 "it takes 1 arguments, not 0; usage: livechat admin user passwd NAME",
		"user passwd ann -json":       "admin user passwd: it has no flag -json",
		"user passwd -ann":            "flag provided but not defined: -ann",
		"user role ann":               "2 arguments, not 1; usage: livechat admin user role NAME admin|none",
		"user role ann king":          `unknown role "king": want admin or none`,
		"user sessions ann -reason x": "-reason is for -end",
		"room set hall":               "there is nothing to set: give a flag; usage: ",
		"room set hall -reason x":     "there is nothing to set",
		"room set hall -listed=maybe": "invalid",
		"room list hall":              "it takes 0 arguments",
		"room delete":                 "it takes 1 arguments, not 0",
		"room set hall -paused false": "it takes 1 arguments, not 2",
		"room set hall -slow 10":      "invalid value",
		"room show Hall":              "a room is 1 to 32 characters",
		"ban add hall":                "it takes 2 arguments, not 1",
		"ban add hall gus -for 0":     "-for takes a time such as 24h",
		"ban list a b":                "it takes 1 arguments, not 2",
		"ban":                         "unknown command: admin ban;",
		"audit -n many":               "invalid value",
		"audit -n -1":                 "-n takes a number of entries",
		"audit ann":                   "admin audit: it takes 0 arguments, not 1",
	} {
		if c, err := Parse(strings.Fields(args)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %+v, %v, want %s", args, c, err, want)
		}
	}
	if Is(nil) || Is([]string{"files", "check"}) {
		t.Error("another command counts as one of these")
	}
}
