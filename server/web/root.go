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

// root handles every request first: it sets security headers, recovers from
// panics and logs.
type root struct {
	next http.Handler
	log  *slog.Logger
}

// ServeHTTP implements http.Handler.
func (h *root) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a := &answer{ResponseWriter: w}
	start := time.Now()
	defer func() { // the path only, because the query contains names
		h.log.Debug("web: request", "method", r.Method, "path", logged(r.URL.Path), "status", a.status,
			"took", time.Since(start), "remote", r.RemoteAddr)
	}()
	defer func() {
		if v := recover(); v != nil {
			h.recovered(a, r, v)
		}
	}()
	secure(a.Header(), r.Host)
	h.next.ServeHTTP(a, r)
}

// filePath matches the path of a file of a message, up to its name.
var filePath = regexp.MustCompile(`^/+api/+v1/+files/+[^/]*/`)

// logged returns a path as it may be in the log: without the names of files.
func logged(path string) string {
	if match := filePath.FindString(path); match != "" {
		return match
	}
	return path
}

// recovered logs a panic and answers 500 if that is still possible. An answer
// that has begun is aborted, so that no client takes a part for the whole. On a
// hijacked connection net/http does nothing then.
func (h *root) recovered(a *answer, r *http.Request, v any) {
	if v == http.ErrAbortHandler {
		panic(v) // not a fault: net/http's way to abort an answer
	}
	h.log.Error("web: panic in a request handler", "method", r.Method, "path", logged(r.URL.Path), "panic", v,
		"stack", string(debug.Stack()))
	if a.status != 0 {
		panic(http.ErrAbortHandler)
	}
	clear(a.Header())
	secure(a.Header(), r.Host)
	wire.WriteProblem(a, errors.New("panic"))
}

// hostPattern matches Host headers that may be put into a policy: a name or
// IPv4 address with an optional port. Other characters could add a directive.
// Policies have no form for IPv6 addresses.
var hostPattern = regexp.MustCompile(`^[A-Za-z0-9._-]+(:[0-9]+)?$`)

// secure sets the headers that every answer has. The page loads nothing from
// other hosts (blob: is a file that it is about to send), runs no inline scripts
// or styles, cannot be framed, and connects to this host only.
func secure(h http.Header, host string) {
	connect := "'self'"
	if hostPattern.MatchString(host) { // browsers before 2022 do not apply 'self' to ws: and wss:
		connect = fmt.Sprintf("'self' ws://%s wss://%s", host, host)
	}
	h.Set("Content-Security-Policy",
		"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "+
			"media-src 'self' blob:; connect-src "+connect+"; manifest-src 'self'; worker-src 'self'; "+
			"base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
}

// answer is a ResponseWriter that records the status with which it has begun.
// It hides nothing: Hijack is passed on by name, the rest is reachable through
// http.ResponseController.
type answer struct {
	http.ResponseWriter
	status int // 0: not begun. 101: the connection was hijacked
}

// WriteHeader implements http.ResponseWriter.
func (a *answer) WriteHeader(status int) {
	if a.status == 0 && status >= 200 { // a 1xx is followed by the final status
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

// Unwrap lets http.ResponseController reach the methods of the wrapped
// ResponseWriter.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

var _ http.Hijacker = (*answer)(nil)
