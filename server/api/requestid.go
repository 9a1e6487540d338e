package api

import (
	"context"
	"log/slog"
	"net/http"
	"regexp"

	"github.com/google/uuid"
)

const requestHeader = "X-Request-Id"

// requestPattern matches ids that are safe in a log and in an answer.
var requestPattern = regexp.MustCompile(`^[A-Za-z0-9._-]{8,64}$`)

type requestKey struct{}

// requestID returns the id given by a proxy or the client, or a new one.
func requestID(r *http.Request) string {
	if given := r.Header.Values(requestHeader); len(given) == 1 && requestPattern.MatchString(given[0]) {
		return given[0]
	}
	return uuid.NewString()
}

func withRequestID(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestKey{}, id)
}

// RequestID returns the id of the request that ctx belongs to, or "".
func RequestID(ctx context.Context) string {
	id, _ := ctx.Value(requestKey{}).(string)
	return id
}

// LogHandler returns a handler that adds request_id to every line logged with
// the context of a request, and writes to next. The services get their loggers
// through it as well, so that all lines of a request can be found.
func LogHandler(next slog.Handler) slog.Handler {
	if h, ok := next.(logHandler); ok {
		return h // already wrapped
	}
	return logHandler{next}
}

type logHandler struct{ slog.Handler }

// Handle implements slog.Handler.
func (h logHandler) Handle(ctx context.Context, record slog.Record) error {
	if id := RequestID(ctx); id != "" {
		record = record.Clone()
		record.AddAttrs(slog.String("request_id", id))
	}
	return h.Handler.Handle(ctx, record)
}

// WithAttrs implements slog.Handler.
func (h logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return logHandler{h.Handler.WithAttrs(attrs)}
}

// WithGroup implements slog.Handler.
func (h logHandler) WithGroup(name string) slog.Handler {
	return logHandler{h.Handler.WithGroup(name)}
}

var _ slog.Handler = logHandler{}
