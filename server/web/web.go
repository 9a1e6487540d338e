// Package web serves HTTP: the page, health checks, a little JSON, and the
// handshake of WebSockets.
//
//	GET /               the page; with Upgrade: websocket a socket in a room
//	GET /ws             a socket in a room, or 426 without an upgrade
//	GET /cluster        a socket that watches the cluster (wire.Cluster), or 426;
//	                    cluster.html uses it
//	GET /feed           a socket with a user's feed (the ticket from the API is the
//	                    subprotocol livechat.ticket.<ticket>), or 426
//	/api/v1/…           accounts, private chats, the archive: see package api
//	GET /rooms/{room}   what users may know of a room before they join it (see
//	                    RoomView); CORS allows any page
//	GET /config.json    deployment settings of the page: {} means that the socket is
//	                    on the host of the page
//	GET /healthz        200 while the process answers
//	GET /readyz         200 takes new clients; 404 does not (draining, isolated from
//	                    Redis, or Redis takes no writes); 503 starting; with
//	                    ?scope=self Redis does not count
//	GET /version        {"version":"…","go":"…","app":"…"}
//
// Any other path is a file of the page or 404. Errors are problem+json (RFC
// 9457), and every answer has the security headers.
package web

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"runtime"
	"sync"

	"livechat/server/chat"
	"livechat/server/wire"
)

// Deps is what the routes serve. All fields are required; functions must be
// safe for concurrent use.
type Deps struct {
	Room   http.Handler // answers WebSocket handshakes: upgrades them, or refuses with a problem
	Watch  http.Handler // likewise for sockets that watch the cluster
	Feed   http.Handler // likewise for sockets with a user's feed
	API    http.Handler // serves everything below /api/v1; nil if this server has no API
	Static fs.FS        // index.html and what it loads
	Ready  func(Scope) (status int, body Readiness)
	// connections in a room, over the whole cluster, and the first names there,
	// at most so many; unknown until presence is up
	Online  func(room string, names int) (online int, some []string, known bool)
	Kept    Kept   // how long the archive keeps messages of rooms
	App     string // APPID
	Version string // version of this build
	Logger  *slog.Logger
}

// Kept says which messages of a room the archive keeps. Zero means no limit.
type Kept struct {
	Seconds int64 `json:"kept_s,omitempty"`     // their greatest age
	Count   int64 `json:"kept_count,omitempty"` // so many of the newest
}

// RoomView is the body of /rooms/{room}.
type RoomView struct {
	Room   string `json:"room"`
	Online int    `json:"online"` // connections, over the whole cluster
	// Names are the first few, sorted. A server without clients in the room
	// knows none.
	Names []string `json:"names,omitempty"`
	Kept
}

// glanceNames is how many names RoomView has.
const glanceNames = 5

// Scope is what counts for an answer of /readyz.
type Scope string

// Values of Scope, as in the parameter of that name.
const (
	ScopeAll  Scope = ""     // the server and its Redis
	ScopeSelf Scope = "self" // the server alone: whether it is starting or draining
)

// Readiness is the body of /readyz.
type Readiness struct {
	// "ready" (200), "draining", `deaf` (isolated from Redis) or "read-only"
	// (404), or "starting" (503)
	Status string `json:"status"`
	App    string `json:"app"`
	// "up" or "down", or why it takes no writes: "full", "read-only" or
	// "refuses-writes"
	Redis string `json:"redis"`
	// FeedAge is the age of this server's newest report that came back through
	// Redis: about a second at most when all is well.
	FeedAge     int64 `json:"feed_age_ms"`
	Connections int   `json:"connections"` // to this server
	// "up" or "down", or why it takes no writes, in the same words as Redis;
	// absent on a server without the API
	Database string `json:"database,omitempty"`
}

