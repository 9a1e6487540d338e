package api

import (
	"cmp"
	"context"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"livechat/server/chat"
	"livechat/server/store"
	"livechat/server/wire"
)

// base is what every path of this package begins with.
const base = "/api/v1"

// Accounts are people with a name and a password. Errors for users are *chat.Error.
type Accounts interface {
	Register(ctx context.Context, name, password, addr string) (store.User, error)
	ChangePassword(ctx context.Context, user int64, old, next string) error // ends all sessions
	Delete(ctx context.Context, user int64, password string) error
	Sessions
}

// Sessions say who is asking. A token is whatever the service makes of it, of characters that a cookie may have.
type Sessions interface {
	Login(ctx context.Context, name, password, addr string) (token string, u store.User, err error)
	NewSession(ctx context.Context, user int64) (token string, err error) // for one who has just given his password
	WhoAmI(ctx context.Context, token string) (store.User, error)         // unauthorized if the token is nobody's, or nobody's any more
	Logout(ctx context.Context, token string) error                       // no error if there is no such session
	LogoutAll(ctx context.Context, user int64) error
}

// Chats are the private chats of the user me, who alone decides what is seen and done: what is not his is not_found.
type Chats interface {
	Create(ctx context.Context, me int64, otherName string) (c store.Chat, created bool, err error)
	List(ctx context.Context, me int64, cursor string, limit int) (chats []store.Chat, next string, err error) // next is "" at the end
	Get(ctx context.Context, me int64, chat string) (store.Chat, error)
	Post(ctx context.Context, me int64, chat, id, text string) (m store.Message, created bool, err error)
	History(ctx context.Context, me int64, chat string, before, after int64, limit int) ([]store.Message, error) // oldest first; 0 = not given, after can be store.FromStart
	Read(ctx context.Context, me int64, chat string, n int64) (moved bool, read int64, err error)
}

// Archive has what was said in the rooms.
type Archive interface {
	// RoomMessages returns messages oldest first. Of before and after one at most is given (not 0); after can be store.FromStart. The epoch "" stands for
	// all of them, in the order of their numbers.
	RoomMessages(ctx context.Context, room, epoch string, before, after int64, limit int) ([]store.RoomMessage, error)
}

// Search finds messages among those that a user may see.
type Search interface {
	Search(ctx context.Context, me int64, query string, limit int) ([]store.Found, error)
}

// Tickets are for the first frame of a socket: short-lived, good for one use.
type Tickets interface {
	// Issue makes a ticket for the session of that token, which is the user's.
	Issue(ctx context.Context, user int64, token string) (ticket string, expires time.Time, err error)
}

// Options are the services behind the API and what it must know about its place. The services are called from many goroutines at once.
type Options struct {
	Accounts Accounts
	Chats    Chats
	Archive  Archive
	Search   Search
	Tickets  Tickets
	Log      *slog.Logger

	// AllowedOrigins are pages of other origins that may use all of this, as
	// scheme://host[:port] in the form browsers send. A "*" is not one of them:
	// cookies are sent along, so "everybody" must not be said here.
	AllowedOrigins []string
	// Secure says that people come by TLS although this process does not see it, because a proxy in front ends it.
	Secure bool
	// SessionAge is how long a browser keeps its cookie; the session itself may end earlier. 0: 30 days.
	SessionAge time.Duration
	// Timeout is how long a request may take, its body included; then its answer is unavailable. 0: 10 s.
	Timeout time.Duration
	// Observe is told of each request when it has been answered: its method and route, such as GET and /chats/{id}/, both "" where there is none. nil:
	// nobody is.
	Observe func(method, route string, status int, took time.Duration)
	// ClientAddr returns the address that logins and registrations are counted by. nil: that of the connection, without its port.
	ClientAddr func(*http.Request) string
	// SearchTurn waits until a user at that address may search, and returns the function
	// that says that it has. A chat.Error refuses it. nil: there is no limit.
	SearchTurn func(ctx context.Context, user int64, addr string) (leave func(), err error)
}

// api holds what the handlers need; nothing of it changes.
type api struct {
	Options
	mux     *http.ServeMux
	spec    document // openapi.json
	sockets document // asyncapi.json
	docs    document
	slow    seldom // warnings of requests that took too long
}

