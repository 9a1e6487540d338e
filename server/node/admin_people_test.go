package node

import (
	"net/http"
	"strings"
	"testing"

	"livechat/internal/poll"
	"livechat/internal/testredis"
	"livechat/server/wire"
)

// An admin at a process without sockets sees who is connected to which server,
// and closes one connection, or all of somebody, wherever they are.
func TestAdminClosesConnections(t *testing.T) {
	t.Parallel()
	r := testredis.New(t)
	r.Start()
	database := "DATABASE_URL=" + postgres.Database(t)
	settings := []string{"REDIS_URL=" + r.URL, database}
	api := start(t, append(settings, "ROLE=api", "APPID=api")...)
	one := start(t, append(settings, "ROLE=ws", "APPID=1000")...)
	two := start(t, append(settings, "ROLE=ws", "APPID=2000")...)
	ann := newAdmin(t, api, "anna")
	const key = "0123456789abcdef0123456789abcdef"
	gus := dialAs(t, one, key, "name=gus", "room=den")
	gone := dialAs(t, two, key, "name=gus again", "room=hall")
	eve := dial(t, two, "name=eve", "room=den")
	feed := ann.socket(one, "/feed")

	list := func(query string) (said string) {
		for _, c := range ann.list("/admin/connections/"+query, "connections") {
			room, _ := c["room"].(string)
			said += c["name"].(string) + "@" + room + "/" + c["app"].(string) + " "
		}
		return said
	}
	poll.Until(t, "the API knows both servers",
		func() bool { return len(ann.list("/admin/servers/", "servers")) == 3 })
	for query, want := range map[string]string{
		"": "anna@/1000 eve@den/2000 gus@den/1000 gus again@hall/2000 ", "?room=den": "eve@den/2000 gus@den/1000 ",
		"?server=2000&q=GUS": "gus again@hall/2000 ", "?q=nobody": "",
	} {
		if got := list(query); got != want {
			t.Errorf("%q: %s, want %s", query, got, want)
		}
	}
	var guest, session string
	for _, c := range ann.list("/admin/connections/", "connections") {
		switch c["name"] {
		case "gus":
			guest = c["person"].(string)
		case "eve":
			session = c["session"].(string)
		}
	}
	if session != eve.welcome.Session {
		t.Errorf("the session of eve is %s, want %s", session, eve.welcome.Session)
	}
	poll.Until(t, "the rooms have people", func() bool {
		rooms := ann.list("/admin/rooms/?q=den", "rooms")
		return len(rooms) == 1 && rooms[0]["online"] == 2.0 && rooms[0]["servers"].(map[string]any)["2000"] == 1.0
	})

	closing := func(what, value string) float64 {
		answer := ann.do(http.StatusOK, "POST", "/admin/connections/close/",
			map[string]string{what: value, "reason": "noise"})
		return answer["closed"].(float64)
	}
	if n := closing("session", session); n != 1 {
		t.Errorf("closed %v connections of eve", n)
	}
	wantClosed(t, eve, wire.CloseKicked)
	ann.do(http.StatusNotFound, "POST", "/admin/connections/close/", map[string]string{"session": session})
	if n := closing("person", guest); n != 2 {
		t.Errorf("closed %v connections of gus", n)
	}
	wantClosed(t, gus, wire.CloseKicked)
	wantClosed(t, gone, wire.CloseKicked)
	poll.Until(t, "they are gone", func() bool { return list("") == "anna@/1000 " })

	var said string
	for _, e := range ann.list("/admin/audit/?action=connection", "entries") {
		room, _ := e["room"].(string)
		said += e["action"].(string) + " " + e["target"].(string) + " " + e["reason"].(string) + " " + room + "\n"
	}
	if said != "connection.close gus noise \nconnection.close eve noise den\n" {
		t.Errorf("audit log: %s", said)
	}

	// Servers that answer tell what they are.
	roles := ""
	for _, s := range ann.list("/admin/servers/", "servers") {
		if s["version"] != "test" {
			t.Errorf("server %v", s)
		}
		roles += s["app"].(string) + ":" + s["role"].(string) + " "
	}
	if roles != "1000:ws 2000:ws api:api " {
		t.Errorf("servers %s", roles)
	}
	if n := closing("session", feed.welcome.Session); n != 1 {
		t.Errorf("closed %v feeds", n)
	}
	wantClosed(t, feed, wire.CloseLoggedOut)
	r.Kill()
	_, answer, err := ann.Do(t.Context(), "GET", "/admin/connections/", nil)
	if err != nil || answer["code"] != "unavailable" ||
		!strings.Contains(answer["detail"].(string), "Try again") {
		t.Errorf("without Redis: %v, %v", answer, err)
	}
}
