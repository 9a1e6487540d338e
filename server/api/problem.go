package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"livechat/server/chat"
	"livechat/server/store"
	"livechat/server/wire"
)

// statusWriter is a ResponseWriter that records the status.
// http.ResponseController reaches the inner one through Unwrap.
type statusWriter struct {
	http.ResponseWriter
	status int // 0 before the first write
}

// WriteHeader implements http.ResponseWriter.
func (o *statusWriter) WriteHeader(status int) {
	if o.status == 0 {
		o.status = status
	}
	o.ResponseWriter.WriteHeader(status)
}

// Unwrap implements what http.ResponseController looks for.
func (o *statusWriter) Unwrap() http.ResponseWriter { return o.ResponseWriter }

// warningThrottle limits how often a warning is logged.
type warningThrottle struct {
	mu   sync.Mutex
	last time.Time // guarded by mu
}

// slowWarningInterval is the minimum time between two warnings about slow
// requests. A database that hangs makes all of them slow.
const slowWarningInterval = time.Minute

// due reports whether the next warning may be logged, and counts it.
func (s *warningThrottle) due(now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now.Sub(s.last) < slowWarningInterval {
		return false
	}
	s.last = now
	return true
}

var errTooSlow = &chat.Error{
	Code: chat.CodeUnavailable, Message: "The request took too long. Try again.",
	Retryable: true, RetryAfterMS: 1000,
}

// fail answers with a problem. Internal errors are logged, without the
// request's body, query and headers.
func (a *api) fail(w http.ResponseWriter, r *http.Request, err error) {
	known, ok := errors.AsType[*chat.Error](err)
	switch {
	case ok && known.Code != chat.CodeInternal:
	case errors.Is(err, store.ErrNotFound):
		known = chat.Errorf(chat.CodeNotFound, "not found")
	// Too slow, or the client is gone.
	case r.Context().Err() != nil && errors.Is(err, r.Context().Err()):
		// Cancellations are debug only, or clients that come and go would fill
		// the log.
		level := slog.LevelDebug
		if !errors.Is(err, context.Canceled) && a.slowWarnings.due(time.Now()) {
			level = slog.LevelWarn
		}
		a.Logger.Log(r.Context(), level, "api: request not finished", "method", r.Method, "route",
			r.Pattern, "error", err)
		known = errTooSlow
	case store.Unavailable(err):
		// The watcher of the database warns once per outage. Do not repeat it
		// per request.
		a.Logger.DebugContext(r.Context(), "api: database unavailable", "method", r.Method, "route",
			r.Pattern, "error", err)
		known = &chat.Error{
			Code: chat.CodeUnavailable, Message: "The database is not available. Try again in a few seconds.",
			Retryable: true, RetryAfterMS: 2000,
		}
	default:
		a.Logger.ErrorContext(r.Context(), "api: request failed", "method", r.Method, "route", r.Pattern,
			"error", err)
		known = chat.AsError(err)
	}
	if known.Code == chat.CodeRateLimited && !known.Retryable { // a 429 has a Retry-After
		limited := *known
		limited.Retryable = true
		known = &limited
	}
	writeProblem(w, known)
}

// writeProblem is wire.WriteProblem with the headers that HTTP requires.
func writeProblem(w http.ResponseWriter, err *chat.Error) {
	if err.Code == chat.CodeUnauthorized {
		// RFC 9110 section 11.6.1 requires one. Browsers ignore this scheme.
		w.Header().Set("WWW-Authenticate", `Cookie realm="livechat"`)
	}
	wire.WriteProblem(w, err)
}