// New returns the handler of all paths below /api/v1, which it expects in full: no prefix is to be cut off. It answers everything
// below them, with a 404 where nothing is. Panics are the caller's to catch.
func New(options Options) (http.Handler, error) {
	options.SessionAge = cmp.Or(options.SessionAge, 30*24*time.Hour)
	options.Timeout = cmp.Or(options.Timeout, 10*time.Second)
	if options.ClientAddr == nil {
		options.ClientAddr = connectionAddr
	}
	if options.Observe == nil {
		options.Observe = func(string, string, int, time.Duration) {}
	}
	options.Log = slog.New(LogHandler(options.Log.Handler()))
	a := &api{Options: options, mux: http.NewServeMux()}
	routes := a.routes()
	if err := a.loadDocs(routes); err != nil {
		return nil, err
	}
	byPath := map[string]methods{}
	for _, r := range routes {
		if byPath[r.path] == nil {
			byPath[r.path] = methods{}
		}
		byPath[r.path][r.method] = r.handle
	}
	for path, m := range byPath {
		route := func(r *http.Request) (method, route string) { return m.route(r, path) }
		serve := a.entry(route, func(w http.ResponseWriter, r *http.Request) error { return a.dispatch(m, w, r) })
		bare := strings.TrimSuffix(path, "/")
		a.mux.Handle(base+bare, serve)
		a.mux.Handle(base+bare+"/{$}", serve)
	}
	nowhere := func(*http.Request) (method, route string) { return "", "" }
	a.mux.Handle("/", a.entry(nowhere, func(http.ResponseWriter, *http.Request) error {
		return chat.Errorf(chat.CodeNotFound, "there is nothing here; %s/docs/ lists what is", base)
	}))
	return a.mux, nil
}

// handler answers a request, or returns the error to answer it with; then it has written nothing.
type handler func(w http.ResponseWriter, r *http.Request) error

// methods are the handlers of one path.
type methods map[string]handler

// dispatch finds the handler of the request's method. The choice is not left to the mux, whose 405 is no problem+json.
func (a *api) dispatch(m methods, w http.ResponseWriter, r *http.Request) error {
	if isPreflight(r) {
		return a.preflight(m, w, r)
	}
	method := handledAs(r)
	handle := m[method]
	if handle == nil {
		w.Header().Set("Allow", m.allowed())
		return chat.Errorf(chat.CodeMethodNotAllowed, "possible here: %s", m.allowed())
	}
	if method != http.MethodGet {
		if err := a.checkOrigin(r); err != nil {
			return err
		}
		if err := checkContentType(r); err != nil {
			return err
		}
	}
	return handle(w, r)
}

// handledAs is the method whose handler answers: net/http keeps the body of a HEAD back.
func handledAs(r *http.Request) string {
	if r.Method == http.MethodHead {
		return http.MethodGet
	}
	return r.Method
}

// route is what a request to path counts as; "" if its method is none of ours.
func (m methods) route(r *http.Request, path string) (method, route string) {
	if m[handledAs(r)] == nil {
		return "", ""
	}
	return handledAs(r), path
}

// allowed is the value of an Allow header.
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

// entry is what every request goes through: its id, its time, and the answer if it fails.
func (a *api) entry(route func(*http.Request) (method, route string), next handler) http.Handler {
	return http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		begin, w := time.Now(), &observed{ResponseWriter: out}
		defer func() {
			method, path := route(r)
			a.Observe(method, path, cmp.Or(w.status, http.StatusInternalServerError), time.Since(begin)) // no status: it panics
		}()
		id := requestID(r)
		w.Header().Set(requestHeader, id)
		a.setCORS(w.Header(), r)
		ctx, cancel := context.WithTimeout(withRequestID(r.Context(), id), a.Timeout)
		defer cancel()
		if r.Body != http.NoBody { // net/http takes the deadline back before the next request
			deadline, _ := ctx.Deadline()
			_ = http.NewResponseController(w).SetReadDeadline(deadline) // an error: in tests, where no connection is
		}
		r = r.WithContext(ctx)
		if err := next(w, r); err != nil {
			a.fail(w, r, err)
		}
	})
}

// user is a handler for those who are logged in.
func (a *api) user(next func(w http.ResponseWriter, r *http.Request, me store.User) error) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		token := a.token(r)
		if token == "" {
			return chat.Errorf(chat.CodeUnauthorized, "log in first")
		}
		me, err := a.Accounts.WhoAmI(r.Context(), token)
		if err != nil {
			return err
		}
		return next(w, r, me)
	}
}

func connectionAddr(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr // a unix socket has no port
	}
	return host
}

// writeProblem is wire.WriteProblem, and what HTTP wants beside it.
func writeProblem(w http.ResponseWriter, err *chat.Error) {
	if err.Code == chat.CodeUnauthorized {
		w.Header().Set("WWW-Authenticate", `Cookie realm="livechat"`) // RFC 9110 section 11.6.1 wants one; browsers ask nobody for this
	}
	wire.WriteProblem(w, err)
}
