package node

import (
	"net/http"
	"testing"
)

// Reactions to private messages reach the feeds of both users on every server,
// and the chat has the counts.
func TestPrivateReactions(t *testing.T) {
	onDeployments(t, func(t *testing.T, p deployment) {
		ann, bob := newAPIUser(t, p.api, "ann"), newAPIUser(t, p.api, "bob")
		ann.register()
		bob.register()
		chat := ann.do(http.StatusCreated, "POST", "/chats/", map[string]string{"with": "bob"})["id"].(string)
		messages := "/chats/" + chat + "/messages/"
		atBobs, atAnns := bob.socket(p.first, "/feed"), ann.socket(p.second, "/feed")
		m := ann.do(http.StatusCreated, "POST", messages, map[string]string{"text": "hi"})["id"].(string)
		thumb := messages + m + "/reactions/%F0%9F%91%8D/"
		each := func(want string) {
			t.Helper()
			atBobs.wantEvent(0, want)
			atAnns.wantEvent(0, want)
		}
		each("message 1 ann: hi")
		bob.do(http.StatusNoContent, "PUT", thumb, nil)
		each(`reactions 1 bob: {"👍":1}`)
		bob.do(http.StatusNoContent, "PUT", thumb, nil)
		ann.do(http.StatusNoContent, "PUT", thumb, nil)
		each(`reactions 1 ann: {"👍":2}`)
		last := bob.do(http.StatusOK, "GET", "/chats/"+chat+"/", nil)["last"].(map[string]any)
		if got, _ := last["reactions"].(map[string]any); got["👍"] != 2.0 {
			t.Errorf("the chat's last message is %v", last)
		}
		ann.do(http.StatusNoContent, "DELETE", thumb, nil)
		each(`reactions 1 ann: {"👍":1}`)
		bob.do(http.StatusNoContent, "DELETE", thumb, nil)
		each(`reactions 1 bob: {}`)
		ann.do(http.StatusNoContent, "DELETE", messages+m+"/", nil)
		each("delete 1 ann: ")
		bob.do(http.StatusNotFound, "PUT", thumb, nil)
	})
}
