package api

import "net/http"

// cookieName is the name of the session cookie. With TLS it has a prefix that
// browsers know: they accept such a cookie only over TLS, from this host and
// for this host. So neither another host of the domain nor a plain connection
// can set it.
const (
	cookieName   = "livechat_session"
	securePrefix = "__Host-"
)

// secure reports whether the client uses TLS.
func (a *api) secure(r *http.Request) bool { return a.Secure || r.TLS != nil }

// cookie returns the session cookie without a value.
func (a *api) cookie(r *http.Request) *http.Cookie {
	c := &http.Cookie{Name: cookieName, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode}
	if a.secure(r) {
		c.Name, c.Secure = securePrefix+cookieName, true
		// The page may be on another site, where browsers do not send a Lax
		// cookie. checkOrigin protects it instead.
		if a.allowedOrigin(r) != "" {
			c.SameSite = http.SameSiteNoneMode
		}
	}
	return c
}

// token returns the value of the session cookie, or "".
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

func (a *api) clearToken(w http.ResponseWriter, r *http.Request) {
	c := a.cookie(r)
	c.MaxAge = -1
	http.SetCookie(w, c)
}
