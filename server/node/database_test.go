package node

import (
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"livechat/internal/poll"
	"livechat/internal/testapi"
	"livechat/internal/testlog"
	"livechat/internal/testpg"
)

// While PostgreSQL is away the room goes on, and all that needs it says that it can be tried again. Then everything is as if nothing had been.
func TestDatabaseAway(t *testing.T) {
	db := testpg.New(t)
	var log testlog.Buffer
	n := startLogging(t, slog.NewTextHandler(&log, nil), "DATABASE_URL="+db.Database())
	poll.Until(t, "the node is ready", func() bool { status, _ := n.readiness(); return status == http.StatusOK })
	ann, bob := newPerson(t, n, "ann"), newPerson(t, n, "bob")
	ann.register()
	bob.register()
	chat := "/chats/" + ann.do(http.StatusCreated, "POST", "/chats/", map[string]string{"with": "bob"})["id"].(string) + "/"
	ann.do(http.StatusCreated, "POST", chat+"messages/", map[string]string{"text": "before"})
	feed := bob.socket(n, "/feed")
	room := dial(t, n, "name=guest", "history=0")
	wantDatabase(t, n, "up")

	db.Kill()
	post := map[string]string{"id": uuid.NewString(), "text": "meanwhile"}
	password := map[string]string{"name": "eve", "password": testapi.Password}
	for i := range 20 { // more than there are connections in the pool, each of which finds out by itself
		for _, r := range []struct {
			method, path string
			body         any
		}{
			{"POST", chat + "messages/", post}, {"GET", chat + "messages/", nil}, {"GET", "/chats/", nil}, {"POST", "/chats/", map[string]string{"with": "bob"}},
			{"GET", "/me/", nil}, {"GET", "/search/?q=before", nil}, {"GET", "/rooms/livechat/messages/", nil}, {"POST", "/ticket/", nil},
			{"POST", "/login/", map[string]string{"name": fmt.Sprint("ann-", i), "password": testapi.Password}}, {"POST", "/accounts/", password},
		} {
			if got := ann.do(http.StatusServiceUnavailable, r.method, r.path, r.body)["code"]; got != "unavailable" {
				t.Fatalf("%s %s: code %v", r.method, r.path, got)
			}
		}
	}
	wantDatabase(t, n, "down")
	if status, _ := n.readiness(); status != http.StatusOK {
		t.Errorf("readiness is %d while the database is away", status)
	}
	room.send("the room goes on")
	if e := room.next("message"); e.Text != "the room goes on" {
		t.Errorf("heard %+v", e)
	}

	if warnings := strings.Count(log.String(), "level=WARN") + strings.Count(log.String(), "level=ERROR"); warnings != 1 {
		t.Errorf("%d warnings of 200 refused requests, want the one of the outage:\n%s", warnings, log.String())
	}

	db.Start()
	wantDatabase(t, n, "up")
	ann.do(http.StatusCreated, "POST", chat+"messages/", post)
	feed.hears(1, "message 2 ann: meanwhile")
	poll.Until(t, "the archive has caught up", func() bool {
		messages := ann.do(http.StatusOK, "GET", "/rooms/livechat/messages/", nil)["messages"].([]any)
		return slices.ContainsFunc(messages, func(m any) bool { return m.(map[string]any)["text"] == "the room goes on" })
	})
}

// wantDatabase waits until /readyz says this about the database.
func wantDatabase(t *testing.T, n *Node, want string) {
	t.Helper()
	poll.Until(t, "the database is "+want, func() bool { _, body := n.readiness(); return body.Database == want })
}
