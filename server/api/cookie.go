package api

import "net/http"

// cookieName is what the session's cookie is called. With TLS it has a prefix that browsers know: they take such a cookie only over TLS,
// for this host alone and from nobody but this host, so neither another host of the domain nor a plain connection can put one there.
const (
	cookieName   = "livechat_session"
	securePrefix = "__Host-"
)

// secure says whether the client came by TLS.
func (a *api) secure(r *http.Request) bool { return a.Secure || r.TLS != nil }

// cookie is the session's cookie without a value.
func (a *api) cookie(r *http.Request) *http.Cookie {
	c := &http.Cookie{Name: cookieName, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode}
	if a.secure(r) {
		c.Name, c.Secure = securePrefix+cookieName, true
		// maybe of another site, whose pages a browser sends no Lax cookie for;
		// checkOrigin protects it
		if a.guestOrigin(r) != "" {
			c.SameSite = http.SameSiteNoneMode
		}
	}
	return c
}

// token is what the session's cookie holds; "" if there is none.
func (a *api) token(r *http.Request) string {
	c, err := r.Cookie(a.cookie(r).Name)
	if err != nil {
		return ""
	}
	return c.Value
}

func (a *api) setToken(w http.ResponseWriter, r *http.Request, token string) {
	c := a.cookie(r)
	c.Value, c.MaxAge = token, int(a.SessionAge.Seconds())
	http.SetCookie(w, c)
}

func (a *api) dropToken(w http.ResponseWriter, r *http.Request) {
	c := a.cookie(r)
	c.MaxAge = -1
	http.SetCookie(w, c)
}
