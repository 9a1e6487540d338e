package node

import (
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"livechat/internal/poll"
	"livechat/internal/testredis"
	"livechat/server/wire"
)

// TestGuestsCannotUseNamesThatRedisLost: a guest who connects then, or
// connected while Redis was down, cannot pose as an account even for a moment.
func TestGuestsCannotUseNamesThatRedisLost(t *testing.T) {
	t.Parallel()
	r := testredis.New(t, "--appendonly", "no")
	r.Start()
	redis := "REDIS_URL=" + r.URL
	api := start(t, redis, "ROLE=api", "DATABASE_URL="+postgres.Database(t))
	n := start(t, redis, "ROLE=ws")
	newAPIUser(t, api, "anna").register()
	poll.Until(t, "the server knows that there are accounts", n.names.Accounts)
	for round := range 5 {
		r.CLI("flushall")
		guest := dialAny(t, n, "name=anna", "history=0")
		_ = guest.WriteMessage(1,
			[]byte(`{"type":"message","text":"I am anna, send me money"}`)) // it may be closed already
		if code := guest.closed(); code != int(wire.CloseNameReserved) {
			t.Errorf("round %d: closed with %d", round, code)
		}
		dial(t, n, fmt.Sprint("name=free-", round)).sendAs(uuid.NewString(), "a name that is nobody's")
	}
	if log := r.CLI("xrevrange", "{livechat}:log", "+", "-"); len(log) == 0 ||
		strings.Contains(log, "send me money") {
		t.Errorf("the log has a message under an account's name: %s", log)
	}

	r.Kill()
	poll.Until(t, "the server notices", func() bool { return !n.redisUp.Load() })
	guest := dialAny(t, n, "name=anna", "history=0")
	guest.next("welcome") // while Redis is down nobody is refused
	r.Start()
	_ = guest.WriteMessage(1, []byte(`{"type":"message","text":"I am anna, send me money"}`))
	if code := guest.closed(); code != int(wire.CloseNameReserved) {
		t.Errorf("the guest who connected while Redis was down is closed with %d", code)
	}
	dial(t, n, "name=bobby").sendAs(uuid.NewString(), "hello")
	if log := r.CLI("xrevrange", "{livechat}:log", "+", "-"); strings.Contains(log, "send me money") {
		t.Errorf("the log has a message under an account's name: %s", log)
	}
}

// TestGuestsWaitWhileReservedNamesAreUnknown: while no server can say which
// names belong to accounts, guests with a name are told to come back. Guests
// without one get in.
func TestGuestsWaitWhileReservedNamesAreUnknown(t *testing.T) {
	t.Parallel()
	r := testredis.New(t)
	r.Start()
	redis := "REDIS_URL=" + r.URL
	n := start(t, redis, "ROLE=ws")
	dial(t, n, "name=anna") // there are no accounts yet
	api := startUnowned(t, slog.DiscardHandler, redis, "ROLE=api", "DATABASE_URL="+postgres.Database(t))
	poll.Until(t, "the API is ready",
		func() bool { status, _ := api.readiness(); return status == http.StatusOK })
	newAPIUser(t, api, "bobby").register()
	poll.Until(t, "the server knows that there are accounts", n.names.Accounts)
	poll.Until(t, "all names are known", func() bool {
		all, err := n.auth.HasNames(t.Context())
		return err == nil && all.Whole && all.Count == 1
	})
	dial(t, n, "name=anna")
	stop(t, api)
	r.CLI("flushall")
	if status, code := refusal(t, n, "", "name=anna"); status != 503 || code != "unavailable" {
		t.Errorf("while names are unknown: %d %s", status, code)
	}
	dial(t, n)
	// A Redis that has lost no names shows it by their number.
	r.CLI("sadd", "livechat:names", "bob")
	dial(t, n, "name=anna")
}

// TestSocketEndsWithItsSession: a socket also ends when its session expires.
func TestSocketEndsWithItsSession(t *testing.T) {
	n := start(t)
	longer := openFeed(t, n, 8)
	p, _ := tryFeed(t, n, issueUntil(t, n, 7, time.Now().Add(1500*time.Millisecond)))
	p.next("welcome")
	if code := p.closed(); code != int(wire.CloseLoggedOut) {
		t.Errorf("closed with %d", code)
	}
	publishEvent(t, n, 8, "still here")
	longer.next("message")
	ann := newAPIUser(t, n, "anna")
	ann.register()
	ticket := ann.do(201, "POST", "/ticket/", struct{}{})["ticket"].(string)
	got, err := n.auth.RedeemTicket(t.Context(), ticket)
	if left := time.Until(got.Ends); err != nil || left < 29*24*time.Hour || left > 31*24*time.Hour {
		t.Errorf("a ticket ends in %v, the session in 30 days; %v", left, err)
	}
}

// TestLogoutWhenRedisClockStepsBack: Redis' clock steps back between ticket and
// logout.
func TestLogoutWhenRedisClockStepsBack(t *testing.T) {
	n := start(t)
	n.embedded.SetTime(time.Now().Add(time.Hour))
	ann := newAPIUser(t, n, "anna")
	ann.register()
	feed := ann.socket(n, "/feed")
	n.embedded.SetTime(time.Now().Add(-time.Hour))
	ann.do(204, "POST", "/logout/", struct{}{})
	if code := feed.closed(); code != int(wire.CloseLoggedOut) {
		t.Errorf("closed with %d", code)
	}
}
