package node

import (
	"log/slog"
	"net/http"
	"path/filepath"
	"testing"

	"livechat/internal/poll"
	"livechat/internal/testapi"
	"livechat/internal/testredis"
	"livechat/server/wire"
)

// TestLogoutWhileRedisIsDown: sessions end in the database while Redis is down,
// and their sockets once it is back, even if the API server that was asked has
// been replaced by then.
func TestLogoutWhileRedisIsDown(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		end  func(p *apiUser)
		over int // the status of a request with the session afterwards
	}{
		"logout": {
			func(p *apiUser) { p.do(http.StatusNoContent, "POST", "/logout/", struct{}{}) },
			http.StatusUnauthorized,
		},
		"logout everywhere": {
			func(p *apiUser) { p.do(http.StatusNoContent, "POST", "/logout-everywhere/", struct{}{}) },
			http.StatusUnauthorized,
		},
		"password": {func(p *apiUser) {
			p.do(http.StatusNoContent, "POST", "/me/password/",
				map[string]string{"old": testapi.Password, "new": "another " + testapi.Password})
		}, http.StatusOK}, // with a new session for this browser
		"account": {func(p *apiUser) {
			p.do(http.StatusNoContent, "DELETE", "/me/", map[string]string{"password": testapi.Password})
		}, http.StatusUnauthorized},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			r := testredis.New(t)
			r.Start()
			settings := []string{
				"REDIS_URL=" + r.URL,
				"ROLE=api",
				"DATABASE_URL=sqlite:" + filepath.Join(t.TempDir(), "livechat.db"),
			}
			api, sockets := startUnowned(
				t,
				slog.DiscardHandler,
				settings...), start(
				t,
				"REDIS_URL="+r.URL,
				"ROLE=ws",
				"DATABASE_URL=",
			)
			poll.Until(t, "the API is ready",
				func() bool { status, _ := api.readiness(); return status == http.StatusOK })
			ann := newAPIUser(t, api, "anna")
			ann.register()
			feed := ann.socket(sockets, "/feed")

			r.Kill()
			poll.Until(t, "the server notices", func() bool { return !api.redisUp.Load() })
			c.end(ann)
			ann.do(c.over, "GET", "/me/", nil)
			stop(t, api)
			r.Start()
			start(t, settings...)
			if code := feed.closed(); code != int(wire.CloseLoggedOut) {
				t.Errorf("the socket was closed with %d", code)
			}
		})
	}
}
