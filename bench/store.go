package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"livechat/internal/localcluster"
)

// storeTimes is how often each query runs.
const storeTimes = 300

// store fills databases with a million messages and runs the most frequent
// queries. It runs a benchmark of package store, where SQL lives, and arranges
// its figures in a table.
func (b *bench) store(ctx context.Context) error {
	root, err := localcluster.Root()
	if err != nil {
		return err
	}
	run := exec.CommandContext(ctx, "go", "test", "./server/store", "-run", "^$", "-bench",
		"^BenchmarkMillion$", "-benchtime", fmt.Sprint(storeTimes, "x"), "-timeout", "5m")
	run.Dir, run.Stderr = root, os.Stderr
	out, err := run.Output()
	if err != nil {
		return fmt.Errorf("run the benchmark: %w\n%s", err, out)
	}
	b.row("median and 99 %, ms", "", "found", "a million messages", "", "none", "")
	found := map[string]map[string]string{} // by line of the table, then by column
	var lines []string
	for scan := bufio.NewScanner(strings.NewReader(string(out))); scan.Scan(); {
		what, figures, ok := readBenchmark(scan.Text())
		if !ok {
			continue
		}
		line, size, _ := cutLast(what, "/")
		if found[line] == nil {
			found[line] = map[string]string{}
			lines = append(lines, line)
		}
		for name, value := range figures {
			found[line][size+" "+name] = value
		}
	}
	if len(lines) == 0 {
		return fmt.Errorf("the benchmark did not run:\n%s", out)
	}
	for _, line := range lines {
		db, question, _ := strings.Cut(line, "/")
		f := found[line]
		b.row(db, question, f["full found"], f["full median-ms"], f["full 99%-ms"], f["empty median-ms"],
			f["empty 99%-ms"])
	}
	return nil
}

// readBenchmark parses a line of `go test -bench`: the benchmark's name and its
// figures by unit.
func readBenchmark(line string) (what string, figures map[string]string, ok bool) {
	fields := strings.Fields(line)
	if len(fields) < 4 || len(fields)%2 != 0 || !strings.HasPrefix(fields[0], "BenchmarkMillion/") {
		return "", nil, false
	}
	// drops the number of processors
	what, _, _ = cutLast(strings.TrimPrefix(fields[0], "BenchmarkMillion/"), "-")
	figures = map[string]string{}
	for i := 2; i < len(fields); i += 2 {
		figures[fields[i+1]] = fields[i]
	}
	return strings.ReplaceAll(what, "_", " "), figures, true
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}
