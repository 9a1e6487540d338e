package api

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"

	"github.com/go-json-experiment/json"
)

// cacheControl lets a browser store an answer for this user only and makes it
// revalidate the answer each time.
const cacheControl = "private, no-cache"

// document is an answer that is the same for all users.
type document struct {
	contentType string
	policy      string // Content-Security-Policy; "" keeps the one set by the caller
	body        []byte
}

func (d document) serve(w http.ResponseWriter, r *http.Request) error {
	if d.policy != "" {
		w.Header().Set("Content-Security-Policy", d.policy)
	}
	writeCacheable(w, r, d.contentType, d.body)
	return nil
}

// answer writes v as JSON. A GET gets an ETag and status 200. Other methods get
// the status, and the answer is not stored.
func answer(w http.ResponseWriter, r *http.Request, status int, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode the answer: %w", err)
	}
	body = append(body, '\n')
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		writeCacheable(w, r, "application/json", body)
		return nil
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(body) // an error means that the client is gone
	return nil
}

// noContent writes a 204.
func noContent(w http.ResponseWriter) error {
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// writeCacheable sends a body, or 304 if the client has it. The ETag is a hash
// of the body, so all servers compute the same one, and the ETag of one user
// never matches what another sees.
func writeCacheable(w http.ResponseWriter, r *http.Request, contentType string, body []byte) {
	hash := sha256.Sum256(body)
	tag := `"` + hex.EncodeToString(hash[:]) + `"`
	h := w.Header()
	h.Set("ETag", tag)
	h.Set("Cache-Control", cacheControl)
	if matches(r.Header.Values("If-None-Match"), tag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Type", contentType)
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body)
	}
}

// matches reports whether a tag is in an If-None-Match list, by weak comparison
// (RFC 9110 section 13.1.2). Our tags contain no comma, so a tag that is cut at
// one is not ours.
func matches(lists []string, tag string) bool {
	for _, list := range lists {
		for one := range strings.SplitSeq(list, ",") {
			one = strings.TrimSpace(one)
			if one == "*" || strings.TrimPrefix(one, "W/") == tag {
				return true
			}
		}
	}
	return false
}
