package api

import (
	"crypto/tls"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"livechat/server/store"
)

// Logs out with different origins: those that may not are answered 403.
func TestOrigin(t *testing.T) {
	const cookie = "livechat_session=t"
	allowed := []string{"https://chat.example.org", "*"} // the star is ignored
	for name, test := range map[string]struct {
		host, origin, site, cookie string
		tls, secure                bool
		ok                         bool
	}{
		"own page": {host: "chat.test:8080", origin: "http://chat.test:8080",
			cookie: cookie, ok: true},
		"own page, as browsers say it": {host: "chat.test", origin: "http://chat.test",
			site: "same-origin", cookie: cookie, ok: true},
		"own page behind TLS": {host: "chat.test", origin: "https://chat.test", cookie: cookie,
			ok: true},
		"own page with TLS": {host: "chat.test", origin: "https://chat.test", cookie: cookie,
			tls: true, ok: true},
		"own page with TLS in front": {host: "chat.test", origin: "https://chat.test", cookie: cookie,
			secure: true, ok: true},
		"own port, said by the host": {host: "chat.test:443", origin: "https://chat.test",
			cookie: cookie, ok: true},
		"own host in capitals": {host: "Chat.Test:80", origin: "http://chat.test", cookie: cookie,
			ok: true},
		"IPv6": {host: "[::1]:8080", origin: "http://[::1]:8080", cookie: cookie,
			ok: true},
		"a page that is allowed": {host: "chat.test", origin: "https://chat.example.org",
			cookie: cookie, ok: true},
		"plain page of the host": {host: "chat.test", origin: "http://chat.test", cookie: cookie,
			tls: true},
		"plain page, TLS in front": {host: "chat.test", origin: "http://chat.test", cookie: cookie,
			secure: true},
		"another port": {host: "chat.test:8080", origin: "http://chat.test:1007",
			cookie: cookie},
		"the port left out":             {host: "chat.test:8080", origin: "http://chat.test", cookie: cookie},
		"the other scheme's port":       {host: "chat.test:80", origin: "https://chat.test", cookie: cookie},
		"another site":                  {host: "chat.test", origin: "https://evil.test", cookie: cookie},
		"another site without a cookie": {host: "chat.test", origin: "https://evil.test"},
		"a name that begins the same": {host: "chat.test", origin: "http://chat.test.evil.test",
			cookie: cookie},
		"a name that ends the same": {host: "chat.test", origin: "http://evilchat.test", cookie: cookie},
		"a name below":              {host: "chat.test", origin: "http://a.chat.test", cookie: cookie},
		"a page without an origin":  {host: "chat.test", origin: "null", cookie: cookie},
		"a star":                    {host: "chat.test", origin: "*", cookie: cookie},
		"the host alone":            {host: "chat.test", origin: "chat.test", cookie: cookie},
		"with a path":               {host: "chat.test", origin: "http://chat.test/", cookie: cookie},
		"with a user": {host: "chat.test", origin: "http://chat.test@chat.test",
			cookie: cookie},
		"another scheme": {host: "chat.test", origin: "ftp://chat.test", cookie: cookie},
		"nothing at all": {host: "", origin: "http://", cookie: cookie},
		"an allowed one, almost": {host: "chat.test", origin: "http://chat.example.org",
			cookie: cookie},
		"no browser":                    {host: "chat.test", ok: true},
		"no origin, own page":           {host: "chat.test", site: "same-origin", cookie: cookie, ok: true},
		"no origin, typed in":           {host: "chat.test", site: "none", cookie: cookie, ok: true},
		"no origin, same site":          {host: "chat.test", site: "same-site", cookie: cookie},
		"no origin, another site":       {host: "chat.test", site: "cross-site", cookie: cookie},
		"no origin, no cookie, another": {host: "chat.test", site: "cross-site"},
		"no origin, but a cookie":       {host: "chat.test", cookie: cookie},
		"no origin, another cookie":     {host: "chat.test", cookie: "theme=dark"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, func(o *Options) { o.AllowedOrigins, o.Secure = allowed, test.secure })
			r := httptest.NewRequest("POST", "/api/v1/logout/", nil)
			r.Host = test.host
			for header, value := range map[string]string{"Origin": test.origin, "Sec-Fetch-Site": test.site,
				"Cookie": test.cookie} {
				if value != "" {
					r.Header.Set(header, value)
				}
			}
			if test.tls {
				r.TLS = &tls.ConnectionState{}
			}
			w := httptest.NewRecorder()
			s.handler.ServeHTTP(w, r)
			if test.ok {
				want(t, w, 204, "")
				return
			}
			wantProblem(t, w, 403, "forbidden_origin")
			if len(s.asked) != 0 {
				t.Errorf("the accounts were called: %q", s.asked)
			}
		})
	}
}

func TestTwoOriginsAreForbidden(t *testing.T) {
	s := newSite(t, nil)
	r := httptest.NewRequest("POST", "/api/v1/logout/", nil)
	r.Header["Origin"] = []string{"http://example.com", "http://evil.test"}
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	wantProblem(t, w, 403, "forbidden_origin")
}

// Every route that changes something checks the origin, and no other does.
func TestAllChangesCheckTheOrigin(t *testing.T) {
	each(t, func(t *testing.T, s *site, ann *browser, method, path, body string, status int, _ bool) {
		w := s.ask(ann, method, path, body, "Origin: https://evil.test")
		if method == "GET" || method == "OPTIONS" {
			want(t, w, status, "*")
			if got := w.Header().Get("Access-Control-Allow-Origin"); got != "" {
				t.Errorf("another site may read it: %s", got)
			}
			return
		}
		wantProblem(t, w, 403, "forbidden_origin")
		changed := func(m store.Message) bool { return m.ID != anotherID || m.Text != "" || m.Deleted }
		if strings.Contains(strings.Join(s.asked, ""), "logout") ||
			slices.ContainsFunc(s.chats[0].messages, changed) {
			t.Error("the change was made")
		}
	})
}
