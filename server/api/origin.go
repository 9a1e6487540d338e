package api

import (
	"net/http"
	"net/url"
	"strings"

	"livechat/server/chat"
)

// checkOrigin prevents pages of other sites from changing something in the name
// of a logged-in user: the browser sends the cookie along, but also names the
// page. SameSite is not enough, because other ports and hosts of a domain are
// the same site.
//
// Browsers send an Origin with all methods except GET and HEAD. If it is
// missing, the client is no browser or an old one. It is accepted if
// Sec-Fetch-Site says that the page is ours, or if there is no cookie to
// protect.
func (a *api) checkOrigin(r *http.Request) error {
	forbidden := chat.Errorf(chat.CodeForbiddenOrigin, "Pages of this origin may not change anything here.")
	origins := r.Header.Values("Origin")
	if len(origins) > 1 {
		return forbidden
	}
	if len(origins) == 1 {
		if a.ownOrigin(r, origins[0]) || a.allowedOrigin(r) != "" {
			return nil
		}
		return forbidden
	}
	switch site := r.Header.Get("Sec-Fetch-Site"); {
	case site == "same-origin" || site == "none":
		return nil
	case site == "" && len(r.Header.Values("Cookie")) == 0:
		return nil
	}
	return forbidden
}

// ownOrigin reports whether an origin is the requested host, with its port.
// Behind a proxy that terminates TLS the scheme is unknown unless Secure is
// set.
func (a *api) ownOrigin(r *http.Request, origin string) bool {
	scheme, host, ok := strings.Cut(origin, "://")
	if !ok || host == "" || scheme != "https" && (scheme != "http" || a.secure(r)) {
		return false
	}
	return host == canonicalHost(r.Host, scheme)
}

// canonicalHost returns a Host header in the form of an Origin: in lower case,
// without the scheme's default port.
func canonicalHost(host, scheme string) string {
	u := url.URL{Host: strings.ToLower(host)}
	if port := u.Port(); scheme == "http" && port == "80" || scheme == "https" && port == "443" {
		return strings.TrimSuffix(u.Host, ":"+port)
	}
	return u.Host
}
