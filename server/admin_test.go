package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"livechat/server/account"
	"livechat/server/admin"
	"livechat/server/config"
	"livechat/server/store"
)

// The commands find the database as a server does, and say what is wrong with
// one that they cannot use. They make no file.
func TestAdminCommands(t *testing.T) {
	t.Chdir(t.TempDir())
	s, err := store.Open(t.Context(), config.SQLiteFile)
	if err != nil {
		t.Fatal(err)
	}
	accounts := account.New(account.Options{Store: s})
	if _, err := accounts.Register(t.Context(), "ann", "a good long one", ""); err != nil {
		t.Fatal(err)
	}
	// The server goes on meanwhile: s stays open.
	password := strings.TrimSpace(output(t, []string{"admin", "user", "passwd", "Ann"}))
	if _, _, err := accounts.Login(t.Context(), "ann", password, ""); err != nil {
		t.Errorf("log in with %q: %v", password, err)
	}
	var line struct{ Name, Role string }
	_ = output(t, []string{"admin", "user", "role", "ann", "admin"})
	text := output(t, []string{"admin", "user", "list", "-json"})
	if err := json.Unmarshal([]byte(text), &line); err != nil || line.Name != "ann" || line.Role != "admin" {
		t.Errorf("list: %s, %v", text, err)
	}
	if text := output(t, []string{"admin", "audit"}); strings.Count(text, "\n") != 3 {
		t.Errorf("audit: %s", text)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestAdminRefuses(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, c := range []struct {
		url, want string
		args      []string
	}{
		{"", "admin user list: find the database of DATABASE_URL (it is not set, so it is sqlite:livechat.db " +
			"in this folder): stat livechat.db: no such file", []string{"user", "list"}},
		{"sqlite:none.db", "admin audit: find the database of DATABASE_URL: stat none.db", []string{"audit"}},
		{config.SQLiteMemory, "lost when its process ends", []string{"audit"}},
		{"", "admin files check: find the database of DATABASE_URL", []string{"files", "check"}},
		{"nonsense", "DATABASE_URL=nonsense: want a URL", []string{"user", "list"}},
		{"", `unknown role "king": want admin or none`, []string{"user", "role", "ann", "king"}},
		{"", "unknown command: admin user make; there are: admin audit, admin ban add, ",
			[]string{"user", "make", "ann"}},
	} {
		t.Setenv("DATABASE_URL", c.url)
		if err := run(append([]string{"admin"}, c.args...)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q with %q: %v, want %s", c.args, c.url, err, c.want)
		}
	}
	if files, err := filepath.Glob("*"); err != nil || len(files) > 0 {
		t.Errorf("commands have made %q, %v", files, err)
	}
}

// Messages for the operator stay out of the output that programs read.
func TestAdministerSeparatesItsStreams(t *testing.T) {
	url := "sqlite:" + filepath.Join(t.TempDir(), "livechat.db")
	s, err := store.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.CreateUser(t.Context(), "ann", "ann", "hash")
	if err := errors.Join(err, s.Close()); err != nil {
		t.Fatal(err)
	}
	c, err := admin.Parse([]string{"user", "passwd", "ann"})
	if err != nil {
		t.Fatal(err)
	}
	var out, log bytes.Buffer
	cfg := config.Config{Database: config.Database{URL: url}}
	if err := administer(t.Context(), cfg, c, streams{os.Stdin, &out, &log}); err != nil {
		t.Fatal(err)
	}
	password := strings.TrimSpace(out.String())
	if strings.Count(out.String(), "\n") != 1 || strings.Contains(log.String(), password) ||
		!strings.Contains(log.String(), "new password of ann") {
		t.Errorf("out %q, log %q", &out, &log)
	}
}
