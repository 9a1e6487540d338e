package web

import (
	"bufio"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"regexp"
	"runtime/debug"
	"time"

	"livechat/server/wire"
)

// root is what every request goes through: security headers, the net under panics, the log line.
type root struct {
	next http.Handler
	log  *slog.Logger
}

// ServeHTTP implements http.Handler.
func (h *root) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a := &answer{ResponseWriter: w}
	start := time.Now()
	defer func() { // the path only: the query has names in it
		h.log.Debug("request", "method", r.Method, "path", r.URL.Path, "status", a.status, "took", time.Since(start), "remote", r.RemoteAddr)
	}()
	defer func() {
		if v := recover(); v != nil {
			h.recovered(a, r, v)
		}
	}()
	secure(a.Header(), r.Host)
	h.next.ServeHTTP(a, r)
}

// recovered logs a panic and answers 500 where that is still possible. An answer that has begun is broken off, so that nobody takes
// half of it for the whole; to a connection that was taken over net/http does nothing then.
func (h *root) recovered(a *answer, r *http.Request, v any) {
	if v == http.ErrAbortHandler {
		panic(v) // not a fault: net/http's way to break off an answer
	}
	h.log.Error("panic while answering a request", "method", r.Method, "path", r.URL.Path, "panic", v, "stack", string(debug.Stack()))
	if a.status != 0 {
		panic(http.ErrAbortHandler)
	}
	clear(a.Header())
	secure(a.Header(), r.Host)
	wire.WriteProblem(a, errors.New("panic"))
}

// hostPattern is a Host header that can stand in a policy: a name or IPv4 address with or without a port. Anything with more in it
// could add a directive of its own; IPv6 addresses have no form in a policy.
var hostPattern = regexp.MustCompile(`^[A-Za-z0-9._-]+(:[0-9]+)?$`)

// secure sets the headers that every answer has. The page loads nothing from elsewhere, runs no inline script or style, stands in
// nobody's frame, and talks to this host alone.
func secure(h http.Header, host string) {
	connect := "'self'"
	if hostPattern.MatchString(host) { // browsers before 2022 do not take 'self' for ws: and wss:
		connect = fmt.Sprintf("'self' ws://%s wss://%s", host, host)
	}
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src "+connect+
		"; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
}

// answer is a ResponseWriter that remembers whether, and with what, it has begun. It hides nothing: Hijack is passed on by name, all
// else can be reached by http.ResponseController.
type answer struct {
	http.ResponseWriter
	status int // 0: not begun. 101: the connection has been taken over
}

// WriteHeader implements http.ResponseWriter.
func (a *answer) WriteHeader(status int) {
	if a.status == 0 && status >= 200 { // 1xx are followed by the real one
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (a *answer) Write(p []byte) (int, error) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	return a.ResponseWriter.Write(p)
}

// Hijack implements http.Hijacker.
func (a *answer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffers, err := http.NewResponseController(a.ResponseWriter).Hijack()
	if err == nil {
		a.status = http.StatusSwitchingProtocols
	}
	return conn, buffers, err
}

// Unwrap is how http.ResponseController finds the other powers of the ResponseWriter.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

var _ http.Hijacker = (*answer)(nil)
