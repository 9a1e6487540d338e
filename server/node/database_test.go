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

// While PostgreSQL is down the room continues, and every request that needs it
// is refused as retryable. Afterwards everything works again.
func TestDatabaseDown(t *testing.T) {
	db := testpg.New(t)
	var log testlog.Buffer
	n := startLogging(t, slog.NewTextHandler(&log, nil), "DATABASE_URL="+db.Database())
	poll.Until(t, "the node is ready",
		func() bool { status, _ := n.readiness(); return status == http.StatusOK })
	ann, bob := newAPIUser(t, n, "ann"), newAPIUser(t, n, "bob")
	ann.register()
	bob.register()
	chat := "/chats/" + ann.do(http.StatusCreated, "POST", "/chats/",
		map[string]string{"with": "bob"})["id"].(string) + "/"
	ann.do(http.StatusCreated, "POST", chat+"messages/", map[string]string{"text": "before"})
	feed := bob.socket(n, "/feed")
	room := dial(t, n, "name=guest", "history=0")
	wantDatabase(t, n, "up")

	db.Kill()
	post := map[string]string{"id": uuid.NewString(), "text": "meanwhile"}
	password := map[string]string{"name": "eve", "password": testapi.Password}
	for i := range 20 { // more than the pool has connections, each of which fails separately
		for _, r := range []struct {
			method, path string
			body         any
		}{
			{"POST", chat + "messages/", post}, {"GET", chat + "messages/", nil},
			{"GET", "/chats/", nil}, {"POST", "/chats/", map[string]string{"with": "bob"}},
			{"GET", "/me/", nil}, {"GET", "/search/?q=before", nil},
			{"GET", "/rooms/livechat/messages/", nil}, {"POST", "/ticket/", nil},
			{"POST", "/login/", map[string]string{"name": fmt.Sprint("ann-", i), "password": testapi.Password}},
			{"POST", "/accounts/", password},
		} {
			if got := ann.do(http.StatusServiceUnavailable, r.method, r.path, r.body)["code"]; got != "unavailable" {
				t.Fatalf("%s %s: code %v", r.method, r.path, got)
			}
		}
	}
	wantDatabase(t, n, "down")
	// On a busy machine the server may be isolated from Redis for a moment.
	poll.Until(t, "the server is ready though the database is down",
		func() bool { status, body := n.readiness(); return status == http.StatusOK && body.Database == "down" })
	room.send("the room goes on")
	if e := room.next("message"); e.Text != "the room goes on" {
		t.Errorf("received %+v", e)
	}

	if warnings := strings.Count(log.String(), "level=WARN") +
		strings.Count(log.String(), "level=ERROR"); warnings != 1 {
		t.Errorf("%d warnings of 200 refused requests, want the one of the outage:\n%s", warnings,
			log.String())
	}

	db.Start()
	wantDatabase(t, n, "up")
	ann.do(http.StatusCreated, "POST", chat+"messages/", post)
	feed.wantEvent(1, "message 2 ann: meanwhile")
	poll.Until(t, "the archive has caught up", func() bool {
		messages := ann.do(http.StatusOK, "GET", "/rooms/livechat/messages/", nil)["messages"].([]any)
		return slices.ContainsFunc(messages,
			func(m any) bool { return m.(map[string]any)["text"] == "the room goes on" })
	})
}

// wantDatabase waits until /readyz reports this state of the database.
func wantDatabase(t *testing.T, n *Node, want string) {
	t.Helper()
	poll.Until(t, "the database is "+want,
		func() bool { _, body := n.readiness(); return body.Database == want })
}

// TestWaitsForADatabaseThatIsNotUp: a server that starts while PostgreSQL is
// down or starting waits for it, and says so once.
func TestWaitsForADatabaseThatIsNotUp(t *testing.T) {
	t.Parallel()
	db := testpg.New(t)
	url := db.Database()
	db.Kill()
	var log testlog.Buffer
	up := make(chan struct{})
	go func() {
		defer close(up)
		poll.Until(t, "the server waits", func() bool {
			return strings.Contains(log.String(), "database: waiting for it")
		})
		db.Start()
	}()
	n := startLogging(t, slog.NewTextHandler(&log, nil), "DATABASE_URL="+url)
	<-up
	wantDatabase(t, n, "up")
	if told := strings.Count(log.String(), "database: waiting for it"); told != 1 {
		t.Errorf("said %d times that it waits", told)
	}
}
