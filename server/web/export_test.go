package web

import (
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"livechat/static"
)

// The files written for another web server are those that this one sends.
func TestWritePage(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "page")
	if err := WritePage(static.Files, dir); err != nil {
		t.Fatal(err)
	}
	site := newSite(t, func(d *Deps) { d.Static = static.Files })
	files, zipped, versioned := 0, 0, 0
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		body, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		path := filepath.ToSlash(strings.TrimPrefix(name, dir))
		if path, isZipped := strings.CutSuffix(path, ".gz"); isZipped {
			zipped++
			if want := ask(site, "GET", path, "Accept-Encoding: gzip"); !bytes.Equal(body, want.Body.Bytes()) {
				t.Errorf("%s.gz is not what this server sends", path)
			}
			if r, err := gzip.NewReader(bytes.NewReader(body)); err != nil {
				t.Errorf("%s.gz: %v", path, err)
			} else if _, err := io.Copy(io.Discard, r); err != nil {
				t.Errorf("%s.gz: %v", path, err)
			}
			return nil
		}
		files++
		want := ask(site, "GET", path)
		if want.Code != http.StatusOK || !bytes.Equal(body, want.Body.Bytes()) {
			t.Errorf("%s is not what this server sends, with %d", path, want.Code)
		}
		if strings.HasPrefix(path, "/v/") {
			versioned++
			_, name, _ := strings.Cut(strings.TrimPrefix(path, "/v/"), "/")
			if current, err := os.ReadFile(filepath.Join(dir, "v", "current", name)); err != nil ||
				!bytes.Equal(current, body) {
				t.Errorf("v/current/%s is not %s: %v", name, path, err)
			}
		}
		return nil
	})
	if err != nil || files < 100 || zipped < 80 || versioned < 8 {
		t.Errorf("%d files, %d compressed, %d bundled: %v", files, zipped, versioned, err)
	}
	if err := WritePage(static.Files, dir); err == nil {
		t.Error("written over another page")
	}
}
