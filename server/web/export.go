package web

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// WritePage writes the page as the server sends it, bundled, into dir, for
// another web server to serve. Beside each file that gets smaller is name.gz.
// v/current leads to the folder of this version: that web server answers a path
// of another version with it, as this one does. Files that are in dir already
// stay, so dir must be new or empty.
func WritePage(files fs.FS, dir string) error {
	p, err := loadPage(files)
	if err != nil {
		return err
	}
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		return fmt.Errorf("%s is not empty", dir)
	}
	for path, f := range p.files {
		if path == "/" { // index.html
			continue
		}
		name := filepath.Join(dir, filepath.FromSlash(path))
		// Readable for the web server, whoever it runs as.
		err := os.MkdirAll(filepath.Dir(name), 0o755) //nolint:gosec // see above
		if gzipped := f.gzipped(); err == nil && gzipped != nil {
			err = os.WriteFile(name+".gz", gzipped, 0o644) //nolint:gosec // see above
		}
		if err = errors.Join(err, os.WriteFile(name, f.body, 0o644)); err != nil { //nolint:gosec // see above
			return fmt.Errorf("write the page: %w", err)
		}
	}
	version := strings.TrimPrefix(strings.TrimSuffix(p.prefix, "/"), "/v/")
	if err := os.Symlink(version, filepath.Join(dir, "v", "current")); err != nil {
		return fmt.Errorf("write the page: %w", err)
	}
	return nil
}
