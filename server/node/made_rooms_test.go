package node

import (
	"net/http"
	"testing"

	"github.com/google/uuid"

	"livechat/internal/poll"
	"livechat/internal/testredis"
	"livechat/server/chat"
	"livechat/server/rooms"
)

// join makes an account a member of a room by an invite of somebody else's.
func (p *apiUser) join(by *apiUser, room string) {
	p.t.Helper()
	token := by.do(http.StatusCreated, "POST", "/rooms/"+room+"/invites/", struct{}{})["token"].(string)
	p.do(http.StatusOK, "POST", "/invites/"+token+"/", nil)
}

// A room by invitation, from its making to its end, on servers with and without
// a database: who is not in it is kept out, who is removed is put out, and so is
// everybody when it is deleted.
func TestMadeRoom(t *testing.T) {
	t.Parallel()
	r := testredis.New(t)
	r.Start()
	redisURL, db := "REDIS_URL="+r.URL, "DATABASE_URL="+postgres.Database(t)
	apis := []*Node{
		start(t, redisURL, "ROLE=api", "APPID=api1", db), start(t, redisURL, "ROLE=api", "APPID=api2", db),
	}
	nodes := []*Node{
		start(t, redisURL, "ROLE=ws", "APPID=1", db),
		start(t, redisURL, "ROLE=ws", "APPID=2", "DATABASE_URL="),
	}
	anna, ben := newAPIUser(t, apis[0], "anna"), newAPIUser(t, apis[1], "ben")
	anna.register()
	ben.register()
	for _, n := range nodes {
		poll.Until(t, "it knows the API servers", n.rulesNeeded)
	}
	anna.do(http.StatusCreated, "POST", "/rooms/", map[string]any{
		"name": "club", "title": "The Club", "access": "invite",
	})
	for _, n := range nodes {
		ben.knock(n, "members_only", 4505, "room=club")
		turnedAway(connect(t, n, nil, "room=club"), "members_only", 4505)
	}
	ben.do(http.StatusNotFound, "GET", "/rooms/club/", nil)
	ben.join(anna, "club")
	status, data, err := ben.Fetch(t.Context(), "GET", "/me/export/", nil)
	if err != nil || status != http.StatusOK ||
		unzip(t, data)["rooms.ndjson"] != `{"room":"club","title":"The Club","role":"member"}`+"\n" {
		t.Errorf("what is kept of ben: %d %v", status, err)
	}
	var annas, bens []*peer
	for i, n := range nodes {
		annas, bens = append(annas, anna.socket(n, "/ws?room=club")), append(bens, ben.socket(n, "/ws?room=club"))
		if code := bens[i].codeOf(uuid.NewString()); code != "" {
			t.Errorf("server %d: a member gets %s", i, code)
		}
	}
	poll.Until(t, "both are there, on both servers", func() bool {
		online, _ := ben.do(http.StatusOK, "GET", "/rooms/club/", nil)["online"].(float64)
		return online == 4
	})
	anna.do(http.StatusNoContent, "DELETE", "/rooms/club/members/ben/", nil)
	for i, n := range nodes {
		putOut(bens[i], "members_only", 4505)
		ben.knock(n, "members_only", 4505, "room=club")
		if code := annas[i].codeOf(uuid.NewString()); code != "" {
			t.Errorf("server %d: the owner gets %s", i, code)
		}
	}
	// Owners are not slowed down; whoever they invite is.
	anna.do(http.StatusOK, "PATCH", "/rooms/club/rules/", map[string]any{"slow_s": 3600})
	ben.join(anna, "club")
	again := ben.socket(nodes[0], "/ws?room=club")
	for _, want := range []string{"", "slow_mode"} {
		if code := again.codeOf(uuid.NewString()); code != want {
			t.Errorf("in slow mode a member gets %q, want %q", code, want)
		}
		if code := annas[0].codeOf(uuid.NewString()); code != "" {
			t.Errorf("in slow mode the owner gets %q", code)
		}
	}
	anna.do(http.StatusNoContent, "DELETE", "/rooms/club/", nil)
	for _, p := range append(annas, again) {
		putOut(p, "members_only", 4505)
	}
	anna.knock(nodes[1], "members_only", 4505, "room=club")
	anna.do(http.StatusNotFound, "GET", "/rooms/club/", nil)
	anna.do(http.StatusConflict, "POST", "/rooms/", map[string]any{"name": "club", "title": "Again"})
}

// A room that is closed while others than members are in it, and opened again.
func TestRoomCloses(t *testing.T) {
	onEach(t, func(t *testing.T, redisURL string) {
		n := start(t, "REDIS_URL="+redisURL)
		anna := newAPIUser(t, n, "anna")
		anna.register()
		anna.do(http.StatusCreated, "POST", "/rooms/", map[string]any{"name": "hall", "title": "Hall"})
		guest := dial(t, n, "room=hall", "name=gus")
		if code := guest.codeOf(uuid.NewString()); code != "" {
			t.Fatalf("a guest gets %s", code)
		}
		for access, want := range map[string]struct {
			code   string
			closed int
		}{"registered": {"registered_only", 4504}, "invite": {"members_only", 4505}} {
			anna.do(http.StatusOK, "PATCH", "/rooms/hall/", map[string]any{"access": access})
			putOut(guest, want.code, want.closed)
			turnedAway(connect(t, n, nil, "room=hall"), want.code, want.closed)
			anna.do(http.StatusOK, "PATCH", "/rooms/hall/", map[string]any{"access": "open"})
			poll.Until(t, "the server knows that it is open", func() bool {
				return n.ruled.Admits("hall", chat.Writer{Person: "g:x"}) == nil
			})
			guest = dial(t, n, "room=hall", "name=gus")
		}
	})
}

// Where rooms have to be made, others cannot be entered, on servers with and
// without a database; a made room can, by everybody, even without an owner.
func TestOnlyMadeRooms(t *testing.T) {
	t.Parallel()
	r := testredis.New(t)
	r.Start()
	redisURL, db := "REDIS_URL="+r.URL, "DATABASE_URL="+postgres.Database(t)
	api := start(t, redisURL, "ROLE=api", "APPID=api", "ROOMS=made", db)
	nodes := []*Node{
		start(t, redisURL, "ROLE=ws", "APPID=1", "ROOMS=made", db),
		start(t, redisURL, "ROLE=ws", "APPID=2", "ROOMS=made", "DATABASE_URL="),
	}
	title := "Hall"
	_, err := api.services.rooms.Set(t.Context(), rooms.Operator(""), "hall", rooms.Changes{Title: &title})
	if err != nil {
		t.Fatal(err)
	}
	for i, n := range nodes {
		poll.Until(t, "it knows the API server", n.rulesNeeded)
		turnedAway(connect(t, n, nil, "room=den"), "unknown_room", 4507)
		for _, room := range []string{"hall", "livechat"} {
			if code := dial(t, n, "room="+room).codeOf(uuid.NewString()); code != "" {
				t.Errorf("server %d: in room %s a guest gets %s", i, room, code)
			}
		}
	}
}
