package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"livechat/server/chat"
	"livechat/server/config"
	"livechat/server/files"
	"livechat/server/store"
)

func TestTransfer(t *testing.T) {
	dir := t.TempDir()
	from, to := "sqlite:"+filepath.Join(dir, "from.db"), "sqlite:"+filepath.Join(dir, "to.db")
	s, err := store.Open(t.Context(), from)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.CreateUser(t.Context(), "ann", "ann", "hash"); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	move := func(command, url, in string) (string, string) {
		t.Helper()
		var out, log bytes.Buffer
		std := streams{strings.NewReader(in), &out, &log}
		cfg := config.Config{Database: config.Database{URL: url}}
		if err := transfer(t.Context(), command, cfg, std); err != nil {
			t.Fatal(err)
		}
		return out.String(), log.String()
	}
	first, log := move("export", from, "")
	if !strings.Contains(first, `"ann"`) ||
		!strings.Contains(log, "export complete: 1 account, 0 chats, 0 private messages, 0 room messages") {
		t.Errorf("export: %s, log %s", first, log)
	}
	if out, log := move("import", to, first); out != "" ||
		!strings.Contains(log, "import complete: 1 account, 0 chats,") {
		t.Errorf("import: %s, log %s", out, log)
	}
	if again, _ := move("export", to, ""); again != first {
		t.Errorf("got %s, want %s", again, first)
	}
}

// /dev/null is a character device, as a terminal is.
func TestImportFromTerminalSaysThatItReads(t *testing.T) {
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	var log bytes.Buffer
	url := "sqlite:" + filepath.Join(t.TempDir(), "to.db")
	if err := transfer(t.Context(), "import", config.Config{Database: config.Database{URL: url}},
		streams{null, &log, &log}); err == nil {
		t.Error("an empty input was imported")
	}
	if !strings.Contains(log.String(), "import reads standard input") {
		t.Errorf("log %q", &log)
	}
}

func TestTransferRefuses(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, c := range []struct{ command, url, want string }{
		{"export", "sqlite:none.db", "no such file"},
		{"export", "", "livechat.db: no such file"}, // the default
		{"export", config.SQLiteMemory, "lost when its process ends"},
		{"import", config.SQLiteMemory, "lost when its process ends"},
		{"import", "sqlite:new.db", "line 1"},
		{"import", "mysql://u:sesame@h/db", "open the database"},
	} {
		var out, log bytes.Buffer
		err := transfer(
			t.Context(),
			c.command,
			config.Config{Database: config.Database{URL: c.url}},
			streams{strings.NewReader(""), &out, &log},
		)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "sesame") {
			t.Errorf("%s with %q: %v, want %s", c.command, c.url, err, c.want)
		}
		if out.Len()+log.Len() > 0 {
			t.Errorf("%s with %q says %s%s", c.command, c.url, &out, &log)
		}
	}
	for _, name := range []string{"none.db", "livechat.db"} {
		if _, err := os.Stat(name); !os.IsNotExist(err) {
			t.Errorf("an export has made %s: %v", name, err)
		}
	}
}

// TestTransferOfFiles moves a file with its bytes, and then loses them.
func TestTransferOfFiles(t *testing.T) {
	dir := t.TempDir()
	place := func(name string) config.Config {
		return config.Config{
			Database: config.Database{URL: "sqlite:" + filepath.Join(dir, name, "livechat.db")},
			Files:    config.Files{URL: config.FilesFolder},
		}
	}
	from, to := place("from"), place("to")
	for _, name := range []string{"from", "to"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	s, err := store.Open(t.Context(), from.Database.URL)
	if err != nil {
		t.Fatal(err)
	}
	blobs, err := openFiles(t.Context(), from)
	if err != nil {
		t.Fatal(err)
	}
	service := files.New(files.Options{Store: s, Blobs: blobs, MaxFile: 100})
	f, _, err := service.Store(t.Context(), files.Upload{Name: "a.txt", Size: 5}, strings.NewReader("hello"))
	if err == nil {
		_, err = s.ClaimFiles(t.Context(), chat.Claim{Room: "r", Message: chat.ExampleUUID, Author: "g",
			Files: []chat.FileRef{{ID: f.ID}}}, time.Now())
	}
	if err := errors.Join(err, blobs.Close(), s.Close()); err != nil {
		t.Fatal(err)
	}
	var out, log, checked bytes.Buffer
	if err := transfer(t.Context(), "export", from, streams{strings.NewReader(""), &out, &log}); err != nil {
		t.Fatal(err)
	}
	if err := transfer(t.Context(), "import", to, streams{&out, &checked, &log}); err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(log.String(), "1 file\n") {
		t.Errorf("log %q", &log)
	}
	path := filepath.Join(dir, "to", "livechat-files", f.ID[:2], f.ID)
	if content, err := os.ReadFile(path); err != nil || string(content) != "hello" {
		t.Errorf("imported %q, %v", content, err)
	}
	if err := checkFiles(t.Context(), to, false, streams{nil, &checked, &log}); err != nil {
		t.Error(err)
	}
	if err := os.WriteFile(path, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := checkFiles(t.Context(), to, false, streams{nil, &checked, &log}); !errors.Is(err, errFiles) ||
		!strings.Contains(checked.String(), "without bytes 1") {
		t.Errorf("a broken file: %v, %s", err, &checked)
	}
}
