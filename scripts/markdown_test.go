package scripts_test

import (
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// mostREADME is how many lines the README may have: a newcomer reads it to the
// end or not at all.
const mostREADME = 150

// mostProse is the width of a line of Markdown. Tables, code and lines with a
// link may be wider.
const mostProse = 80

// page is one Markdown file of the repository.
type page struct {
	path string
	text string
}

// pages returns all Markdown files that git knows, with paths from the top.
func pages(t *testing.T) (all []page) {
	t.Helper()
	list, err := exec.Command("git", "-C", "..", "ls-files", "-co", "--exclude-standard", "*.md").Output()
	if err != nil {
		t.Skip("needs a git checkout")
	}
	for name := range strings.FieldsSeq(string(list)) {
		text, err := os.ReadFile(filepath.Join("..", name))
		if os.IsNotExist(err) {
			continue // deleted, and not committed yet
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, page{name, string(text)})
	}
	if len(all) < 10 {
		t.Fatalf("only %d Markdown files were found", len(all))
	}
	return all
}

func TestREADMEIsShort(t *testing.T) {
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(text), "\n"); n > mostREADME {
		t.Errorf("README.md has %d lines, want %d at most: move something to docs/", n, mostREADME)
	}
}

func TestMarkdownIsNarrow(t *testing.T) {
	for _, p := range pages(t) {
		for _, fault := range wideLines(p) {
			t.Error(fault)
		}
	}
}

func TestMarkdownLinksLeadSomewhere(t *testing.T) {
	for _, p := range pages(t) {
		for _, fault := range brokenLinks(p) {
			t.Error(fault)
		}
	}
}

func TestFilesNamedInMarkdownExist(t *testing.T) {
	for _, p := range pages(t) {
		if p.path == "CHANGELOG.md" {
			continue // it names what was renamed
		}
		for _, fault := range missingFiles(p) {
			t.Error(fault)
		}
	}
}

// TestTestsNamedInMarkdownExist: a document that says which test holds a promise
// must not outlive the test.
func TestTestsNamedInMarkdownExist(t *testing.T) {
	list, err := exec.Command("git", "-C", "..", "grep", "-hoE", "--untracked",
		"^func (Test|Fuzz|Benchmark)\\w+", "--", "*_test.go").Output()
	if err != nil {
		t.Skip("needs a git checkout")
	}
	exist := names(`(?m)^func (\w+)$`, string(list))
	for _, p := range pages(t) {
		for _, name := range names("`(Test[A-Z]\\w+)`", p.text) {
			if _, ok := slices.BinarySearch(exist, name); !ok && p.path != "CHANGELOG.md" {
				t.Errorf("%s: there is no %s", p.path, name)
			}
		}
	}
}

// TestMarkdownFaultsAreFound shows that each of the checks finds its faults.
func TestMarkdownFaultsAreFound(t *testing.T) {
	for _, test := range []struct {
		text  string
		check func(page) []string
		want  int
	}{
		{strings.Repeat("word ", 20), wideLines, 1},
		{"| " + strings.Repeat("cell ", 20) + "|", wideLines, 0},
		{"```\n" + strings.Repeat("code ", 20) + "\n```", wideLines, 0},
		{strings.Repeat("ä", 80), wideLines, 0},
		{"[a](../README.md) [b](https://example.org) [c](#a-heading)\n# A `heading`", brokenLinks, 0},
		{"[a](../NOTHING.md) [b](#nowhere) [c](../README.md#nowhere) ![d](nothing.png)", brokenLinks, 4},
		{"`server/main.go` `docker/down.sh -v` `server/*.go` `server/bus` `api/v1/x` `a/b`", missingFiles, 0},
		{"`server/nothing.go` `docker/nothing.sh -v` `docs/nothing/*.md`", missingFiles, 3},
	} {
		if got := test.check(page{"docs/x.md", test.text}); len(got) != test.want {
			t.Errorf("%.60q: %q, want %d", test.text, got, test.want)
		}
	}
}

