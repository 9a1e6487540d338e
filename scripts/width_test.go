package scripts_test

import (
	"cmp"
	"fmt"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"livechat/internal/need"
)

const (
	// widest is the width of a line of code, in bytes, as awk counts them.
	widest = 110
	// mostWide is the share of wider lines in the tree: frames, addresses and
	// patterns cannot be broken.
	mostWide = 0.005
)

// codeFiles are the extensions of the files whose lines are measured.
var codeFiles = []string{".go", ".js", ".mjs", ".ts", ".css", ".html", ".lua", ".sh", ".yml", ".yaml", ".cfg"}

func TestWidthOfCode(t *testing.T) {
	lines, wide := 0, map[string]int{}
	for path, text := range files(t) {
		if !slices.Contains(codeFiles, filepath.Ext(path)) {
			continue
		}
		for line := range strings.Lines(text) {
			lines++
			if len(strings.TrimSuffix(line, "\n")) > widest {
				wide[path]++
			}
		}
	}
	if lines == 0 {
		t.Fatal("no code was found")
	}
	if fault := tooWide(wide, lines); fault != "" {
		t.Error(fault)
	}
}

func TestWideLinesAreFound(t *testing.T) {
	wide := map[string]int{"a.go": 3, "b.js": 4}
	if fault := tooWide(wide, 1400); fault != "" {
		t.Errorf("7 of 1400: %s", fault)
	}
	want := "7 of 1399 lines are over 110 bytes, want 0.5 % at most; most of them in:\n4 b.js\n3 a.go"
	if fault := tooWide(wide, 1399); fault != want {
		t.Errorf("7 of 1399: %q, want %q", fault, want)
	}
}

// tooWide returns what is wrong if more of the lines than allowed are wide, with
// the ten files that have most of them.
func tooWide(wide map[string]int, lines int) string {
	total, paths := 0, []string{}
	for path, n := range wide {
		total += n
		paths = append(paths, path)
	}
	if float64(total) <= mostWide*float64(lines) {
		return ""
	}
	slices.SortFunc(paths, func(a, b string) int {
		return cmp.Or(cmp.Compare(wide[b], wide[a]), cmp.Compare(a, b))
	})
	var worst strings.Builder
	for _, path := range paths[:min(len(paths), 10)] {
		fmt.Fprintf(&worst, "\n%d %s", wide[path], path)
	}
	return fmt.Sprintf("%d of %d lines are over %d bytes, want %.1f %% at most; most of them in:%s",
		total, lines, widest, 100*mostWide, worst.String())
}

// files returns the path and the text of each file that git knows.
func files(t *testing.T) iter.Seq2[string, string] {
	t.Helper()
	git := exec.Command(need.Program(t, "git"), "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	git.Dir = ".."
	list, err := git.Output()
	if err != nil {
		t.Skipf("not a checkout: %v", err)
	}
	return func(yield func(path, text string) bool) {
		for path := range strings.SplitSeq(strings.TrimSuffix(string(list), "\x00"), "\x00") {
			text, err := os.ReadFile(filepath.Join("..", path))
			if os.IsNotExist(err) {
				continue // deleted, and not committed yet
			}
			if err != nil {
				t.Fatal(err)
			}
			if !yield(path, string(text)) {
				return
			}
		}
	}
}
