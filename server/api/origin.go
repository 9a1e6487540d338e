package api

import (
	"net/http"
	"net/url"
	"strings"

	"livechat/server/chat"
)

// checkOrigin keeps pages of other sites from changing anything in the name of somebody who is logged in here: his browser sends the
// cookie along, but says which page it was. SameSite alone would not do: other ports and hosts of a domain are the same site.
//
// Browsers send an Origin with everything but GET and HEAD. Where it is missing, no browser is asking or an old one; that is let in if the
// browser says by Sec-Fetch-Site that the page is ours, or if nobody's cookie is at stake.
func (a *api) checkOrigin(r *http.Request) error {
	forbidden := chat.Errorf(chat.CodeForbiddenOrigin, "a page from this origin may not change anything here")
	origins := r.Header.Values("Origin")
	if len(origins) > 1 {
		return forbidden
	}
	if len(origins) == 1 {
		if a.ownOrigin(r, origins[0]) || a.guestOrigin(r) != "" {
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

// ownOrigin says whether an origin is the host that was asked, with its port. Whether the page came by TLS cannot be told behind a proxy that
// ends it, unless Secure says so.
func (a *api) ownOrigin(r *http.Request, origin string) bool {
	scheme, host, ok := strings.Cut(origin, "://")
	if !ok || host == "" || scheme != "https" && (scheme != "http" || a.secure(r)) {
		return false
	}
	return host == canonicalHost(r.Host, scheme)
}

// canonicalHost writes a Host header as an Origin would have it: in lower case, without the scheme's own port.
func canonicalHost(host, scheme string) string {
	u := url.URL{Host: strings.ToLower(host)}
	if port := u.Port(); scheme == "http" && port == "80" || scheme == "https" && port == "443" {
		return strings.TrimSuffix(u.Host, ":"+port)
	}
	return u.Host
}
