package store_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"livechat/internal/testpg"
	"livechat/server/store"
)

// openAtOnce: servers that start together on an empty database all get a
// complete one.
func openAtOnce(t *testing.T, url string) {
	const servers = 5
	var wg sync.WaitGroup
	stores := make([]*store.Store, servers)
	for i := range servers {
		wg.Go(func() {
			var err error
			if stores[i], err = store.Open(t.Context(), url); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	taken := 0
	for _, s := range stores {
		if s == nil {
			continue
		}
		if _, err := s.CreateUser(t.Context(), "ann", "~ann", "x"); err != nil {
			wantErr(t, "CreateUser", err, store.ErrTaken)
			taken++
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	same(t, "who found ann there", taken, servers-1)
}

// updateAtOnce: the same with a database of the previous version.
func updateAtOnce(t *testing.T, url string) {
	if err := open(t, url).Undo(t.Context()); err != nil {
		t.Fatal(err)
	}
	openAtOnce(t, url)
}

func TestOpenAtOnceSQLite(t *testing.T) {
	t.Parallel()
	openAtOnce(t, "sqlite:"+filepath.Join(t.TempDir(), "new.db"))
	updateAtOnce(t, "sqlite:"+filepath.Join(t.TempDir(), "old.db"))
}

func TestOpenAtOncePostgres(t *testing.T) {
	t.Parallel()
	server := testpg.New(t)
	openAtOnce(t, server.Database())
	updateAtOnce(t, server.Database())
}

// TestUndo rolls back all migrations and applies them again.
func TestUndo(t *testing.T) {
	t.Parallel()
	server := testpg.New(t)
	for _, url := range []string{"sqlite::memory:", server.Database()} {
		s := open(t, url)
		undone := 0
		for s.Undo(t.Context()) == nil {
			undone++
		}
		if _, err := s.CreateUser(t.Context(), "ann", "~ann", "x"); err == nil || undone < 2 {
			t.Errorf("%s: %d migrations undone, then %v", s.Dialect(), undone, err)
		}
		if url != "sqlite::memory:" {
			newWorld(t, url)
		}
	}
}

func TestOpenAgain(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "50% of a #live chat?.db")
	url := "sqlite:" + path
	w := newWorld(t, url)
	files, err := filepath.Glob(filepath.Dir(path) + "/*")
	w.must(err)
	if !slices.Contains(files, path) || len(files) < 2 { // SQLite's log is beside it
		t.Errorf("files: %q", files)
	}
	for _, file := range files {
		info, err := os.Stat(file)
		w.must(err)
		same(t, "rights of "+file, info.Mode(), 0o600)
	}
	w.say(w.ann, w.chat, "kept")
	again := open(t, url)
	all, err := again.Messages(t.Context(), w.chat, w.bob.ID, 0, 0, 10)
	w.must(err)
	same(t, "messages", len(all), 1)
	same(t, "dialect", again.Dialect(), "sqlite")
	w.must(again.Ping(t.Context()))
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	for _, url := range []string{
		"", "sqlite:", "mysql://u:sesame@h/db", "postgres://u:sesame@[::1/db",
		"postgres://u:sesame@h:port/db",
		"postgres://u:sesame@/db?host=/nowhere&connect_timeout=1", "sqlite:/nowhere/at/all.db",
	} {
		s, err := store.Open(t.Context(), url)
		if err == nil {
			_ = s.Close()
			t.Errorf("%q was opened", url)
			continue
		}
		if strings.Contains(err.Error(), "sesame") {
			t.Errorf("the error shows the password: %v", err)
		}
	}
}

// TestPostgresCrash: after an outage of the database, the Store works again.
func TestPostgresCrash(t *testing.T) {
	t.Parallel()
	server := testpg.New(t)
	w := newWorld(t, server.Database())
	w.say(w.ann, w.chat, "before")
	server.Kill()
	if err := w.Ping(t.Context()); err == nil {
		t.Error("a dead database answers")
	}
	if _, _, err := w.AddMessage(t.Context(),
		store.Message{ID: id(), Chat: w.chat, Author: w.ann.ID, Text: "lost", At: w.now()}); err == nil {
		t.Error("a dead database stores")
	}
	server.Start()
	w.must(w.Ping(t.Context()))
	same(t, "dialect", w.Dialect(), "postgres")
	same(t, "n", w.say(w.ann, w.chat, "after").N, 2)
}
