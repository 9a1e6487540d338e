package node

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/gorilla/websocket"

	"livechat/internal/poll"
	"livechat/internal/testapi"
	"livechat/internal/testredis"
	"livechat/server/wire"
)

// deployment is where a test runs: the API, and two servers with sockets.
type deployment struct{ api, first, second *Node }

// onDeployments runs a test on one standalone process, and on separate servers
// for API and sockets, with PostgreSQL and Redis, while others run.
func onDeployments(t *testing.T, tell func(t *testing.T, p deployment)) {
	t.Parallel()
	t.Run("alone", func(t *testing.T) {
		t.Parallel()
		n := start(t)
		tell(t, deployment{n, n, n})
	})
	t.Run("apart", func(t *testing.T) {
		t.Parallel()
		r := testredis.New(t)
		r.Start()
		redis, db := "REDIS_URL="+r.URL, "DATABASE_URL="+postgres.Database(t)
		tell(t, deployment{
			start(t, redis, db, "ROLE=api", "APPID=api"),
			start(t, redis, "ROLE=ws", "APPID=1000"),
			start(t, redis, "ROLE=ws", "APPID=2000"),
		})
	})
}

// A private chat: one user writes while the other is offline; then both write,
// on different servers.
func TestPrivateChat(t *testing.T) {
	onDeployments(t, func(t *testing.T, p deployment) {
		ann, bob, eve := newAPIUser(t, p.api, "ann"), newAPIUser(t, p.api, "bob"), newAPIUser(t, p.api, "eve")
		for _, who := range []*apiUser{ann, bob, eve} {
			who.register()
		}
		bob.do(http.StatusNoContent, "POST", "/logout/", struct{}{})
		bob.do(http.StatusUnauthorized, "GET", "/me/", nil)

		chat := ann.do(http.StatusCreated, "POST", "/chats/", map[string]string{"with": "bob"})["id"].(string)
		if again := ann.do(http.StatusOK, "POST", "/chats/",
			map[string]string{"with": "Bob"})["id"]; again != chat {
			t.Errorf("the same two have another chat: %v and %v", again, chat)
		}
		messages := "/chats/" + chat + "/messages/"
		id := uuid.NewString()
		for _, status := range []int{http.StatusCreated, http.StatusOK} { // sent twice, stored once
			ann.do(status, "POST", messages, map[string]string{"id": id, "text": "are you there?"})
		}
		ann.do(http.StatusCreated, "POST", messages, map[string]string{"text": "call me"})

		bob.login()
		list := bob.do(http.StatusOK, "GET", "/chats/", nil)["chats"].([]any)
		if c := list[0].(map[string]any); len(list) != 1 || c["unread"] != 2.0 ||
			c["last"].(map[string]any)["text"] != "call me" ||
			c["with"].(map[string]any)["name"] != "ann" {
			t.Errorf("bob's chats: %v", list)
		}
		if got := bob.do(http.StatusOK, "GET", messages, nil)["messages"].([]any); len(got) != 2 ||
			got[0].(map[string]any)["text"] != "are you there?" {
			t.Errorf("bob's messages: %v", got)
		}

		atBobs, atAnns, tab := bob.socket(p.first, "/feed"), ann.socket(p.second, "/feed"), ann.socket(
			p.first,
			"/feed",
		)
		bob.do(http.StatusCreated, "POST", messages, map[string]string{"text": "here I am"})
		ann.do(http.StatusCreated, "POST", messages, map[string]string{"text": "at last"})
		bob.do(http.StatusOK, "POST", "/chats/"+chat+"/read/", map[string]int{"n": 4})
		for _, s := range []*peer{atBobs, atAnns, tab} {
			s.wantEvent(2, "message 3 bob: here I am")
			s.wantEvent(2, "message 4 ann: at last")
			s.wantEvent(2, "read 4 bob: ")
		}
		if c := ann.do(http.StatusOK, "GET", "/chats/"+chat+"/", nil); c["other_read"] != 4.0 ||
			c["unread"] != 1.0 {
			t.Errorf("ann's chat: %v", c)
		}

		for _, path := range []string{"/chats/" + chat + "/", messages} {
			eve.do(http.StatusNotFound, "GET", path, nil)
		}
		eve.do(http.StatusNotFound, "POST", messages, map[string]string{"text": "let me in"})
		eve.do(http.StatusNotFound, "POST", "/chats/"+chat+"/read/", map[string]int{"n": 1})

		ann.do(http.StatusNoContent, "POST", "/logout/", struct{}{})
		for _, s := range []*peer{atAnns, tab} {
			if code := s.closed(); code != int(wire.CloseLoggedOut) {
				t.Errorf("ann's socket was closed with %d", code)
			}
		}
	})
}

