package node

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"

	"livechat/internal/poll"
	"livechat/server/chat"
)

// knock opens a socket of an account in a room, and expects to be kept out.
func (p *apiUser) knock(n *Node, code string, closed int, query ...string) {
	p.t.Helper()
	ticket := p.do(http.StatusCreated, "POST", "/ticket/", struct{}{})["ticket"].(string)
	turnedAway(connect(p.t, n, []string{"livechat.user", "livechat.ticket." + ticket}, query...), code,
		closed)
}

// turnedAway expects a new socket to get nothing but an error.
func turnedAway(p *peer, code string, closed int) {
	p.t.Helper()
	expectEnd(p, p.any(), code, closed)
}

// putOut expects an open socket to be closed.
func putOut(p *peer, code string, closed int) {
	p.t.Helper()
	expectEnd(p, p.nextError(), code, closed)
}

func expectEnd(p *peer, e event, code string, closed int) {
	p.t.Helper()
	if e.Type != "error" || e.Code != code || e.Retryable {
		p.t.Errorf("got %+v, want %s", e, code)
	}
	if got := p.closed(); got != closed {
		p.t.Errorf("closed with %d, want %d", got, closed)
	}
}

// A room that is closed, and a member who is removed: on all servers the sockets
// of others are closed, and they are kept out, with and without a position.
func TestClosedRoom(t *testing.T) {
	t.Parallel()
	api, nodes := startApart(t)
	anna, ben := newAPIUser(t, api, "anna"), newAPIUser(t, api, "ben")
	roles, bensSubject := map[chat.Subject]chat.RoomRole{}, chat.Subject("")
	for _, u := range []*apiUser{anna, ben} {
		u.register()
		known, _, err := api.services.store.UserByName(t.Context(), u.name)
		if err != nil {
			t.Fatal(err)
		}
		bensSubject = chat.AccountSubject(known.ID)
		roles[bensSubject] = chat.RoleMember
	}
	version := time.Now().UnixMilli()
	set := func(a chat.Access, roles map[chat.Subject]chat.RoomRole) {
		t.Helper()
		version++
		rules := chat.RoomRules{Version: version, Access: a, Roles: roles}
		if err := api.bus.Rules().Set(t.Context(), chat.DefaultRoom, rules); err != nil {
			t.Fatal(err)
		}
	}
	var annas, bens, guests []*peer
	for _, n := range nodes {
		poll.Until(t, "it knows the API server", n.rulesNeeded)
		annas, bens = append(annas, anna.socket(n, "/ws")), append(bens, ben.socket(n, "/ws"))
		guests = append(guests, dialAs(t, n, guestKey))
	}
	if code := guests[0].codeOf(uuid.NewString()); code != "" {
		t.Fatalf("before: %s", code)
	}
	set(chat.AccessRegistered, nil)
	for i, n := range nodes {
		putOut(guests[i], "registered_only", 4504)
		turnedAway(connect(t, n, nil, "name=other"), "registered_only", 4504)
	}
	set(chat.AccessInvite, roles)
	after := "after=" + guests[0].welcome.Epoch + ":1"
	for i, n := range nodes {
		poll.Until(t, "the server knows it", func() bool {
			err := n.ruled.Admits(chat.DefaultRoom, chat.Writer{Person: "a:0"})
			return err != nil && chat.AsError(err).Code == chat.CodeMembersOnly
		})
		turnedAway(connect(t, n, nil, after, "history=0"), "members_only", 4505)
		if code := bens[i].codeOf(uuid.NewString()); code != "" {
			t.Errorf("server %d: a member gets %s", i, code)
		}
	}
	delete(roles, bensSubject)
	set(chat.AccessInvite, roles)
	for i, n := range nodes {
		putOut(bens[i], "members_only", 4505)
		ben.knock(n, "members_only", 4505)
		ben.knock(n, "members_only", 4505, after)
		if code := annas[i].codeOf(uuid.NewString()); code != "" {
			t.Errorf("server %d: the owner gets %s", i, code)
		}
	}
}
