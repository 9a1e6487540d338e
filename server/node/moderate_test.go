package node

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"

	"livechat/internal/poll"
	"livechat/internal/testredis"
	"livechat/server/chat"
	"livechat/server/store"
)

// moderated is an API server and two with sockets, one of which has no
// database, and an admin.
type moderated struct {
	api   *Node
	nodes []*Node
	admin *apiUser
}

func startModerated(t *testing.T, settings ...string) moderated {
	t.Helper()
	r := testredis.New(t)
	r.Start()
	db := "DATABASE_URL=" + postgres.Database(t)
	with := func(more ...string) []string {
		return append(append([]string{"REDIS_URL=" + r.URL, "MESSAGE_RATE=0"}, settings...), more...)
	}
	m := moderated{api: start(t, with("ROLE=api", "APPID=api", db)...), nodes: []*Node{
		start(t, with("ROLE=ws", "APPID=1", db)...), start(t, with("ROLE=ws", "APPID=2", "DATABASE_URL=")...),
	}}
	for _, n := range m.nodes {
		poll.Until(t, "it knows the API server", n.rulesNeeded)
	}
	m.admin = newAPIUser(t, m.api, "anna")
	m.admin.register()
	u, _, err := m.api.services.store.UserByName(t.Context(), "anna")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.api.services.store.SetRole(t.Context(), store.By{}, u.ID, store.RoleAdmin); err != nil {
		t.Fatal(err)
	}
	return m
}

// page returns the answer to a GET as text.
func (p *apiUser) page(path string) string {
	p.t.Helper()
	text, err := json.Marshal(p.do(http.StatusOK, "GET", path, nil))
	if err != nil {
		p.t.Fatal(err)
	}
	return string(text)
}

const roomPath = "/rooms/" + chat.DefaultRoom + "/"

// A mute by HTTP holds on every server before the next message, a kick closes
// the sockets of one person, who may come back.
func TestMuteAndKickByHTTP(t *testing.T) {
	t.Parallel()
	m := startModerated(t)
	var guests []*peer
	for _, n := range m.nodes {
		guests = append(guests, dialAs(t, n, guestKey, "name=gus"))
	}
	eve := dial(t, m.nodes[1], "name=eve")
	_, author := guestOf(t, guestKey).Split()
	mute := map[string]any{"author": author, "minutes": 5, "reason": "spam"}
	for range 20 {
		for i, g := range guests {
			if code := g.codeOf(uuid.NewString()); code != "" {
				t.Fatalf("server %d, before: %s", i, code)
			}
		}
		m.admin.do(http.StatusCreated, "POST", roomPath+"mutes/", mute)
		for i, g := range guests {
			if code := g.codeOf(uuid.NewString()); code != "muted" {
				t.Errorf("server %d, muted: %q", i, code)
			}
		}
		m.admin.do(http.StatusNoContent, "DELETE", roomPath+"mutes/guest:"+author+"/", nil)
	}
	m.admin.do(http.StatusNoContent, "POST", roomPath+"kick/", map[string]any{"author": author})
	for i, g := range guests {
		if e := g.nextError(); e.Code != "kicked" {
			t.Errorf("server %d: %+v", i, e)
		}
		if code := g.closed(); code != 4506 {
			t.Errorf("server %d: closed with %d", i, code)
		}
	}
	if code := dialAs(t, m.nodes[0], guestKey, "name=gus").codeOf(uuid.NewString()); code != "" {
		t.Errorf("back again: %s", code)
	}
	if code := eve.codeOf(uuid.NewString()); code != "" {
		t.Errorf("another: %s", code)
	}
	m.admin.do(http.StatusNoContent, "POST", roomPath+"kick/", map[string]any{"name": "eve"})
	if e := eve.nextError(); e.Code != "kicked" {
		t.Errorf("by name: %+v", e)
	}
	log := m.api.services.store
	entries, err := log.Audit(t.Context(), store.AuditEntry{}, 2)
	if err != nil || len(entries) != 2 || entries[0].Action != store.ActionKick || entries[0].By.Name != "anna" {
		t.Errorf("audit log: %+v, %v", entries, err)
	}
	wantMetrics(t, m.api, map[string]float64{
		`livechat_moderation_actions_total{action="room.mute"}`: 20,
		`livechat_moderation_actions_total{action="room.kick"}`: 2,
	})
}

// Whoever is no moderator is refused.
func TestOthersDoNotModerate(t *testing.T) {
	t.Parallel()
	n := start(t)
	bob := newAPIUser(t, n, "bobby")
	bob.register()
	bob.do(http.StatusForbidden, "POST", roomPath+"bans/", map[string]any{"author": "x"})
	bob.do(http.StatusForbidden, "GET", roomPath+"bans/", nil)
	bob.do(http.StatusForbidden, "PATCH", roomPath+"rules/", map[string]any{"paused": true})
	bob.do(http.StatusForbidden, "DELETE", roomPath+"messages/?author=x", nil)
}