// TestAlertsAreDocumented compares the alerts with the table of docs/operations.md,
// which says what each of them means and what to do.
func TestAlertsAreDocumented(t *testing.T) {
	rules, err := os.ReadFile("../docker/observe/rules.yml")
	if err != nil {
		t.Fatal(err)
	}
	document, err := os.ReadFile("../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(document), "\n## Alerts\n")
	table, _, _ = strings.Cut(table, "\n## ")
	alerts, rows := names(`(?m)^ +- alert: (\w+)`, string(rules)), names("(?m)^\\| `(\\w+)` \\|", table)
	if len(alerts) == 0 || !slices.Equal(alerts, rows) {
		t.Errorf("the alerts are %q, docs/operations.md has %q", alerts, rows)
	}
}

func names(pattern, text string) (found []string) {
	for _, match := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
		found = append(found, match[1])
	}
	slices.Sort(found)
	return found
}

// prose calls f for each line outside of code blocks.
func prose(text string, f func(number int, line string)) {
	number, fenced := 0, false
	for line := range strings.Lines(text) {
		number++
		if strings.HasPrefix(strings.TrimSpace(line), "```") {
			fenced = !fenced
		} else if !fenced {
			f(number, strings.TrimRight(line, "\n"))
		}
	}
}

func wideLines(p page) (faults []string) {
	prose(p.text, func(number int, line string) {
		free := strings.HasPrefix(line, "|") || strings.Contains(line, "](") || strings.Contains(line, "://")
		if n := utf8.RuneCountInString(line); n > mostProse && !free {
			faults = append(faults, fmt.Sprintf("%s:%d: %d columns, want %d at most", p.path, number, n, mostProse))
		}
	})
	return faults
}

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`^#+ (.*)$`)
	span    = regexp.MustCompile("`([^`]+)`")
	plain   = regexp.MustCompile(`^[\w.*-]+(/[\w.*-]+)+/?$`)
)

// brokenLinks returns the links to files and headings that are not there.
func brokenLinks(p page) (faults []string) {
	prose(p.text, func(number int, line string) {
		for _, match := range link.FindAllStringSubmatch(line, -1) {
			target, anchor, _ := strings.Cut(match[1], "#")
			if strings.Contains(target, ":") {
				continue // another site
			}
			text := p.text
			if target != "" {
				name := filepath.Join("..", path.Dir(p.path), target)
				info, err := os.Stat(name)
				if err != nil {
					faults = append(faults, fmt.Sprintf("%s:%d: there is no %s", p.path, number, target))
					continue
				}
				if info.IsDir() || anchor == "" {
					continue
				}
				read, err := os.ReadFile(name)
				if err != nil {
					faults = append(faults, fmt.Sprintf("%s:%d: %v", p.path, number, err))
					continue
				}
				text = string(read)
			}
			if anchor != "" && !slices.Contains(anchors(text), anchor) {
				faults = append(faults, fmt.Sprintf("%s:%d: there is no heading #%s", p.path, number, anchor))
			}
		}
	})
	return faults
}

// anchors returns the anchors of the headings, as GitHub makes them.
func anchors(text string) (all []string) {
	prose(text, func(_ int, line string) {
		if match := heading.FindStringSubmatch(line); match != nil {
			all = append(all, strings.Map(func(r rune) rune {
				switch {
				case r == ' ':
					return '-'
				case r == '-' || r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r > 127:
					return r
				}
				return -1
			}, strings.ToLower(match[1])))
		}
	})
	return all
}

// missingFiles returns the paths in `code` that begin with one of the top folders
// and lead to nothing. A path may have a pattern, and arguments after it.
func missingFiles(p page) (faults []string) {
	prose(p.text, func(number int, line string) {
		for _, match := range span.FindAllStringSubmatch(line, -1) {
			name, _, _ := strings.Cut(match[1], " ")
			top, _, _ := strings.Cut(name, "/")
			if info, err := os.Stat(filepath.Join("..", top)); !plain.MatchString(name) || err != nil ||
				!info.IsDir() {
				continue
			}
			if found, err := filepath.Glob(filepath.Join("..", name)); err != nil || len(found) == 0 {
				faults = append(faults, fmt.Sprintf("%s:%d: there is no %s", p.path, number, name))
			}
		}
	})
	return faults
}
