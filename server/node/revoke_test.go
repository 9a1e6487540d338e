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

// TestLoggingOutWithoutRedis: sessions end in the database while Redis is away, and
// the sockets when it is back, even if the server that was asked is another one by
// then.
func TestLoggingOutWithoutRedis(t *testing.T) {
	for what, c := range map[string]struct {
		end  func(p *person)
		over int // what the session is afterwards
	}{
		"logout":            {func(p *person) { p.do(http.StatusNoContent, "POST", "/logout/", struct{}{}) }, http.StatusUnauthorized},
		"logout everywhere": {func(p *person) { p.do(http.StatusNoContent, "POST", "/logout-everywhere/", struct{}{}) }, http.StatusUnauthorized},
		"password": {func(p *person) {
			p.do(http.StatusNoContent, "POST", "/me/password/", map[string]string{"old": testapi.Password, "new": "another " + testapi.Password})
		}, http.StatusOK}, // with a new session for this browser
		"account": {func(p *person) {
			p.do(http.StatusNoContent, "DELETE", "/me/", map[string]string{"password": testapi.Password})
		}, http.StatusUnauthorized},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			r := testredis.New(t)
			r.Start()
			settings := []string{"REDIS_URL=" + r.URL, "ROLE=api", "DATABASE_URL=sqlite:" + filepath.Join(t.TempDir(), "livechat.db")}
			api, sockets := startUnowned(t, slog.DiscardHandler, settings...), start(t, "REDIS_URL="+r.URL, "ROLE=ws", "DATABASE_URL=")
			poll.Until(t, "the API is ready", func() bool { status, _ := api.readiness(); return status == http.StatusOK })
			ann := newPerson(t, api, "anna")
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
