package store_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"livechat/internal/testpg"
	"livechat/server/store"
)

func testLogPages(t *testing.T, w *world) {
	ctx := t.Context()
	a := w.roomMessages("livechat", epochA, 1, 10)
	w.archive(slices.Delete(a, 5, 6)) // 6 is missing
	w.archive(w.roomMessages("livechat", epochB, 1, 20))
	w.archive(w.roomMessages("go", epochA, 1, 20))
	for _, c := range []struct {
		after, before int64
		limit         int
		want          []int64
	}{
		{0, 11, 100, []int64{1, 2, 3, 4, 5, 7, 8, 9, 10}},
		{0, 1 << 60, 3, []int64{1, 2, 3}},
		{4, 9, 100, []int64{5, 7, 8}},
		{5, 7, 100, nil},
		{10, 11, 100, nil},
		{9, 3, 100, nil},
	} {
		page, err := w.LogPage(ctx, "livechat", epochA, c.after, c.before, c.limit)
		w.must(err)
		var seqs []int64
		for _, m := range page {
			seqs = append(seqs, m.Seq)
			if m.Room != "livechat" || m.Epoch != epochA || m.Name != "Zoë" || m.App != "APP1" ||
				m.Session != "s1" || m.Author != "@zoe" {
				t.Errorf("got %+v", m)
			}
		}
		if !slices.Equal(seqs, c.want) {
			t.Errorf("after %d, before %d, limit %d: %v, want %v", c.after, c.before, c.limit, seqs, c.want)
		}
		n, err := w.CountLog(ctx, "livechat", epochA, c.after, c.before)
		w.must(err)
		if c.limit == 100 {
			same(t, "count", n, int64(len(c.want)))
		}
	}
}

// toRead checks that OpenToRead reads a database that others create and fill
// after it was opened.
func toRead(t *testing.T, url string) {
	s, err := store.OpenToRead(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if _, err := s.LogPage(t.Context(), "livechat", epochA, 0, 100, 10); err == nil {
		t.Error("read a page of a database without tables")
	}
	w := newWorld(t, url)
	w.archive(w.roomMessages("livechat", epochA, 1, 3))
	page, err := s.LogPage(t.Context(), "livechat", epochA, 0, 100, 10)
	w.must(err)
	same(t, "messages", len(page), 3)
}

func TestOpenToRead(t *testing.T) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		toRead(t, "sqlite:"+filepath.Join(t.TempDir(), "livechat.db"))
	})
	t.Run("sqlite that is not there", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "livechat.db")
		s, err := store.OpenToRead("sqlite:" + path)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		if _, err := s.LogPage(t.Context(), "livechat", epochA, 0, 100, 10); err == nil {
			t.Error("read a page of a missing database")
		}
		if _, err := os.Stat(path); !os.IsNotExist(err) {
			t.Errorf("the file was created: %v", err)
		}
	})
	t.Run("sqlite in memory", func(t *testing.T) {
		if s, err := store.OpenToRead("sqlite::memory:"); err == nil {
			_ = s.Close()
			t.Error("opened a database in memory")
		}
	})
	t.Run("bad url", func(t *testing.T) {
		for _, url := range []string{"mysql://x", "sqlite:", ""} {
			if s, err := store.OpenToRead(url); err == nil {
				_ = s.Close()
				t.Errorf("%q was opened", url)
			}
		}
	})
	t.Run("postgres", func(t *testing.T) {
		server := testpg.New(t)
		url := server.Database()
		toRead(t, url)
		s, err := store.OpenToRead(url)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		count := func() error {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			_, err := s.CountLog(ctx, "livechat", epochA, 0, 100)
			return err
		}
		server.Kill()
		if err := count(); err == nil {
			t.Error("counted without a database")
		}
		server.Start()
		if err := count(); err != nil {
			t.Errorf("when the database is back: %v", err)
		}
	})
}