// A moderator's delete reaches every socket, the rings, the archive and search,
// as the author's own does.
func TestModeratorsDelete(t *testing.T) {
	t.Parallel()
	m := startModerated(t)
	guest, eve := dialAs(t, m.nodes[0], guestKey, "name=gus"), dial(t, m.nodes[1], "name=eve")
	guest.send("buy a walrus")
	said := guest.next("message")
	guest.edits(target(said), "buy two walruses")
	edit := eve.next("edit")
	guest.send("walrus again")
	again := eve.next("message")
	for again.Text != "walrus again" {
		again = eve.next("message")
	}
	m.admin.do(http.StatusNoContent, "DELETE", roomPath+"messages/"+said.ID+"/?seq="+fmt.Sprint(said.Seq), nil)
	for _, p := range []*peer{guest, eve} {
		if d := p.next("delete"); d.Target.ID != said.ID || d.Name != "anna" || d.By != "moderator" ||
			d.Author != said.Author {
			t.Errorf("the delete is %+v", d)
		}
	}
	_, author := guestOf(t, guestKey).Split()
	answer := m.admin.do(http.StatusOK, "DELETE", roomPath+"messages/?author="+author, nil)
	if answer["deleted"] != 1.0 || answer["more"] != false {
		t.Errorf("delete all: %v", answer)
	}
	eve.next("delete")
	for _, n := range m.nodes {
		late := dial(t, n, "name=late")
		if all := late.until(again.Seq); strings.Contains(all, "walrus") {
			t.Errorf("a late joiner gets %s", all)
		}
	}
	poll.Until(t, "the archive has forgotten", func() bool {
		return strings.Count(m.admin.page(roomPath+"messages/"), `"deleted":true`) == 2
	})
	for _, path := range []string{roomPath + "messages/", "/search/?room=" + chat.DefaultRoom + "&q=walrus",
		"/search/?room=" + chat.DefaultRoom + "&q=walruses"} {
		if page := m.admin.page(path); strings.Contains(page, "walrus") {
			t.Errorf("%s: %s", path, page)
		}
	}
	if edit.Seq != said.Seq+1 {
		t.Errorf("the edit had %d", edit.Seq)
	}
}

// A ban with the address keeps out who comes back with another key.
func TestBanOfAnAddressByHTTP(t *testing.T) {
	t.Parallel()
	m := startModerated(t, "ADDRESS_SECRET=a secret of some length", "TRUSTED_PROXIES=127.0.0.0/8")
	from := func(n *Node, address, key string) *peer {
		header := http.Header{"X-Forwarded-For": {address}}
		return connectFrom(t, n, header, []string{"livechat.user", "livechat.guest." + key}, "name=gus")
	}
	gus := from(m.nodes[1], "198.51.100.7", guestKey)
	if code := gus.codeOf(uuid.NewString()); code != "" {
		t.Fatalf("before: %s", code)
	}
	_, author := guestOf(t, guestKey).Split()
	answer := m.admin.do(http.StatusCreated, "POST", roomPath+"bans/",
		map[string]any{"author": author, "address": true})
	bans := answer["bans"].([]any)
	if len(bans) != 2 {
		t.Fatalf("bans %v", bans)
	}
	if code := gus.closed(); code != 4503 {
		t.Errorf("closed with %d", code)
	}
	other := strings.Repeat("ab", 16)
	poll.Until(t, "both servers know the ban", func() bool {
		for _, n := range m.nodes {
			late := from(n, "198.51.100.7", other)
			if e := late.any(); e.Code != "banned" {
				return false
			}
		}
		return true
	})
	if e := from(m.nodes[0], "198.51.100.8", other).any(); e.Type != "welcome" {
		t.Errorf("another address: %+v", e)
	}
}

// A pin reaches everybody at once, those who come later in the welcome, and ends
// with the message.
func TestPinByHTTP(t *testing.T) {
	t.Parallel()
	m := startModerated(t)
	gus, eve := dialAs(t, m.nodes[0], guestKey, "name=gus"), dial(t, m.nodes[1], "name=eve")
	gus.send("the news")
	said := gus.next("message")
	m.admin.do(http.StatusNoContent, "PUT", roomPath+"pin/",
		map[string]any{"message": map[string]any{"seq": said.Seq, "id": said.ID}})
	for _, p := range []*peer{gus, eve} {
		if e := p.next("pin"); e.Pinned == nil || e.Pinned.Target.ID != said.ID || e.Pinned.By != "anna" ||
			e.Pinned.Author != said.Author {
			t.Errorf("pin %+v", e.Pinned)
		}
	}
	for _, n := range m.nodes {
		if late := dial(t, n); late.welcome.Pinned == nil || late.welcome.Pinned.Target.Seq != said.Seq {
			t.Errorf("welcome %+v", late.welcome.Pinned)
		}
	}
	gus.deletes(target(said))
	if e := eve.next("pin"); e.Pinned != nil {
		t.Errorf("after the delete: %+v", e.Pinned)
	}
	if late := dial(t, m.nodes[1]); late.welcome.Pinned != nil {
		t.Errorf("after the delete: welcome %+v", late.welcome.Pinned)
	}
	m.admin.do(http.StatusNotFound, "DELETE", roomPath+"pin/", nil)
}
