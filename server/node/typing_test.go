package node

import (
	"encoding/json"
	"net/http"
	"testing"

	"livechat/server/chat"
	"livechat/server/private"
)

// frame returns the next frame of any type.
func (p *peer) frame() (e event) {
	p.t.Helper()
	_, b, err := p.ReadMessage()
	if err == nil {
		err = json.Unmarshal(b, &e)
	}
	if err != nil {
		p.t.Fatal(err)
	}
	return e
}

// A user who types in a private chat is shown to the feeds of the other member,
// on any server, by a frame that has no number and is not replayed. The writer
// and others are not told.
func TestTypingInPrivateChat(t *testing.T) {
	onDeployments(t, func(t *testing.T, p deployment) {
		ann, bob, eve := newAPIUser(t, p.api, "ann"), newAPIUser(t, p.api, "bob"), newAPIUser(t, p.api, "eve")
		for _, who := range []*apiUser{ann, bob, eve} {
			who.register()
		}
		id := ann.do(http.StatusCreated, "POST", "/chats/", map[string]string{"with": "bob"})["id"].(string)
		eves := eve.do(http.StatusCreated, "POST", "/chats/", map[string]string{"with": "bob"})["id"].(string)
		tab, other := bob.socket(p.first, "/feed"), bob.socket(p.second, "/feed")
		atAnns, atEves := ann.socket(p.first, "/feed"), eve.socket(p.second, "/feed")

		eve.do(http.StatusNotFound, "POST", "/chats/"+id+"/typing/", struct{}{})
		ann.do(http.StatusNoContent, "POST", "/chats/"+id+"/typing/", struct{}{})
		for _, s := range []*peer{tab, other} {
			if e := s.next("typing"); e.Name != "ann" || e.Chat != id || e.Session != "" || e.Seq != 0 {
				t.Errorf("bob is told %+v, want that ann types in %s", e, id)
			}
		}
		// Each next frame is the message: nobody else was told before it.
		for chatID, who := range map[string]*apiUser{id: ann, eves: eve} {
			who.do(http.StatusCreated, "POST", "/chats/"+chatID+"/messages/", map[string]string{"text": who.name})
		}
		for s, want := range map[*peer]string{atAnns: "ann", atEves: "eve"} {
			for {
				e := s.frame()
				if e.Type == "typing" {
					t.Errorf("%s is told %+v", want, e)
				}
				if e.Type == "message" && e.Text == want {
					break
				}
			}
		}

		again := bob.socket(p.second, "/feed?history=50")
		for e := again.frame(); e.Text != "eve" && e.Text != "ann"; e = again.frame() {
			if e.Type == "typing" {
				t.Errorf("it is in the history: %+v", e)
			}
		}

		// Not too often, and not in another user's name.
		status := http.StatusNoContent
		for range 2 * private.TypingBurst {
			got, answer, err := ann.Do(t.Context(), "POST", "/chats/"+id+"/typing/", struct{}{})
			if err != nil {
				t.Fatal(err)
			}
			if status = got; got != http.StatusNoContent {
				if answer["code"] != string(chat.CodeRateLimited) {
					t.Errorf("%d %v", got, answer)
				}
				break
			}
		}
		if status != http.StatusTooManyRequests {
			t.Errorf("%d events in a row: %d", 2*private.TypingBurst, status)
		}
		eve.do(http.StatusNoContent, "POST", "/chats/"+eves+"/typing/", struct{}{})
	})
}
