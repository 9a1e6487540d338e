// Package web is the HTTP side of a server: the page, health, a little JSON, and the door to the socket.
//
//	GET /               the page; with Upgrade: websocket the room
//	GET /ws             the room, or 426 for a request that is no upgrade
//	GET /cluster        a socket that watches the cluster (wire.Cluster), or 426; the page that does is cluster.html
//	GET /feed           a socket that hears what is meant for one user (a ticket of the API's as subprotocol livechat.ticket.<ticket>), or 426
//	/api/v1/…           accounts, private chats, the archive: see package api
//	GET /rooms/{room}   how many are in a room: {"room":"livechat","online":12}; any page may ask
//	GET /config.json    what the page must know about this place: {} means that the socket is where the page came from
//	GET /healthz        200 as long as the process answers
//	GET /readyz         200 takes new clients, 404 rather none (it drains, does not hear Redis, or Redis takes no writes), 503 not yet
//	GET /version        {"version":"…","go":"…","app":"…"}
//
// Whatever else is a file of the page or 404. Errors are problem+json (RFC 9457), and every answer carries the security headers.
package web

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"runtime"
	"slices"
	"strings"

	"livechat/server/chat"
	"livechat/server/wire"
)

// Deps is what the routes serve. All fields are needed; the functions are called from many goroutines at once.
type Deps struct {
	Room    http.Handler // answers WebSocket handshakes: upgrades them, or refuses with a problem
	Watch   http.Handler // answers those of sockets that watch the cluster
	Feed    http.Handler // answers those of sockets that hear a user's feed
	API     http.Handler // answers everything below /api/v1; nil: this server has no API
	Static  fs.FS        // the page: index.html and what it loads
	Ready   func() (status int, body Readiness)
	Online  func(room string) (online int, known bool) // connections of a room in the whole cluster; unknown while presence is not up
	App     string                                     // APPID
	Version string                                     // of this build
	Log     *slog.Logger
}

// Readiness is the body of /readyz.
type Readiness struct {
	// "ready" (200), "draining", "deaf" or "read-only" (404), or "starting"
	// (503)
	Status string `json:"status"`
	App    string `json:"app"`
	// "up" or "down", or why it takes no writes: "full", "read-only" or
	// "refuses-writes"
	Redis string `json:"redis"`
	// FeedAge is how old the newest of its own reports is that has come back to
	// it through Redis; about a second at most if all is well.
	FeedAge     int64 `json:"feed_age_ms"`
	Connections int   `json:"connections"` // of this server
	// "up" or "down", or why it takes no writes, with the words of Redis; not
	// there on a server without the API
	Database string `json:"database,omitempty"`
}

// New reads the page into memory and returns the handler of all routes. It fails if the page cannot be read.
func New(deps Deps) (http.Handler, error) {
	page, err := loadPage(deps.Static)
	if err != nil {
		return nil, fmt.Errorf("load the page: %w", err)
	}
	mux := http.NewServeMux()
	route := func(pattern string, h http.HandlerFunc) { mux.Handle(pattern, readOnly(h)) }
	route("/", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" && wantsSocket(r) {
			deps.Room.ServeHTTP(w, r)
			return
		}
		page.ServeHTTP(w, r)
	})
	route("/ws", socket(deps.Room))
	route("/cluster", socket(deps.Watch))
	route("/feed", socket(deps.Feed))
	route("/rooms/{room}", deps.room)
	mux.Handle("/api/", deps.api())
	route("/config.json", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, struct{}{}) })
	route("/healthz", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, map[string]string{"status": "ok"})
	})
	route("/readyz", func(w http.ResponseWriter, _ *http.Request) {
		status, body := deps.Ready()
		writeJSON(w, status, body)
	})
	route("/version", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, map[string]string{"version": deps.Version, "go": runtime.Version(), "app": deps.App})
	})
	return &root{next: mux, log: deps.Log}, nil
}

// api answers what is below /api/. Where there is none it says so, rather than that nothing is there.
func (deps Deps) api() http.Handler {
	if deps.API != nil {
		return deps.API
	}
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		wire.WriteProblem(w, chat.Errorf(chat.CodeNotFound, "this server has no API; ask the one that the page comes from"))
	})
}

// socket answers whoever does not ask for an upgrade that it should.
func socket(next http.Handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !wantsSocket(r) {
			wire.WriteProblem(w, chat.Errorf(chat.CodeUpgradeRequired, "this is a WebSocket; connect with a WebSocket client"))
			return
		}
		next.ServeHTTP(w, r)
	}
}

// room answers how many are in a room. The page asks it before it opens a socket, from another origin where Nginx serves it.
func (deps Deps) room(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Access-Control-Allow-Origin", "*")
	room := r.PathValue("room")
	if err := chat.CheckRoom(room); err != nil {
		wire.WriteProblem(w, err)
		return
	}
	online, known := deps.Online(room)
	if !known {
		wire.WriteProblem(w, &chat.Error{Code: chat.CodeUnavailable, Message: "this server does not know yet who is here", Retryable: true})
		return
	}
	writeJSON(w, http.StatusOK, struct {
		Room   string `json:"room"`
		Online int    `json:"online"`
	}{room, online})
}

// readOnly lets only GET and HEAD through: nothing but the API changes anything over HTTP.
func readOnly(next http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			wire.WriteProblem(w, chat.Errorf(chat.CodeMethodNotAllowed, "only GET and HEAD are possible here"))
			return
		}
		next(w, r)
	})
}

// wantsSocket reports whether r is a WebSocket handshake (RFC 6455 section 4.1); whether a valid one, the room decides.
// Other upgrades, such as the h2c that curl offers, are answered as if they had not been asked for (RFC 9110 section 7.8).
func wantsSocket(r *http.Request) bool {
	return hasToken(r.Header.Values("Connection"), "upgrade") && hasToken(r.Header.Values("Upgrade"), "websocket")
}

// hasToken looks for a token in the comma-separated lists of a header; tokens are compared without regard to case.
func hasToken(lists []string, token string) bool {
	return slices.ContainsFunc(strings.Split(strings.Join(lists, ","), ","), func(s string) bool {
		return strings.EqualFold(strings.TrimSpace(s), token)
	})
}

// writeJSON answers with a state of this moment, which nobody may keep.
func writeJSON(w http.ResponseWriter, status int, body any) {
	text, err := json.Marshal(body)
	if err != nil {
		wire.WriteProblem(w, fmt.Errorf("encode the answer: %w", err))
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(append(text, '\n')) // an error means that the client is gone
}
