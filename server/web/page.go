package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"time"

	"livechat/server/chat"
	"livechat/server/wire"
)

// page is the static files by their URL path, ready to be sent.
type page map[string]file

type file struct {
	body        []byte
	contentType string
	etag        string
}

// contentTypes is a table of our own, because mime.TypeByExtension answers what the machine's files say.
var contentTypes = map[string]string{
	".css":         "text/css; charset=utf-8",
	".html":        "text/html; charset=utf-8",
	".ico":         "image/x-icon",
	".js":          "text/javascript; charset=utf-8",
	".json":        "application/json",
	".mjs":         "text/javascript; charset=utf-8",
	".png":         "image/png",
	".svg":         "image/svg+xml",
	".txt":         "text/plain; charset=utf-8",
	".webmanifest": "application/manifest+json",
	".woff2":       "font/woff2",
}

// loadPage reads all files. Their ETags are hashes of the content, computed here once, so that servers with the same page agree
// and a browser that is sent to another server keeps its copy.
func loadPage(files fs.FS) (page, error) {
	p := page{}
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		body, err := fs.ReadFile(files, name)
		if err != nil {
			return fmt.Errorf("read: %w", err)
		}
		contentType, ok := contentTypes[path.Ext(name)]
		if !ok {
			contentType = "application/octet-stream"
		}
		hash := sha256.Sum256(body)
		p["/"+name] = file{body: body, contentType: contentType, etag: `"` + hex.EncodeToString(hash[:16]) + `"`}
		return nil
	})
	if err != nil {
		return nil, err
	}
	index, ok := p["/index.html"]
	if !ok {
		return nil, errors.New("there is no index.html")
	}
	p["/"] = index
	return p, nil
}

// ServeHTTP sends a file; a browser that has it already gets 304. Everything may be kept but must be asked about each time
// (no-cache), so that a page never runs with the scripts of another version for long.
func (p page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f, ok := p[r.URL.Path]
	if !ok {
		wire.WriteProblem(w, chat.Errorf(chat.CodeNotFound, "there is nothing here"))
		return
	}
	h := w.Header()
	h.Set("Content-Type", f.contentType)
	h.Set("Cache-Control", "no-cache")
	h.Set("ETag", f.etag)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(f.body))
}
