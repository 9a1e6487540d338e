package node

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"livechat/internal/testredis"
)

// A deleted private text is nowhere: in no feed of any server, answer of the
// API, export or dump, and not in Redis; also after Redis has lost everything.
func TestDeletedPrivateMeansGone(t *testing.T) {
	t.Parallel()
	onDatabases(t, deletedPrivateMeansGone)
}

// privates is ann and bob, who have a chat, and their feeds on two servers.
type privates struct {
	*testing.T
	nodes    []*Node
	redis    *testredis.Server
	database string
	users    [2]*apiUser
	chat     string
	feeds    [2]*peer
}

func deletedPrivateMeansGone(t *testing.T, database string) {
	r := testredis.New(t)
	r.Start()
	p := &privates{T: t, redis: r, database: database}
	for _, app := range []string{"1000", "2000"} {
		p.nodes = append(p.nodes, start(t, "REDIS_URL="+r.URL, database, "APPID="+app))
	}
	for i, name := range []string{"ann", "bob"} {
		p.users[i] = newAPIUser(t, p.nodes[i], name)
		p.users[i].register()
	}
	ann := p.users[0]
	p.chat = "/chats/" + ann.do(http.StatusCreated, "POST", "/chats/",
		map[string]string{"with": "bob"})["id"].(string) + "/"
	for i, u := range p.users {
		p.feeds[i] = u.socket(p.nodes[1-i], "/feed")
	}
	say := func(text string) string {
		id := ann.do(http.StatusCreated, "POST", p.chat+"messages/", map[string]string{"text": text})["id"].(string)
		return p.chat + "messages/" + id + "/"
	}
	first, second := say("the secret walrus"), say("kept")
	// An edit that comes before a text has left the database takes its place.
	p.tell("message 1 ann: the secret walrus", "message 2 ann: kept")
	ann.do(http.StatusOK, "PATCH", first, map[string]string{"text": "the secret badger"})
	ann.do(http.StatusOK, "PATCH", second, map[string]string{"text": "still kept"})
	p.tell("edit 1 ann: the secret badger", "edit 2 ann: still kept")
	ann.do(http.StatusNoContent, "DELETE", first, nil)
	p.tell("delete 1 ann: ")
	p.gone("deleted", 6)

	r.CLI("FLUSHALL")
	say("next")
	p.tell("message 3 ann: next")
	p.gone("flushed", 7)
}

// tell waits until both feeds have these events.
func (p *privates) tell(want ...string) {
	p.Helper()
	for _, feed := range p.feeds {
		for _, event := range want {
			feed.wantEvent(0, event)
		}
	}
}

// gone fails if the secret is anywhere. last is the newest seq of the feeds.
func (p *privates) gone(what string, last uint64) {
	p.Helper()
	gone := func(where, all string) {
		p.Helper()
		if strings.Contains(all, "secret") {
			p.Errorf("%s: %s has the text:\n%s", what, where, all)
		}
	}
	for i, u := range p.users {
		for _, path := range []string{p.chat, p.chat + "messages/", "/chats/"} {
			gone("GET "+path, fmt.Sprint(u.do(http.StatusOK, "GET", path, nil)))
		}
		if found := u.do(http.StatusOK, "GET", "/search/?q=secret", nil)["results"].([]any); len(found) > 0 {
			p.Errorf("%s: a search finds %v", what, found)
		}
		for k, n := range p.nodes {
			all := u.socket(n, fmt.Sprintf("/feed?after=%s:0", p.feeds[i].welcome.Epoch)).until(last)
			gone(fmt.Sprint("the feed on server ", k), all)
			for _, event := range []string{"message", "edit"} {
				if want := `"text":"","event":"` + event + `"`; strings.Count(all, want) != 1 {
					p.Errorf("%s: the feed on server %d has not one %s: %s", what, k, want, all)
				}
			}
			if !strings.Contains(all, "still kept") || strings.Count(all, `"deleted":true`) != 2 {
				p.Errorf("%s: the feed on server %d is %s", what, k, all)
			}
		}
	}
	gone("Redis", everythingIn(p.redis))
	var out bytes.Buffer
	if _, err := p.nodes[0].services.store.Export(p.Context(), &out); err != nil {
		p.Fatal(err)
	}
	gone("the export", out.String())
	gone("pg_dump", dumpOf(p.T, p.database))
}
