package scripts_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// tested returns the folders of the packages that test.sh tests when it is
// called without an argument.
func tested(t *testing.T) []string {
	t.Helper()
	command := exec.Command("bash", "-euc", `
		cd ..
		eval "$(grep -E '^(whole=|parts\(\) )' scripts/test.sh)"
		go list -f '{{.Dir}}' $(parts) ./e2e/page "${whole[@]}"`)
	command.Stderr = t.Output()
	out, err := command.Output()
	if err != nil {
		t.Fatalf("list the packages of test.sh: %v", err)
	}
	return strings.Fields(string(out))
}

// Where a program is missing, a test fails in `make test`. It installs what
// install.sh does without an argument, which are not the other browsers.
func TestPartsNeedOnlyWhatIsInstalled(t *testing.T) {
	installed := append(installable(t, "everything"), installable(t, "built")...)
	browsers, byName := installable(t, "browsers"), installable(t, "asked")
	folders := tested(t)
	if len(folders) < 30 {
		t.Fatalf("test.sh tests only %q", folders)
	}
	for _, folder := range folders {
		files, err := filepath.Glob(filepath.Join(folder, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s has the files %q: %v", folder, files, err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, match := range asked.FindAllStringSubmatch(string(text), -1) {
				// Tests of docker-compose.yml run only with LIVECHAT_COMPOSE=1, and those
				// of servers of others with LIVECHAT_PEERS=1.
				ofPeers := slices.Contains(byName, match[1]) && strings.Contains(string(text), `"LIVECHAT_PEERS"`)
				if !slices.Contains(installed, match[1]) && match[1] != "docker" && !ofPeers {
					t.Errorf("%s needs %s, which scripts/install.sh installs only by name", file, match[1])
				}
			}
			for _, name := range browsers { // also where the name is in a variable
				if strings.Contains(string(text), `"`+name+`"`) {
					t.Errorf("%s names %s, which scripts/install.sh installs only by name", file, name)
				}
			}
		}
	}
}
