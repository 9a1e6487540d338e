package main

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/api/equality"
	"sigs.k8s.io/yaml"
)

// The rendered files of deploy/kubernetes are those of the chart.
func TestManifestsAreRendered(t *testing.T) {
	want, err := manifests()
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range want {
		got, err := os.ReadFile(filepath.Join(kubernetes, name))
		if err != nil {
			t.Errorf("%v; run make manifests", err)
		} else if string(got) != text {
			t.Errorf("deploy/kubernetes/%s is not what the chart makes; run make manifests", name)
		}
	}
}

// An overlay makes the same objects as the chart does of its values, so whoever
// changes from one to the other changes nothing.
func TestOverlaysAreTheChart(t *testing.T) {
	for _, set := range sets {
		values, err := readValues(set.values)
		if err != nil {
			t.Fatal(err)
		}
		want, err := ofChart(release, values)
		if err != nil {
			t.Fatal(err)
		}
		got, err := ofKustomize(set.folder)
		if err != nil {
			t.Fatalf("%s: %v", set.folder, err)
		}
		if g, w := slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)); !slices.Equal(g, w) {
			t.Errorf("%s has %q, the chart %q", set.folder, g, w)
		}
		for id, object := range got {
			if !equality.Semantic.DeepEqual(object, want[id]) {
				g, _ := yaml.Marshal(object)
				w, _ := yaml.Marshal(want[id])
				t.Errorf("%s: %s is not that of the chart:\n%s", set.folder, id, difference(string(g), string(w)))
			}
		}
	}
}

// difference returns the first line in which two texts differ.
func difference(got, want string) string {
	w := strings.Split(want, "\n")
	for i, line := range strings.Split(got, "\n") {
		if i >= len(w) || line != w[i] {
			return "kustomize: " + line + "\nchart:     " + w[min(i, len(w)-1)]
		}
	}
	return "the chart has more"
}

// A mistyped value is refused rather than ignored.
func TestWrongValues(t *testing.T) {
	type m = map[string]any
	for want, values := range map[string]m{
		"replica":                      {"ws": m{"replica": 3}},
		"/ws/settings/MAX_CONNECTIONS": {"ws": m{"settings": m{"MAX_CONNECTIONS": 26214400}}}, // 2.62144e+07
		"/secret/settings/0":           {"secret": m{"settings": []any{"LOG_LEVEL"}}},
		"/images/registry":             {"images": m{"registry": "ghcr.io/you"}},
		"/drain/delaySeconds":          {"drain": m{"delaySeconds": "5s"}},
	} {
		if _, err := render(release, values); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want an error that names %s", values, err, want)
		}
	}
}

// Two installations in one namespace share no name and no pod.
func TestTwoReleases(t *testing.T) {
	one, err := ofChart("one", nil)
	if err != nil {
		t.Fatal(err)
	}
	two, err := ofChart("two", nil)
	if err != nil {
		t.Fatal(err)
	}
	for id, object := range one {
		if two[id] != nil {
			t.Errorf("both have %s", id)
		}
		text, err := yaml.Marshal(object)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), "app.kubernetes.io/instance: one") {
			t.Errorf("%s does not name its release", id)
		}
	}
}

// A field that the API does not have is an error, and so is one that is there
// twice.
func TestUnknownFieldsAreFound(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(kubernetes, "base/ws.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, wrong := range []string{
		"  maxReplicas: 4", "  minReadySeconds: 5\n  minReadySeconds: 5", "  minReadySeconds: five",
	} {
		broken := strings.Replace(string(text), "  minReadySeconds: 5", wrong, 1)
		if _, err := decode(broken); err == nil {
			t.Errorf("%q was accepted", wrong)
		}
	}
}
