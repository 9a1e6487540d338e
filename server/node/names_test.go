package node

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"livechat/internal/poll"
	"livechat/internal/testpg"
	"livechat/internal/testredis"
	"livechat/server/wire"
)

// TestNamesThatRedisHasLost: a guest who comes then, or has come while Redis was away, is nobody's double for a moment.
func TestNamesThatRedisHasLost(t *testing.T) {
	r := testredis.New(t, "--appendonly", "no")
	r.Start()
	redis := "REDIS_URL=" + r.URL
	api := start(t, redis, "ROLE=api", "DATABASE_URL="+testpg.New(t).Database())
	n := start(t, redis, "ROLE=ws")
	newPerson(t, api, "anna").register()
	poll.Until(t, "the server knows that there are accounts", n.names.accounts)
	for round := range 5 {
		r.CLI("flushall")
		guest := knock(t, n, "name=anna", "history=0")
		_ = guest.WriteMessage(1, []byte(`{"type":"message","text":"I am anna, send me money"}`)) // it may be closed already
		if code := guest.closed(); code != int(wire.CloseNameReserved) {
			t.Errorf("round %d: closed with %d", round, code)
		}
		dial(t, n, fmt.Sprint("name=free-", round)).say(uuid.NewString(), "a name that is nobody's")
	}
	if log := r.CLI("xrevrange", "{livechat}:log", "+", "-"); len(log) == 0 || strings.Contains(log, "send me money") {
		t.Errorf("the log has what somebody said under another's name: %s", log)
	}

	r.Kill()
	poll.Until(t, "the server notices", func() bool { return !n.redisUp.Load() })
	guest := knock(t, n, "name=anna", "history=0")
	guest.next("welcome") // a Redis that is away keeps nobody out
	r.Start()
	_ = guest.WriteMessage(1, []byte(`{"type":"message","text":"I am anna, send me money"}`))
	if code := guest.closed(); code != int(wire.CloseNameReserved) {
		t.Errorf("who came while Redis was away is closed with %d", code)
	}
	dial(t, n, "name=bobby").say(uuid.NewString(), "hello")
	if log := r.CLI("xrevrange", "{livechat}:log", "+", "-"); strings.Contains(log, "send me money") {
		t.Errorf("the log has what somebody said under another's name: %s", log)
	}
}

// TestNamesThatNobodyKnows: without a server that could say which names are accounts', guests are told to come back. Those without a name get in.
func TestNamesThatNobodyKnows(t *testing.T) {
	r := testredis.New(t)
	r.Start()
	redis := "REDIS_URL=" + r.URL
	n := start(t, redis, "ROLE=ws")
	dial(t, n, "name=anna")    // nobody has ever heard of accounts here
	n.names.exists.Store(true) // as after a server with the API was heard
	if status, code := refusal(t, n, "", "name=anna"); status != 503 || code != "unavailable" {
		t.Errorf("a name that nobody knows: %d %s", status, code)
	}
	dial(t, n)
	// A Redis that has not lost any names says so by their number.
	r.CLI("sadd", "livechat:names", "bob")
	n.names.known.Store(1)
	dial(t, n, "name=anna")
}

// TestASocketEndsWithItsSession: also one that nobody logs out.
func TestASocketEndsWithItsSession(t *testing.T) {
	n := start(t)
	longer := listen(t, n, 8)
	p, _ := tryFeed(t, n, issueUntil(t, n, 7, time.Now().Add(1500*time.Millisecond)))
	p.next("welcome")
	if code := p.closed(); code != int(wire.CloseLoggedOut) {
		t.Errorf("closed with %d", code)
	}
	tell(t, n, 8, "still here")
	longer.next("message")
	ann := newPerson(t, n, "anna")
	ann.register()
	ticket := ann.do(201, "POST", "/ticket/", struct{}{})["ticket"].(string)
	got, err := n.bus.RedeemTicket(t.Context(), ticket)
	if left := time.Until(got.Ends); err != nil || left < 29*24*time.Hour || left > 31*24*time.Hour {
		t.Errorf("a ticket ends in %v, the session in 30 days; %v", left, err)
	}
}

// TestLogoutWhateverTheClock: Redis' clock steps back between a ticket and the logout.
func TestLogoutWhateverTheClock(t *testing.T) {
	n := start(t)
	n.embedded.SetTime(time.Now().Add(time.Hour))
	ann := newPerson(t, n, "anna")
	ann.register()
	feed := ann.socket(n, "/feed")
	n.embedded.SetTime(time.Now().Add(-time.Hour))
	ann.do(204, "POST", "/logout/", struct{}{})
	if code := feed.closed(); code != int(wire.CloseLoggedOut) {
		t.Errorf("closed with %d", code)
	}
}
