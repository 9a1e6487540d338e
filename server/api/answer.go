package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json"

	"livechat/server/chat"
	"livechat/server/store"
)

// cacheControl lets a browser keep what it got, for this user alone, if it asks each time whether that still holds.
const cacheControl = "private, no-cache"

// document is an answer that is the same for everybody.
type document struct {
	contentType string
	policy      string // Content-Security-Policy; "" = as the server around has set it
	body        []byte
}

func (d document) serve(w http.ResponseWriter, r *http.Request) error {
	if d.policy != "" {
		w.Header().Set("Content-Security-Policy", d.policy)
	}
	writeKept(w, r, d.contentType, d.body)
	return nil
}

// answer writes v as JSON: what was asked for (GET) with an ETag, what was done with the status, and for nobody to keep.
func answer(w http.ResponseWriter, r *http.Request, status int, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode the answer: %w", err)
	}
	body = append(body, '\n')
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		writeKept(w, r, "application/json", body)
		return nil
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(body) // an error means that the client is gone
	return nil
}

// done answers that there is nothing more to say.
func done(w http.ResponseWriter) error {
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// writeKept sends a body, or 304 to a client that has it. The tag is a hash of all that is sent, so servers agree on it, and one
// user's tag cannot fit what another sees.
func writeKept(w http.ResponseWriter, r *http.Request, contentType string, body []byte) {
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

// matches says whether a tag is in the lists of If-None-Match, whose comparison is the weak one (RFC 9110 section 13.1.2). Tags
// of ours have no comma in them, so whatever is cut wrongly here would not have been one.
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

// observed is a ResponseWriter that remembers the status. http.ResponseController finds the other powers of the one inside.
type observed struct {
	http.ResponseWriter
	status int // 0: not begun
}

// WriteHeader implements http.ResponseWriter.
func (o *observed) WriteHeader(status int) {
	if o.status == 0 {
		o.status = status
	}
	o.ResponseWriter.WriteHeader(status)
}

// Unwrap is for http.ResponseController.
func (o *observed) Unwrap() http.ResponseWriter { return o.ResponseWriter }

// seldom lets one of many log lines through.
type seldom struct {
	mu   sync.Mutex
	last time.Time // guarded by mu
}

// slowEvery is the least time between two warnings of requests that took too long:
// a database that stands still makes all of them so.
const slowEvery = time.Minute

// due says that it is time for another one.
func (s *seldom) due(now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now.Sub(s.last) < slowEvery {
		return false
	}
	s.last = now
	return true
}

// fail answers with a problem. What is nobody's fault but ours is logged: never the request's body, query or headers.
func (a *api) fail(w http.ResponseWriter, r *http.Request, err error) {
	known, ok := errors.AsType[*chat.Error](err)
	switch {
	case ok && known.Code != chat.CodeInternal:
	case errors.Is(err, store.ErrNotFound):
		known = chat.Errorf(chat.CodeNotFound, "there is no such thing, or it is not yours to see")
	case r.Context().Err() != nil && errors.Is(err, r.Context().Err()): // too slow, or the client is gone and nobody reads this
		// of what was cancelled: else clients that come and go would fill the
		// log
		level := slog.LevelDebug
		if !errors.Is(err, context.Canceled) && a.slow.due(time.Now()) {
			level = slog.LevelWarn
		}
		a.Log.Log(r.Context(), level, "a request was not finished", "method", r.Method, "route", r.Pattern, "error", err)
		known = &chat.Error{Code: chat.CodeUnavailable, Message: "that took too long; try again", Retryable: true, RetryAfterMS: 1000}
	case store.Away(err):
		// Whoever watches the database has given the warning: one per outage, not per request.
		a.Log.DebugContext(r.Context(), "the database is away", "method", r.Method, "route", r.Pattern, "error", err)
		known = &chat.Error{Code: chat.CodeUnavailable, Message: "this cannot be stored or read right now; try again", Retryable: true, RetryAfterMS: 2000}
	default:
		a.Log.ErrorContext(r.Context(), "a request failed", "method", r.Method, "route", r.Pattern, "error", err)
		known = chat.AsError(err)
	}
	if known.Code == chat.CodeRateLimited && !known.Retryable { // a 429 says when to come back
		limited := *known
		limited.Retryable = true
		known = &limited
	}
	writeProblem(w, known)
}
