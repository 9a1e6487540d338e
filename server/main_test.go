package main

import (
	"bytes"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"livechat/server/config"
)

func TestUnknownArguments(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, args := range [][]string{
		{"exprot"}, {"export", "file"}, {"import", "export"}, {"healthcheck", "now"}, {"page"},
		{"page", "a", "b"}, {"-v"}, {"admin"}, {"admin", "users"}, {"admin", "files"},
	} {
		if err := run(args); err == nil || !strings.Contains(err.Error(), "livechat help lists the commands") {
			t.Errorf("%q: %v", args, err)
		}
	}
	t.Setenv("DATABASE_URL", config.SQLiteMemory)
	if err := run([]string{"export"}); err == nil ||
		!strings.Contains(err.Error(), "lost when its process ends") {
		t.Errorf("export: %v", err)
	}
}

// The page is written without any settings; nginx's image is made so.
func TestWritesThePage(t *testing.T) {
	t.Setenv("ADDR", "nonsense")
	dir := filepath.Join(t.TempDir(), "page")
	if err := run([]string{"page", dir}); err != nil {
		t.Fatal(err)
	}
	html, err := os.ReadFile(filepath.Join(dir, "index.html"))
	if err != nil || !strings.Contains(string(html), `src="v/`) {
		t.Errorf("index.html is not bundled: %v\n%.300s", err, html)
	}
}

// Help and version need no settings, so bad ones are no obstacle.
func TestHelpAndVersion(t *testing.T) {
	t.Setenv("ADDR", "nonsense")
	for _, args := range [][]string{{"help"}, {"-h"}, {"--help"}, {"export", "-h"}} {
		text := output(t, args)
		for _, want := range []string{"livechat import ", "  ADDR  ", "(:8080)", "  LOG_FORMAT  "} {
			if !strings.Contains(text, want) {
				t.Errorf("%q lacks %q:\n%s", args, want, text)
			}
		}
		for line := range strings.Lines(text) {
			if len(line) > 100 {
				t.Errorf("%q has a line of %d columns: %s", args, len(line), line)
			}
		}
	}
	for _, args := range [][]string{{"version"}, {"--version"}} {
		if got := output(t, args); got != buildVersion()+"\n" {
			t.Errorf("%q printed %q", args, got)
		}
	}
}

// output runs a command and returns what it writes to standard output.
func output(t *testing.T, args []string) string {
	t.Helper()
	file, err := os.CreateTemp(t.TempDir(), "out")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	stdout := os.Stdout
	os.Stdout = file
	defer func() { os.Stdout = stdout }()
	if err := run(args); err != nil {
		t.Errorf("%q: %v", args, err)
	}
	text, err := os.ReadFile(file.Name())
	if err != nil {
		t.Fatal(err)
	}
	return string(bytes.TrimLeft(text, "\n"))
}

func TestTakenPortSaysWhatToSet(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	t.Chdir(t.TempDir())
	t.Setenv("ADDR", taken.Addr().String())
	t.Setenv("METRICS_ADDR", "off")
	t.Setenv("DATABASE_URL", config.SQLiteMemory)
	err = run(nil)
	if err == nil || !strings.HasPrefix(err.Error(), "ADDR="+taken.Addr().String()+": listen tcp ") ||
		!strings.Contains(err.Error(), "set ADDR=:") || strings.Contains(err.Error(), "listen: listen") {
		t.Errorf("got %v", err)
	}
}