// A guest who uses a name when it is registered has to leave.
func TestGuestsLeaveARegisteredName(t *testing.T) {
	onDeployments(t, func(t *testing.T, p deployment) {
		early, alike, other := dial(t, p.second, "name=Bob"), dial(t, p.first, "name=b0b"), dial(t,
			p.second, "name=bobby")
		bob := newAPIUser(t, p.api, "bob")
		bob.register()
		self := bob.socket(p.second, "/ws")
		for _, guest := range []*peer{early, alike} {
			if e := guest.nextError(); e.Code != "name_reserved" {
				t.Errorf("a guest as %s: %+v", guest.welcome.Name, e)
			}
			if code := guest.closed(); code != int(wire.CloseNameReserved) {
				t.Errorf("a guest as %s was closed with %d", guest.welcome.Name, code)
			}
		}
		self.send("it is me")
		if m := other.next("message"); m.Name != "bob" || m.Text != "it is me" {
			t.Errorf("the room received %+v", m)
		}
	})
}

// Only the owner of a registered name may use it.
func TestReservedNamesAreRefused(t *testing.T) {
	onDeployments(t, func(t *testing.T, p deployment) {
		bob := newAPIUser(t, p.api, "bob")
		bob.register()
		for _, name := range []string{"bob", "Bob", "b0b", "bоb" /* the second letter is Cyrillic */, "bⵔb",
			"admin", "You"} {
			conn, resp, err := websocket.DefaultDialer.DialContext(t.Context(),
				address(p.second, "name="+name), nil)
			if err != nil {
				t.Fatal(err)
			}
			_ = resp.Body.Close()
			guest := &peer{Conn: conn, t: t}
			guest.deadline(pollTime)
			if e := guest.nextError(); e.Code != "name_reserved" {
				t.Errorf("a guest as %s: %+v", name, e)
			}
			want := wire.CloseNameReserved
			if name == "admin" || name == "You" {
				want = wire.CloseNameKept
			}
			if code := guest.closed(); code != int(want) {
				t.Errorf("a guest as %s was closed with %d", name, code)
			}
			_ = conn.Close()
		}
		guest := dial(t, p.second, "name=bobby")
		self := bob.socket(p.first, "/ws?name=somebody")
		if self.welcome.Name != "bob" {
			t.Errorf("bob is %q", self.welcome.Name)
		}
		self.send("it is me")
		if m := guest.next("message"); m.Name != "bob" || m.Text != "it is me" {
			t.Errorf("the room received %+v", m)
		}
		twin := newAPIUser(t, p.api, "b0b")
		twin.do(http.StatusConflict, "POST", "/accounts/",
			map[string]string{"name": twin.name, "password": testapi.Password})
	})
}

// Everybody finds messages of the default room; only the two participants find
// those of a chat.
func TestArchiveAndSearch(t *testing.T) {
	onDeployments(t, func(t *testing.T, p deployment) {
		ann, bob, eve := newAPIUser(t, p.api, "ann"), newAPIUser(t, p.api, "bob"), newAPIUser(t, p.api, "eve")
		for _, who := range []*apiUser{ann, bob, eve} {
			who.register()
		}
		guest := dial(t, p.first, "name=somebody")
		for i := range 10 {
			guest.send(fmt.Sprintf("a walrus number %d", i))
		}
		chat := ann.do(http.StatusCreated, "POST", "/chats/", map[string]string{"with": "bob"})["id"].(string)
		ann.do(http.StatusCreated, "POST", "/chats/"+chat+"/messages/",
			map[string]string{"text": "our own walrus"})

		var rows []any
		poll.Until(t, "the room is in the archive", func() bool {
			rows = eve.do(http.StatusOK, "GET", "/rooms/livechat/messages/?limit=100", nil)["messages"].([]any)
			return len(rows) >= 10
		})
		for i, row := range rows {
			if m := row.(map[string]any); m["seq"] != float64(i+1) ||
				m["text"] != fmt.Sprintf("a walrus number %d", i) ||
				m["name"] != "somebody" {
				t.Errorf("row %d: %v", i, m)
			}
		}
		for who, want := range map[*apiUser]int{ann: 11, bob: 11, eve: 10} {
			if found := who.do(http.StatusOK, "GET", "/search/?q=walrus&limit=50", nil)["results"].([]any); len(
				found,
			) != want {
				t.Errorf("%s finds %d messages, want %d", who.name, len(found), want)
			}
		}
		if strings.Contains(fmt.Sprint(eve.do(http.StatusOK, "GET", "/search/?q=own", nil)), "our own") {
			t.Error("eve finds what is not for her")
		}
	})
}

// The archive keeps as much as the settings say.
func TestArchiveExpires(t *testing.T) {
	t.Parallel()
	db := "DATABASE_URL=sqlite:" + filepath.Join(t.TempDir(), "livechat.db")
	before := start(t, db)
	guest := dial(t, before, "name=somebody")
	for i := range 10 {
		guest.send(fmt.Sprint("message ", i))
	}
	ann := newAPIUser(t, before, "ann")
	count := func() int {
		return len(
			ann.do(http.StatusOK, "GET", "/rooms/livechat/messages/?limit=100", nil)["messages"].([]any),
		)
	}
	poll.Until(t, "the room is in the archive", func() bool { return count() == 10 })
	if err := before.Shutdown(t.Context()); err != nil { // the file belongs to one server
		t.Fatal(err)
	}
	ann.base = "http://" + start(t, db, "ARCHIVE_COUNT=3").Addr()
	poll.Until(t, "the archive is as short as it is to be", func() bool { return count() == 3 })
}
