package main

import "runtime/debug"

// version is set by builds outside a checkout, such as those of the images:
// -ldflags "-X main.version=$(git describe --tags --always --dirty)".
var version string

// buildVersion returns the version of this program: the one that was set at
// build time, else the revision that the go command noted, else "dev", as with
// `go run`.
func buildVersion() string {
	if version != "" {
		return version
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "dev"
	}
	return revision(info.Settings)
}

// revision returns the revision in the settings of a build, shortened, with
// -dirty if the tree had changes; "dev" if there is none.
func revision(settings []debug.BuildSetting) string {
	name, suffix := "dev", ""
	for _, s := range settings {
		switch {
		case s.Key == "vcs.revision" && len(s.Value) >= 12:
			name = s.Value[:12]
		case s.Key == "vcs.modified" && s.Value == "true":
			suffix = "-dirty"
		}
	}
	return name + suffix
}
