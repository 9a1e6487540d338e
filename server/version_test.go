package main

import (
	"runtime/debug"
	"testing"
)

func TestRevision(t *testing.T) {
	commit := debug.BuildSetting{Key: "vcs.revision", Value: "552fdf966fddde4531222c4b80e8d7621c062d79"}
	for want, settings := range map[string][]debug.BuildSetting{
		"dev":                {{Key: "GOOS", Value: "linux"}},
		"552fdf966fdd":       {commit, {Key: "vcs.modified", Value: "false"}},
		"552fdf966fdd-dirty": {commit, {Key: "vcs.modified", Value: "true"}},
	} {
		if got := revision(settings); got != want {
			t.Errorf("%v gives %s, want %s", settings, got, want)
		}
	}
}

func TestStampedVersionComesFirst(t *testing.T) {
	t.Cleanup(func() { version = "" })
	version = "v1.2.3"
	if got := buildVersion(); got != "v1.2.3" {
		t.Errorf("got %s", got)
	}
}