// New returns the handler of all routes.
func New(deps Deps) http.Handler {
	page := deps.page()
	mux := http.NewServeMux()
	route := func(pattern string, h http.HandlerFunc) { mux.Handle(pattern, readOnly(h)) }
	route("/", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" && wantsSocket(r) {
			deps.Room.ServeHTTP(w, r)
			return
		}
		page(w, r)
	})
	route("/ws", socket(deps.Room))
	route("/cluster", socket(deps.Watch))
	route("/feed", socket(deps.Feed))
	route("/rooms/{room}", deps.room)
	mux.Handle("/api/", deps.api())
	route("/config.json", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, struct{}{})
	})
	route("/healthz", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, map[string]string{"status": "ok"})
	})
	route("/readyz", deps.ready)
	route("/version", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, map[string]string{
			"version": deps.Version, "go": runtime.Version(), "app": deps.App})
	})
	return &root{next: mux, log: deps.Logger}
}

// ready answers whether this server takes new clients. An unknown scope is an
// error, or a mistyped probe would be one that counts Redis.
func (deps Deps) ready(w http.ResponseWriter, r *http.Request) {
	scope := Scope(r.URL.Query().Get("scope"))
	if scope != ScopeAll && scope != ScopeSelf {
		wire.WriteProblem(w, chat.Errorf(chat.CodeBadRequest, "scope: want self, or no scope"))
		return
	}
	status, body := deps.Ready(scope)
	writeJSON(w, status, body)
}

// page returns the handler of the static files. It loads them when first asked
// for one: most servers of a cluster never send any.
func (deps Deps) page() http.HandlerFunc {
	load := sync.OnceValues(func() (page, error) { return loadPage(deps.Static) })
	return func(w http.ResponseWriter, r *http.Request) {
		page, err := load()
		if err != nil { // a mistake in the files, which are part of the program
			deps.Logger.Error("server: cannot load the page", "error", err)
			wire.WriteProblem(w, chat.Errorf(chat.CodeInternal, "the page cannot be loaded"))
			return
		}
		page.ServeHTTP(w, r)
	}
}

// api returns the handler for /api/. Without an API it explains that, rather
// than answering that nothing was found.
func (deps Deps) api() http.Handler {
	if deps.API != nil {
		return deps.API
	}
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		wire.WriteProblem(w, chat.Errorf(chat.CodeNotFound,
			"this server has no API; use the address that the page comes from"))
	})
}

// socket tells clients that do not ask for an upgrade to do so.
func socket(next http.Handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !wantsSocket(r) {
			wire.WriteProblem(w, chat.Errorf(
				chat.CodeUpgradeRequired, "this is a WebSocket; connect with a WebSocket client"))
			return
		}
		next.ServeHTTP(w, r)
	}
}

// room answers who is in a room. The page asks before it opens a socket, from
// another origin where Nginx serves it. Whoever asks could join and see more.
func (deps Deps) room(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Access-Control-Allow-Origin", "*")
	room := r.PathValue("room")
	if err := chat.CheckRoom(room); err != nil {
		wire.WriteProblem(w, err)
		return
	}
	online, names, known := deps.Online(room, glanceNames)
	if !known {
		wire.WriteProblem(w, &chat.Error{Code: chat.CodeUnavailable,
			Message: "the number of users is not known yet; try again in a moment", Retryable: true})
		return
	}
	writeJSON(w, http.StatusOK, RoomView{room, online, names, deps.Kept})
}

// readOnly allows only GET and HEAD: only the API changes anything over HTTP.
func readOnly(next http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			wire.WriteProblem(w, chat.Errorf(chat.CodeMethodNotAllowed, "only GET and HEAD are allowed here"))
			return
		}
		next(w, r)
	})
}

// wantsSocket reports whether r is a WebSocket handshake (RFC 6455 section
// 4.1); the room checks whether it is valid. Other upgrades, such as the h2c
// that curl offers, are ignored (RFC 9110 section 7.8).
func wantsSocket(r *http.Request) bool {
	return wire.HasToken(r.Header, "Connection", "upgrade") && wire.HasToken(r.Header, "Upgrade", "websocket")
}

// writeJSON answers with current state that must not be cached.
func writeJSON(w http.ResponseWriter, status int, body any) {
	text, err := json.Marshal(body)
	if err != nil {
		wire.WriteProblem(w, fmt.Errorf("encode the response: %w", err))
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(append(text, '\n')) // an error means that the client has gone
}
