package api

import (
	"cmp"
	"context"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"livechat/server/chat"
	"livechat/server/store"
)

// base is the prefix of every path of this package.
const base = "/api/v1"

// api holds what the handlers need. Options do not change after New.
type api struct {
	Options
	mux          *http.ServeMux
	docs         func() (document, error) // made when it is first asked for
	slowWarnings warningThrottle          // of requests that took too long
	rows         fileRows
	searchTurn   func(ctx context.Context, user int64, addr string) (leave func(), err error)
}

// New returns the handler of /api/v1. It expects full paths, without a prefix
// cut off, and answers every path below /api/v1, unknown ones with a 404. The
// caller recovers from panics.
func New(options Options) http.Handler {
	options.SessionAge = cmp.Or(options.SessionAge, 30*24*time.Hour)
	options.Timeout = cmp.Or(options.Timeout, 10*time.Second)
	options.StepTimeout = cmp.Or(options.StepTimeout, 15*time.Second)
	if options.ClientAddr == nil {
		options.ClientAddr = connectionAddr
	}
	if options.AllowReport == nil {
		options.AllowReport = allowReports()
	}
	if options.Observe == nil {
		options.Observe = func(string, string, int, time.Duration) {}
	}
	options.Logger = slog.New(LogHandler(options.Logger.Handler()))
	a := &api{Options: options, mux: http.NewServeMux(), searchTurn: searchTurn()}
	routes := a.routes()
	a.docs = sync.OnceValues(func() (document, error) { return docsOf(routes) })
	byPath := map[string]methods{}
	for _, r := range routes {
		if byPath[r.path] == nil {
			byPath[r.path] = methods{}
		}
		byPath[r.path][r.method] = r
	}
	for path, m := range byPath {
		serve := a.entry(m, func(w http.ResponseWriter, r *http.Request) error {
			return a.dispatch(m, w, r)
		})
		bare := strings.TrimSuffix(path, "/")
		a.mux.Handle(base+bare, serve)
		a.mux.Handle(base+bare+"/{$}", serve)
	}
	a.mux.Handle("/", a.entry(nil, func(http.ResponseWriter, *http.Request) error {
		return chat.Errorf(chat.CodeNotFound, "not found; %s/docs/ lists all paths", base)
	}))
	return a.mux
}

// handler answers a request. If it returns an error, it has written nothing,
// and the error is the answer.
type handler func(w http.ResponseWriter, r *http.Request) error

// methods are the routes of one path by method.
type methods map[string]route

// dispatch calls the handler of the request's method. The mux does not choose
// the method because its 405 is not a problem+json.
func (a *api) dispatch(m methods, w http.ResponseWriter, r *http.Request) error {
	if isPreflight(r) {
		return a.preflight(m, w, r)
	}
	to := m.route(r)
	if to.handle == nil {
		w.Header().Set("Allow", m.allowed())
		return chat.Errorf(chat.CodeMethodNotAllowed, "This path allows only %s.", m.allowed())
	}
	if to.method != http.MethodGet && to.method != http.MethodOptions {
		if err := a.checkOrigin(r); err != nil {
			return err
		}
		if err := checkContentType(r); err != nil && !to.movesFile() {
			return err
		}
	}
	return to.handle(w, r)
}

// handledAs returns the method whose handler answers a request. net/http
// discards the body of the answer to a HEAD.
func handledAs(r *http.Request) string {
	if r.Method == http.MethodHead {
		return http.MethodGet
	}
	return r.Method
}

// route returns the route of a request, the zero route if there is none.
func (m methods) route(r *http.Request) route { return m[handledAs(r)] }

// allowed returns the value of an Allow header.
func (m methods) allowed() string {
	var all []string
	for method := range m {
		all = append(all, method)
		if method == http.MethodGet {
			all = append(all, http.MethodHead)
		}
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

// entry wraps every request to a path: it sets the id and the limits of time,
// and answers errors.
func (a *api) entry(m methods, next handler) http.Handler {
	return http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		begin, to, w := time.Now(), m.route(r), &statusWriter{ResponseWriter: out}
		defer func() {
			// Without a status the handler has panicked.
			a.Observe(to.method, to.path, cmp.Or(w.status, http.StatusInternalServerError), time.Since(begin))
		}()
		id := requestID(r)
		w.Header().Set(requestHeader, id)
		a.setCORS(w.Header(), r)
		limit := a.Timeout
		if to.movesFile() {
			limit = maxTransfer
		}
		ctx, cancel := context.WithTimeout(withRequestID(r.Context(), id), limit)
		defer cancel()
		r = r.WithContext(ctx)
		switch deadline, _ := ctx.Deadline(); {
		case to.movesFile():
			defer a.pace(w, r)()
		case r.Body != http.NoBody:
			// net/http resets the deadline before the next request. Fails in tests,
			// which have no connection.
			_ = http.NewResponseController(w).SetReadDeadline(deadline)
		}
		if err := next(w, r); err != nil {
			discard(r)
			a.fail(w, r, err)
		}
	})
}

// user returns a handler that requires a session.
func (a *api) user(next func(w http.ResponseWriter, r *http.Request, me store.User) error) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		token := a.token(r)
		if token == "" {
			return chat.Errorf(chat.CodeUnauthorized, "You are not logged in. Log in and try again.")
		}
		me, err := a.Accounts.WhoAmI(r.Context(), token)
		if err != nil {
			return err
		}
		return next(w, r, me)
	}
}

// writes returns a handler that counts what somebody writes to their address.
func (a *api) writes(
	next func(w http.ResponseWriter, r *http.Request, me store.User) error,
) func(w http.ResponseWriter, r *http.Request, me store.User) error {
	if a.AllowWrite == nil {
		return next
	}
	return func(w http.ResponseWriter, r *http.Request, me store.User) error {
		if err := a.AllowWrite(a.ClientAddr(r)); err != nil {
			return err
		}
		return next(w, r, me)
	}
}

func connectionAddr(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr // a Unix socket has no port
	}
	return host
}
