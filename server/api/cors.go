package api

import (
	"net/http"
	"slices"

	"livechat/server/chat"
)

// A page of another origin may use the API if its origin is one of
// AllowedOrigins. The browser sends a preflight first, and hides from the page
// every answer that does not name its origin
// (https://fetch.spec.whatwg.org/#http-cors-protocol). Cookies are included, so
// an origin has to be named; a star does not count.
const (
	// request headers that a page may send
	corsHeaders = "Content-Type, Idempotency-Key, If-None-Match, If-Range, Livechat-Guest, Range, " +
		"Tus-Resumable, Upload-Length, Upload-Metadata, Upload-Offset, X-HTTP-Method-Override, X-Request-Id"
	// response headers that a page may read, in addition to the safelisted ones
	corsExposed = "Accept-Ranges, Content-Disposition, Content-Range, ETag, Location, Retry-After, " +
		"Tus-Extension, Tus-Max-Size, Tus-Resumable, Tus-Version, Upload-Length, Upload-Offset, X-Request-Id"
	// seconds for which a browser may cache a preflight
	corsMaxAge = "600"
)

// allowedOrigin returns the origin of the requesting page if it is one of
// AllowedOrigins, or "".
func (a *api) allowedOrigin(r *http.Request) string {
	origins := r.Header.Values("Origin")
	if len(origins) == 1 && origins[0] != "*" && slices.Contains(a.AllowedOrigins, origins[0]) {
		return origins[0]
	}
	return ""
}

// setCORS allows the requesting page to read the answer, if it may.
func (a *api) setCORS(h http.Header, r *http.Request) {
	if len(a.AllowedOrigins) == 0 {
		return
	}
	// Also without an Origin header: a cache must not serve this answer to a
	// page of another origin.
	h.Add("Vary", "Origin")
	if origin := a.allowedOrigin(r); origin != "" {
		h.Set("Access-Control-Allow-Origin", origin)
		h.Set("Access-Control-Allow-Credentials", "true")
		h.Set("Access-Control-Expose-Headers", corsExposed)
	}
}

// isPreflight reports whether the request is a CORS preflight.
func isPreflight(r *http.Request) bool {
	return r.Method == http.MethodOptions && len(r.Header.Values("Origin")) > 0 &&
		r.Header.Get("Access-Control-Request-Method") != ""
}

// preflight answers which methods and headers a page may send to a path.
func (a *api) preflight(m methods, w http.ResponseWriter, r *http.Request) error {
	h := w.Header()
	h.Add("Vary", "Access-Control-Request-Method, Access-Control-Request-Headers")
	if a.allowedOrigin(r) == "" {
		return chat.Errorf(chat.CodeForbiddenOrigin, "Pages of this origin may not use this API.")
	}
	h.Del("Access-Control-Expose-Headers") // has no meaning in a preflight
	h.Set("Access-Control-Allow-Methods", m.allowed())
	h.Set("Access-Control-Allow-Headers", corsHeaders)
	h.Set("Access-Control-Max-Age", corsMaxAge)
	w.WriteHeader(http.StatusNoContent)
	return nil
}
