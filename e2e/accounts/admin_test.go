package accounts

import (
	"bytes"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"livechat/e2e/harness"
	"livechat/internal/localcluster"
	"livechat/internal/testapi"
	"livechat/internal/testpg"
)

// closedLoggedOut is the close code of a socket whose session has ended.
const closedLoggedOut = 4001

// An account is logged in on a phone that was stolen, and the owner has forgotten
// the password. The operator sets another one: no server takes the old session
// any more, its sockets are closed, and the new password logs in. The command has
// the database and nothing else.
func TestForgottenPassword(t *testing.T) {
	t.Parallel()
	database := testpg.New(t).Database()
	c := harness.Start(t, localcluster.Options{Servers: 2, API: 2, DB: database})
	var asked atomic.Int64 // the API server that gets thief's requests
	thief := &user{testapi.New(t, func() string { return "http://" + c.APIs[asked.Load()].Addr }), t}
	thief.must("POST", "/accounts/", map[string]string{"name": "ann", "password": testapi.Password})
	bob := register(t, c.APIs, "bob")
	feed := openSocket(t, thief, c.ServerURL(0)+"feed")
	room := openSocket(t, thief, c.ServerURL(1)+"ws")
	bobs := openSocket(t, bob, c.ServerURL(0)+"feed")

	password := strings.TrimSpace(
		command(t, database, "admin", "user", "passwd", "ann", "-reason", "stolen phone"))
	for i, api := range c.APIs {
		asked.Store(int64(i))
		status, answer, err := thief.Do(t.Context(), "GET", "/me/", nil)
		if err != nil || status != http.StatusUnauthorized {
			t.Errorf("%s takes the old session: %d %v, %v", api.Name, status, answer, err)
		}
	}
	for what, socket := range map[string]*websocket.Conn{"feed": feed, "socket of the room": room} {
		if err := untilClosed(t, socket, ""); !websocket.IsCloseError(err, closedLoggedOut) {
			t.Errorf("the %s has ended with %v", what, err)
		}
	}

	ann := &user{testapi.New(t, func() string { return "http://" + c.APIs[0].Addr }), t}
	status, answer, err := ann.Do(t.Context(), "POST", "/login/",
		map[string]string{"name": "ann", "password": testapi.Password})
	if err != nil || status != http.StatusUnauthorized {
		t.Errorf("the old password: %d %v, %v", status, answer, err)
	}
	ann.must("POST", "/login/", map[string]string{"name": "ann", "password": password})

	// For bob everything goes on.
	bob.must("GET", "/me/", nil)
	chat := ann.must("POST", "/chats/", map[string]string{"with": "bob"})["id"].(string)
	ann.must("POST", "/chats/"+chat+"/messages/", map[string]string{"text": "I am back"})
	if err := untilClosed(t, bobs, "I am back"); err != nil {
		t.Errorf("bob's feed: %v", err)
	}
	log := command(t, database, "admin", "audit", "-json")
	if strings.Contains(log, password) || !strings.Contains(log, `"action":"user.passwd"`) ||
		!strings.Contains(log, `"reason":"stolen phone"`) {
		t.Errorf("audit log: %s", log)
	}
}

// openSocket opens a feed, or a room under the name of the account.
func openSocket(t *testing.T, s *user, url string) *websocket.Conn {
	t.Helper()
	conn, err := openFeed(t.Context(), s, url, &deliveries{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// untilClosed reads a socket until a frame has a text, and returns nil, or until
// it ends, and returns why. It waits for half a minute.
func untilClosed(t *testing.T, conn *websocket.Conn, text string) error {
	t.Helper()
	if err := conn.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	for {
		_, frame, err := conn.ReadMessage()
		if err != nil || text != "" && bytes.Contains(frame, []byte(text)) {
			return err
		}
	}
}

// command runs the server's program as an operator does who has the database,
// and returns its output.
func command(t *testing.T, database string, args ...string) string {
	t.Helper()
	binary, err := harness.Binary()
	if err != nil {
		t.Fatal(err)
	}
	run := exec.CommandContext(harness.Within(t, time.Minute), binary, args...)
	run.Env = append(os.Environ(), "DATABASE_URL="+database, "REDIS_URL=")
	run.Stderr = t.Output()
	out, err := run.Output()
	if err != nil {
		t.Fatalf("%q: %v", args, err)
	}
	return string(out)
}
