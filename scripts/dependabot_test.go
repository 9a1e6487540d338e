package scripts_test

import (
	"maps"
	"os"
	"os/exec"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// place is a folder in which Dependabot looks for versions of one kind.
type place struct{ ecosystem, folder string }

// named is an image and its tag, where one has a number in it.
var named = regexp.MustCompile(`(?m)^\s*(?:FROM|"?image"?:)\s+"?([a-z/-]+):([\w.-]*\d[\w.-]*)`)

// Dependabot raises the versions in the folders that it is told of, and in no
// other.
func TestDependabotKnowsAllVersions(t *testing.T) {
	var config struct {
		Updates []struct {
			Ecosystem string `yaml:"package-ecosystem"`
			Directory string
		}
	}
	if err := yaml.Unmarshal([]byte(read(t, "../.github/dependabot.yml")), &config); err != nil {
		t.Fatal(err)
	}
	told, wanted := make(map[place]bool), make(map[place]bool)
	for _, update := range config.Updates {
		told[place{update.Ecosystem, update.Directory}] = true
	}
	for file, text := range files(t) {
		folder, name := path.Split(file)
		folder = path.Clean("/" + folder)
		switch {
		case name == "go.mod":
			wanted[place{"gomod", folder}] = true
		case folder == "/.github/workflows":
			wanted[place{"github-actions", "/"}] = true
		case strings.HasPrefix(name, "docker-compose") && named.MatchString(text):
			wanted[place{"docker-compose", folder}] = true
		case strings.HasPrefix(name, "Dockerfile") && named.MatchString(text):
			wanted[place{"docker", folder}] = true
		}
	}
	for p := range wanted {
		if !told[p] {
			t.Errorf("dependabot.yml has no %s for %s", p.ecosystem, p.folder)
		}
	}
	for p := range told {
		if !wanted[p] {
			t.Errorf("dependabot.yml has %s for %s, where no version is named", p.ecosystem, p.folder)
		}
	}
}

// One version of each image is in use, and a stand-in has its tag.
func TestImagesHaveOneTagEach(t *testing.T) {
	list := exec.Command("sh", "../docker/stand-ins.sh", "--list")
	list.Stderr = t.Output()
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	tags := make(map[string]string)
	for line := range strings.FieldsSeq(string(out)) {
		_, image, _ := strings.Cut(line, "=")
		name, tag, _ := strings.Cut(image, ":")
		tags[name] = tag
	}
	used := make(map[string]int)
	for file, text := range files(t) {
		for _, image := range named.FindAllStringSubmatch(text, -1) {
			if want := tags[image[1]]; want != "" {
				used[image[1]]++
				if image[2] != want {
					t.Errorf("%s has %s:%s, docker/stand-ins.sh %s", file, image[1], image[2], want)
				}
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(tags)) {
		if used[name] == 0 && name != "nginx" { // whose tag has no number
			t.Errorf("no file names the image %s", name)
		}
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
