package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"livechat/server/config"
)

func TestFirstScreen(t *testing.T) {
	t.Chdir(t.TempDir())
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		environ map[string]string
		addr    string
		want    []string
		not     string
	}{
		{nil, "[::]:8080", []string{
			"page       http://localhost:8080\n",
			"database   " + filepath.Join(dir, "livechat.db") + "\n",
			"standalone: embedded Redis, SQLite archive in livechat.db; only the archive survives a restart\n",
		}, ""},
		{map[string]string{"DATABASE_URL": "sqlite::memory:"}, "127.0.0.1:81", []string{
			"http://localhost:81\n", "in memory, lost", "nothing survives a restart",
		}, "only the archive"},
		{
			map[string]string{
				"REDIS_URL": "redis://rds", "ROLE": "api",
				"DATABASE_URL": "postgres://ann:sesame@db/x?password=sesame",
			},
			"192.0.2.1:8080",
			[]string{"API        http://192.0.2.1:8080/api/v1/docs/", "database   postgres://db/x\n"},
			"sesame",
		},
		{map[string]string{"REDIS_URL": "redis://rds", "ROLE": "ws"}, "[2001:db8::1]:80",
			[]string{"page       http://[2001:db8::1]:80\n"}, "database"},
		{map[string]string{"ROLE": "ws"}, ":80", []string{"nothing survives"}, "database  "},
		{
			map[string]string{"DATABASE_URL": "postgres://db/x"}, ":80", []string{"archive in PostgreSQL; only"},
			"SQLite",
		},
	} {
		cfg, err := config.Load(c.environ)
		if err != nil {
			t.Fatal(err)
		}
		got := firstScreen(cfg, c.addr)
		for _, want := range c.want {
			if !strings.Contains(got, want) {
				t.Errorf("%v lacks %q:\n%s", c.environ, want, got)
			}
		}
		if c.not != "" && strings.Contains(got, c.not) {
			t.Errorf("%v says %q:\n%s", c.environ, c.not, got)
		}
	}
}
