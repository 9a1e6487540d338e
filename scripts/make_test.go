package scripts_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Every target is in `make help`, and every target and script that the
// workflows call exists.
func TestTargetsAreDocumentedAndExist(t *testing.T) {
	makefile, err := os.ReadFile("../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	_, phony, _ := strings.Cut(string(makefile), ".PHONY:")
	phony, _, _ = strings.Cut(strings.ReplaceAll(phony, "\\\n", " "), "\n")
	documented := map[string]bool{}
	helped := regexp.MustCompile(`(?m)^([a-z0-9-]+):.*## .`)
	for _, match := range helped.FindAllStringSubmatch(string(makefile), -1) {
		documented[match[1]] = true
	}
	for _, target := range strings.Fields(phony) {
		if !documented[target] {
			t.Errorf("make help does not list %s", target)
		}
	}

	workflows, err := filepath.Glob("../.github/workflows/*.yml")
	if err != nil || len(workflows) < 2 {
		t.Fatalf("workflows %q, %v", workflows, err)
	}
	for _, workflow := range workflows {
		text, err := os.ReadFile(workflow)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range regexp.MustCompile(`run: make (\w+)`).FindAllStringSubmatch(string(text), -1) {
			if !documented[match[1]] {
				t.Errorf("%s calls make %s, which does not exist", workflow, match[1])
			}
		}
		for _, script := range regexp.MustCompile(`scripts/[\w.-]+\.sh`).FindAllString(string(text), -1) {
			if _, err := os.Stat(filepath.Join("..", script)); err != nil {
				t.Errorf("%s names %s: %v", workflow, script, err)
			}
		}
	}
}
