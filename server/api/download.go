package api

import (
	"context"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"time"

	"livechat/server/blob"
	"livechat/server/chat"
	"livechat/server/files"
	"livechat/server/picture"
)

// Policies of answers that are files. Whatever is in a file, it runs no script
// and belongs to no origin. A browser that opens a picture by itself needs a
// style for it, and one that plays a film has to fetch it: Chromium does not do
// that for a document without an origin. There are no scripts in either.
const (
	filePolicy    = "sandbox; default-src 'none'"
	picturePolicy = "sandbox; default-src 'none'; img-src 'self'; style-src 'unsafe-inline'"
	playerPolicy  = "sandbox allow-same-origin; default-src 'none'; media-src 'self'; " +
		"style-src 'unsafe-inline'"
)

// How long browsers keep a file. Its bytes never change, but membership of a
// private chat does. No cache that people share may keep it, such as that of a
// CDN: it would serve a deleted file for a year.
const (
	cacheForever = "private, max-age=31536000, immutable"
	cacheNever   = cacheControl // revalidated each time
)

// download sends the bytes of a file, or of one of its previews. The name in the
// path is decoration.
func (a *api) download(w http.ResponseWriter, r *http.Request) error {
	id, err := fileID(r)
	if err != nil {
		return err
	}
	size, err := previewSize(r)
	if err != nil {
		return err
	}
	f, err := a.findFile(r, id)
	if err != nil {
		return err
	}
	if !slices.Contains(f.Previews, size) { // a small picture is its own preview
		size = 0
	}
	tag := fileTag(f, size)
	if matches(r.Header.Values("If-None-Match"), tag) {
		a.fileHeaders(w.Header(), f, tag)
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	content, mediaType, err := a.Files.Open(r.Context(), f, size)
	if err != nil {
		return err
	}
	defer content.Close() // it was only read
	sent := &served{ResponseWriter: w, before: w.Header().Clone()}
	a.fileHeaders(w.Header(), f, tag)
	describe(w.Header(), f.Name, mediaType)
	http.ServeContent(sent, r, "", time.Time{}, &outgoing{content, r.Context()})
	return sent.refusal()
}

// previewSize returns the size in the query, or 0 for the file itself.
func previewSize(r *http.Request) (int, error) {
	q, err := parseQuery(r)
	if err != nil {
		return 0, err
	}
	switch q.get("size") {
	case "":
		return 0, nil
	case "320":
		return 320, nil
	case "1280":
		return 1280, nil
	}
	return 0, chat.Errorf(chat.CodeBadRequest,
		"size must be 320 or 1280; without it you get the file itself.")
}

// fileTag returns the ETag of a file or a preview.
func fileTag(f files.Stored, size int) string {
	if size == 0 {
		return `"` + f.Hash + `"`
	}
	return `"` + f.Hash + "-" + strconv.Itoa(size) + `"`
}

// fileHeaders sets the headers that all answers about a file's bytes have.
func (a *api) fileHeaders(h http.Header, f files.Stored, tag string) {
	h.Set("ETag", tag)
	h.Set("Cache-Control", cacheForever)
	if f.Private {
		h.Set("Cache-Control", cacheNever)
		h.Add("Vary", "Cookie")
	}
	// Pages of other sites may show files if they may use the API.
	h.Set("Cross-Origin-Resource-Policy", "same-site")
	if len(a.AllowedOrigins) > 0 {
		h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	}
}

// describe says what the bytes are. Only types that a browser shows without
// running anything keep theirs; everything else is saved.
func describe(h http.Header, name, mediaType string) {
	disposition, policy := "inline", playerPolicy
	switch {
	case !picture.IsInline(mediaType):
		disposition, mediaType, policy = "attachment", "application/octet-stream", filePolicy
	case picture.IsPicture(mediaType):
		policy = picturePolicy
	}
	h.Set("Content-Security-Policy", policy)
	h.Set("Content-Type", mediaType)
	h.Set("Content-Disposition", mime.FormatMediaType(disposition, map[string]string{"filename": name}))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
}

// served is an answer of http.ServeContent. It holds back errors, which would be
// plain text.
type served struct {
	http.ResponseWriter
	before  http.Header // without those of the file
	refused int         // the status of an error; 0: none
}

// Unwrap implements what http.ResponseController looks for.
func (s *served) Unwrap() http.ResponseWriter { return s.ResponseWriter }

// WriteHeader implements http.ResponseWriter.
func (s *served) WriteHeader(status int) {
	if status >= http.StatusBadRequest {
		s.refused = status
		return
	}
	s.ResponseWriter.WriteHeader(status)
}

// Write implements io.Writer.
func (s *served) Write(p []byte) (int, error) {
	if s.refused != 0 {
		return len(p), nil
	}
	return s.ResponseWriter.Write(p)
}

// refusal returns the error that was held back, for the answer.
func (s *served) refusal() error {
	if s.refused == 0 {
		return nil
	}
	h := s.Header()
	length := h.Values("Content-Range") // how many bytes there are
	clear(h)
	maps.Copy(h, s.before)
	if len(length) > 0 {
		h["Content-Range"] = length
	}
	switch s.refused {
	case http.StatusPreconditionFailed:
		return chat.Errorf(chat.CodeChanged, "The file is not the one that If-Match asks for.")
	case http.StatusRequestedRangeNotSatisfiable:
		return chat.Errorf(chat.CodeBadRange, "The file has no bytes in that range.")
	}
	return fmt.Errorf("serve a file: status %d", s.refused)
}

// outgoing is the bytes of a file as they are sent. A request that takes too long
// ends.
type outgoing struct {
	blob.Object
	ctx context.Context
}

// Read implements io.Reader.
func (o *outgoing) Read(p []byte) (int, error) {
	if err := o.ctx.Err(); err != nil {
		return 0, err
	}
	return o.Object.Read(p)
}
