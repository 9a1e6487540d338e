package static

import (
	"io/fs"
	"path"
	"regexp"
	"strings"
	"testing"
)

// TestFilesAreServable holds that only what a browser needs is embedded.
func TestFilesAreServable(t *testing.T) {
	kinds := map[string]bool{
		".html": true, ".webmanifest": true, ".css": true, ".svg": true, ".png": true, ".js": true, ".json": true,
	}
	count := 0
	err := fs.WalkDir(Files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		count++
		if !kinds[path.Ext(name)] || strings.Contains(name, ".test.") || strings.Contains(name, ".d.ts") {
			t.Errorf("%s is embedded, but no browser asks for it", name)
		}
		return nil
	})
	if err != nil {
		t.Fatalf("walk the page: %v", err)
	}
	if count < 30 {
		t.Errorf("%d files: most of the page is missing", count)
	}
}

// TestReferencesExist follows what the page and its modules ask for.
func TestReferencesExist(t *testing.T) {
	for _, file := range []struct{ name, pattern string }{
		{"index.html", `(?:href|src|og:image" content)="([^"#]+)"`},
		{"admin.html", `(?:href|src)="([^"#]+)"`},
		{"cluster.html", `(?:href|src)="([^"#]+)"`},
		{"404.html", `(?:href|src)="/([^"#]+)"`},
		{"manifest.webmanifest", `"src": "([^"]+)"`},
		{"js/main.js", `from '([^']+)'`},
		{"js/admin/main.js", `from '([^']+)'`},
		{"js/cluster/main.js", `from '([^']+)'`},
	} {
		content, err := fs.ReadFile(Files, file.name)
		if err != nil {
			t.Fatalf("read the page: %v", err)
		}
		found := regexp.MustCompile(file.pattern).FindAllStringSubmatch(string(content), -1)
		if len(found) == 0 {
			t.Errorf("%s refers to nothing: is the pattern right?", file.name)
		}
		for _, match := range found {
			if match[1] == "config.json" || strings.HasPrefix(match[1], "/api/") {
				continue // the server makes it
			}
			if _, err := fs.Stat(Files, path.Join(path.Dir(file.name), match[1])); err != nil {
				t.Errorf("%s refers to %s, which is not embedded", file.name, match[1])
			}
		}
	}
}
