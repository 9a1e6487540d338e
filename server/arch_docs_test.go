package main_test

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	tableRow  = regexp.MustCompile("(?m)^\\| (`server/[^|]*) \\|")
	tableName = regexp.MustCompile("`([^`]+)`")
)

// documented returns the packages of the table in docs/architecture.md, in its
// order.
func documented(text string) (packages []string) {
	for _, row := range tableRow.FindAllStringSubmatch(text, -1) {
		for _, name := range tableName.FindAllStringSubmatch(row[1], -1) {
			packages = append(packages, name[1])
		}
	}
	return packages
}

// misplaced returns a sentence for each package below server that is not in the
// order once, and for each import that is not of a package before.
func misplaced(order []string, sources []source) (all []string) {
	place := map[string]int{}
	for i, pkg := range order {
		if _, twice := place[pkg]; twice {
			all = append(all, pkg+" is there twice")
		}
		place[pkg] = i
	}
	seen := map[string]bool{}
	for _, s := range sources {
		if s.test || !strings.HasPrefix(s.pkg, "server/") {
			continue
		}
		seen[s.pkg] = true
		for _, imported := range s.imports {
			inside, ok := strings.CutPrefix(imported, module)
			if ok && strings.HasPrefix(inside, "server/") && place[inside] >= place[s.pkg] {
				all = append(all, fmt.Sprintf("%s imports %s, which is not before it", s.file, inside))
			}
		}
	}
	for pkg := range seen {
		if !slices.Contains(order, pkg) {
			all = append(all, pkg+" is not there")
		}
	}
	for _, pkg := range order {
		if !seen[pkg] {
			all = append(all, pkg+" does not exist")
		}
	}
	return all
}

// The table in docs/architecture.md has all packages of the server, each after
// those that it imports.
func TestDocumentedOrder(t *testing.T) {
	text, err := os.ReadFile("../docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, wrong := range misplaced(documented(string(text)), readSources(t, "..")) {
		t.Errorf("docs/architecture.md: %s", wrong)
	}
}

func TestDocumentedOrderRules(t *testing.T) {
	sources := []source{
		{pkg: "server/chat", file: "server/chat/a.go"},
		{pkg: "server/wire", file: "server/wire/a.go", imports: []string{"fmt", "livechat/server/chat"}},
		{pkg: "server/web", file: "server/web/a.go",
			imports: []string{"livechat/server/wire", "livechat/static"}},
		{pkg: "server/web", file: "server/web/a_test.go", test: true,
			imports: []string{"livechat/server/node"}},
		{pkg: "server", file: "server/main.go", imports: []string{"livechat/server/web"}},
	}
	for table, want := range map[string]string{
		"| `server/chat` | a |\n| `server/wire`, `server/web` | `b` |\n": "",
		"| `server/chat` | a |\n| `server/web`, `server/wire` | b |\n":   "server/web/a.go imports",
		"| `server/wire` | a |\n| `server/chat`, `server/web` | b |\n":   "server/wire/a.go imports",
		"| `server/chat` | a |\n| `server/wire` | b |\n":                 "server/web is not there",
		"| `server/chat`, `server/chat`, `server/wire`, `server/web` |":  "server/chat is there twice",
		"| `server/chat`, `server/wire`, `server/web`, `server/old` |":   "server/old does not exist",
	} {
		got := strings.Join(misplaced(documented(table), sources), "\n")
		if want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%q: got %q, want %q", table, got, want)
		}
	}
}
