package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"regexp"
	"strings"
	"sync"
	"time"

	"livechat/server/chat"
	"livechat/server/wire"
)

// page holds the static files, ready to be sent.
type page struct {
	files  map[string]file // by URL path
	prefix string          // "/v/HASH/": the path of the bundled files
}

type file struct {
	body        []byte
	gzipped     func() []byte // nil if there is nothing to gain; compressed at the first call
	contentType string
	etag        string // without quotes
}

// contentTypes is our own table, because mime.TypeByExtension depends on files
// of the machine.
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

// loadPage reads and bundles all files. ETags are content hashes. So servers
// with the same page agree on them, and a browser that is routed to another
// server keeps its copy.
func loadPage(files fs.FS) (page, error) {
	bodies := map[string][]byte{}
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		body, err := fs.ReadFile(files, name)
		if err != nil {
			return fmt.Errorf("read: %w", err)
		}
		bodies[name] = body
		return nil
	})
	if err != nil {
		return page{}, err
	}
	prefix, err := bundle(bodies)
	if err != nil {
		return page{}, fmt.Errorf("bundle: %w", err)
	}
	p := page{files: map[string]file{}, prefix: "/" + prefix}
	for name, body := range bodies {
		contentType, ok := contentTypes[path.Ext(name)]
		if !ok {
			contentType = "application/octet-stream"
		}
		hash := sha256.Sum256(body)
		p.files["/"+name] = file{
			body:        body,
			gzipped:     sync.OnceValue(func() []byte { return compress(body) }),
			contentType: contentType,
			etag:        hex.EncodeToString(hash[:16]),
		}
	}
	index, ok := p.files["/index.html"]
	if !ok {
		return page{}, errors.New("index.html is missing")
	}
	p.files["/"] = index
	return p, nil
}

// compress returns nil if the result would not be shorter.
func compress(body []byte) []byte {
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // the level is valid
	_, _ = w.Write(body)                                  // a Buffer takes everything
	_ = w.Close()
	if b.Len() >= len(body) {
		return nil
	}
	return b.Bytes()
}

// versioned matches paths of bundled files, of this version or another.
var versioned = regexp.MustCompile(`^/v/[0-9a-f]+/(.+)$`)

// ServeHTTP sends a file, or 304 to a browser that has it. Browsers keep bundled
// files for good: their path has the version. Everything else they may store but
// must revalidate each time (no-cache), so that a page does not run with the
// scripts of another version for long.
//
// While a cluster is updated, a browser with the HTML of one server may ask
// another for a bundled file. It gets the file of that server's version, which
// it must revalidate: better than a page without scripts.
func (p page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f, ok := p.files[r.URL.Path]
	cacheControl := "no-cache"
	if ok && strings.HasPrefix(r.URL.Path, p.prefix) {
		cacheControl = "public, max-age=31536000, immutable"
	}
	if match := versioned.FindStringSubmatch(r.URL.Path); !ok && match != nil {
		f, ok = p.files[p.prefix+match[1]]
	}
	if !ok {
		p.missing(w, r)
		return
	}
	f.send(w, r, http.StatusOK, cacheControl)
}

// missing answers 404: with a page for somebody who followed a link or mistyped,
// with a problem for programs and scripts.
func (p page) missing(w http.ResponseWriter, r *http.Request) {
	f, ok := p.files["/404.html"]
	if !ok || !strings.Contains(r.Header.Get("Accept"), "text/html") {
		wire.WriteProblem(w, chat.Errorf(chat.CodeNotFound, "not found"))
		return
	}
	f.send(w, r, http.StatusNotFound, "no-cache")
}

// send answers with the file, or 304 to a browser that has it.
func (f file) send(w http.ResponseWriter, r *http.Request, status int, cacheControl string) {
	h := w.Header()
	h.Set("Content-Type", f.contentType)
	h.Set("Cache-Control", cacheControl)
	body, etag := f.body, f.etag
	if gzipped := f.gzipped(); gzipped != nil {
		h.Set("Vary", "Accept-Encoding")
		if acceptsGzip(r.Header) {
			h.Set("Content-Encoding", "gzip")
			body, etag = gzipped, etag+"-gzip"
		}
	}
	if status == http.StatusOK {
		h.Set("ETag", `"`+etag+`"`)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
		return
	}
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // an error means that the client has gone
	}
}

// acceptsGzip reports whether a request names gzip and does not refuse it.
func acceptsGzip(h http.Header) bool {
	for item := range strings.SplitSeq(strings.Join(h.Values("Accept-Encoding"), ","), ",") {
		coding, weight, _ := strings.Cut(item, ";")
		if strings.EqualFold(strings.TrimSpace(coding), "gzip") {
			_, q, _ := strings.Cut(weight, "=")
			return strings.Trim(q, " 0.") != "" || q == ""
		}
	}
	return false
}
