package accounts

import (
	"testing"

	"github.com/gorilla/websocket"

	"livechat/e2e/harness"
	"livechat/internal/localcluster"
	"livechat/internal/testpg"
)

// closedMembersOnly is the close code of a socket whose user is not a member.
const closedMembersOnly = 4505

// Somebody makes a room by invitation and invites another one, who is removed
// later: by whatever API process, the sockets on all servers are closed.
func TestRemovedMember(t *testing.T) {
	t.Parallel()
	c := harness.Start(t, localcluster.Options{Servers: 2, API: 2, DB: testpg.New(t).Database()})
	ann, bob := register(t, c.APIs, "ann"), register(t, c.APIs, "bob")
	ann.must("POST", "/rooms/", map[string]any{"name": "club", "title": "Club", "access": "invite"})
	token := ann.must("POST", "/rooms/club/invites/", struct{}{})["token"].(string)
	bob.must("POST", "/invites/"+token+"/", nil)
	var sockets []*websocket.Conn
	for i := range c.Servers {
		sockets = append(sockets, openSocket(t, bob, c.ServerURL(i)+"ws?room=club"))
	}
	anns := openSocket(t, ann, c.ServerURL(0)+"ws?room=club")
	ann.must("DELETE", "/rooms/club/members/bob/", nil)
	for i, socket := range sockets {
		if err := untilClosed(t, socket, ""); !websocket.IsCloseError(err, closedMembersOnly) {
			t.Errorf("server %d: the socket has ended with %v", i, err)
		}
		again := openSocket(t, bob, c.ServerURL(i)+"ws?room=club")
		if err := untilClosed(t, again, ""); !websocket.IsCloseError(err, closedMembersOnly) {
			t.Errorf("server %d: another one has ended with %v", i, err)
		}
	}
	const text = "we are alone"
	frame := `{"type":"message","text":"` + text + `"}`
	if err := anns.WriteMessage(websocket.TextMessage, []byte(frame)); err != nil {
		t.Fatal(err)
	}
	if err := untilClosed(t, anns, text); err != nil {
		t.Errorf("the owner's socket has ended with %v", err)
	}
}
