package node

import (
	"fmt"
	"net/http"
	"testing"
)

// Somebody blocks another account over HTTP: in both databases the two cannot
// write to each other, and nothing is told to the other feed.
func TestBlocks(t *testing.T) {
	t.Parallel()
	for name, database := range map[string]func() string{
		"sqlite":   func() string { return "sqlite::memory:" },
		"postgres": func() string { return postgres.Database(t) },
	} {
		t.Run(name, func(t *testing.T) {
			n := start(t, "DATABASE_URL="+database())
			ann, bob := newAPIUser(t, n, "ann"), newAPIUser(t, n, "bob")
			ann.register()
			bob.register()
			id := ann.do(http.StatusCreated, "POST", "/chats/",
				map[string]string{"with": "bob"})["id"].(string)
			one := "/chats/" + id + "/"
			ann.do(http.StatusCreated, "POST", one+"messages/", map[string]string{"text": "one"})
			feed := ann.socket(n, "/feed")
			ann.do(http.StatusNoContent, "PUT", "/blocks/bob/", nil)
			for user, code := range map[*apiUser]string{bob: "cannot_write", ann: "blocking"} {
				answer := user.do(http.StatusForbidden, "POST", one+"messages/",
					map[string]string{"text": "x"})
				if answer["code"] != code {
					t.Errorf("%s: %v", user.name, answer)
				}
			}
			bob.do(http.StatusOK, "POST", one+"read/", map[string]int{"n": 1})
			bob.do(http.StatusNoContent, "POST", one+"typing/", nil)
			if c := ann.do(http.StatusOK, "GET", one, nil); c["other_read"] != 0.0 || c["blocking"] != true {
				t.Errorf("ann sees %v", c)
			}
			if c := bob.do(http.StatusOK, "GET", one, nil); c["blocking"] != nil {
				t.Errorf("bob sees %v", c)
			}
			list := ann.do(http.StatusOK, "GET", "/blocks/", nil)
			if got := fmt.Sprint(list["blocks"]); len(list["blocks"].([]any)) != 1 || list["next"] != nil {
				t.Errorf("blocks: %s", got)
			}
			ann.do(http.StatusNoContent, "DELETE", "/blocks/bob/", nil)
			bob.do(http.StatusCreated, "POST", one+"messages/", map[string]string{"text": "two"})
			// Before it the feed has no read mark and no typing of bob.
			for e := feed.any(); ; e = feed.any() {
				if e.Name != "bob" {
					continue
				}
				if e.Type != "message" || e.Text != "two" {
					t.Errorf("ann is told of %+v", e)
				}
				break
			}
		})
	}
}

// The chats that an account opens are limited; those that it has are not.
func TestNewChatsHaveARate(t *testing.T) {
	t.Parallel()
	n := start(t, "CHATS_HOUR=1", "REGISTER_RATE=0")
	ann, bob, eve := newAPIUser(t, n, "ann"), newAPIUser(t, n, "bob"), newAPIUser(t, n, "eve")
	for _, u := range []*apiUser{ann, bob, eve} {
		u.register()
	}
	ann.do(http.StatusCreated, "POST", "/chats/", map[string]string{"with": "bob"})
	if answer := ann.do(http.StatusTooManyRequests, "POST", "/chats/",
		map[string]string{"with": "eve"}); answer["code"] != "rate_limited" {
		t.Errorf("the second: %v", answer)
	}
	ann.do(http.StatusOK, "POST", "/chats/", map[string]string{"with": "bob"})
	eve.do(http.StatusCreated, "POST", "/chats/", map[string]string{"with": "ann"})
	wantMetrics(t, n, map[string]float64{`livechat_rate_limited_total{limit="chats"}`: 1})
}
