package api

import (
	"net/http"
	"slices"

	"livechat/server/chat"
)

// A page of another origin may use the API if the origin is one of
// AllowedOrigins: its browser asks for leave first (a preflight), and shows the
// page no answer that does not name its origin (https://fetch.spec.whatwg.org/#http-cors-protocol).
// Cookies are part of it, so an origin is named in full and never by a star.
const (
	// that a page may send
	corsHeaders = "Content-Type, Idempotency-Key, If-None-Match, X-Request-Id"
	// that a page may read beside those it always may
	corsExposed = "ETag, Location, Retry-After, X-Request-Id"
	// seconds in which a browser need not ask again
	corsMaxAge = "600"
)

// guestOrigin returns the origin of the page that asks, if it is one of
// AllowedOrigins; else "".
func (a *api) guestOrigin(r *http.Request) string {
	origins := r.Header.Values("Origin")
	if len(origins) == 1 && origins[0] != "*" && slices.Contains(a.AllowedOrigins, origins[0]) {
		return origins[0]
	}
	return ""
}

// setCORS lets the page that asks read the answer, if it may.
func (a *api) setCORS(h http.Header, r *http.Request) {
	if len(a.AllowedOrigins) == 0 {
		return
	}
	// also without an origin: a cache must not give this answer to a page of
	// one
	h.Add("Vary", "Origin")
	if origin := a.guestOrigin(r); origin != "" {
		h.Set("Access-Control-Allow-Origin", origin)
		h.Set("Access-Control-Allow-Credentials", "true")
		h.Set("Access-Control-Expose-Headers", corsExposed)
	}
}

// isPreflight reports whether a browser asks what a page may send.
func isPreflight(r *http.Request) bool {
	return r.Method == http.MethodOptions && len(r.Header.Values("Origin")) > 0 && r.Header.Get("Access-Control-Request-Method") != ""
}

// preflight answers a browser that asks what a page may send to a path.
func (a *api) preflight(m methods, w http.ResponseWriter, r *http.Request) error {
	h := w.Header()
	h.Add("Vary", "Access-Control-Request-Method, Access-Control-Request-Headers")
	if a.guestOrigin(r) == "" {
		return chat.Errorf(chat.CodeForbiddenOrigin, "a page from this origin may not use this API")
	}
	h.Del("Access-Control-Expose-Headers") // means nothing here
	h.Set("Access-Control-Allow-Methods", m.allowed())
	h.Set("Access-Control-Allow-Headers", corsHeaders)
	h.Set("Access-Control-Max-Age", corsMaxAge)
	w.WriteHeader(http.StatusNoContent)
	return nil
}
