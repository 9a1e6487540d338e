package node

import (
	"net/http"
	"slices"
	"testing"

	"github.com/google/uuid"
)

// Edits and deletes of private messages reach the feeds of both users on every
// server, and history, chat lists and searches have the text as it is now.
func TestPrivateEditsAndDeletes(t *testing.T) {
	onDeployments(t, func(t *testing.T, p deployment) {
		ann, bob := newAPIUser(t, p.api, "ann"), newAPIUser(t, p.api, "bob")
		ann.register()
		bob.register()
		chat := ann.do(http.StatusCreated, "POST", "/chats/", map[string]string{"with": "bob"})["id"].(string)
		messages := "/chats/" + chat + "/messages/"
		say := func(text string) string {
			return ann.do(http.StatusCreated, "POST", messages, map[string]string{"text": text})["id"].(string)
		}
		atBobs, atAnns := bob.socket(p.first, "/feed"), ann.socket(p.second, "/feed")
		if w := atBobs.welcome; w.Limits.Edit == nil || *w.Limits.Edit != 86400 {
			t.Errorf("the welcome of a feed: %+v", w)
		}
		each := func(want string) {
			t.Helper()
			atBobs.wantEvent(0, want)
			atAnns.wantEvent(0, want)
		}
		first, second := say("a walrus"), say("next")
		each("message 1 ann: a walrus")
		each("message 2 ann: next")

		edit := map[string]string{"id": uuid.NewString(), "text": "a badger"}
		for range 2 {
			ann.do(http.StatusOK, "PATCH", messages+first+"/", edit)
		}
		each("edit 1 ann: a badger")
		ann.do(http.StatusOK, "PATCH", messages+first+"/", map[string]string{"text": "a ferret"})
		each("edit 1 ann: a ferret")
		bob.do(http.StatusForbidden, "PATCH", messages+first+"/", map[string]string{"text": "x"})
		bob.do(http.StatusForbidden, "DELETE", messages+first+"/", nil)
		texts := func() (list []any) {
			for _, m := range bob.do(http.StatusOK, "GET", messages, nil)["messages"].([]any) {
				m := m.(map[string]any)
				list = append(list, m["text"], m["edited"] != nil, m["deleted"])
			}
			return list
		}
		same := func(got, want []any) {
			t.Helper()
			if !slices.Equal(got, want) {
				t.Errorf("got %v, want %v", got, want)
			}
		}
		same(texts(), []any{"a ferret", true, nil, "next", false, nil})
		found := func(word string) int {
			return len(bob.do(http.StatusOK, "GET", "/search/?q="+word, nil)["results"].([]any))
		}
		if found("walrus") != 0 || found("badger") != 0 || found("ferret") != 1 {
			t.Error("searches find another text than the newest")
		}

		ann.do(http.StatusNoContent, "DELETE", messages+first+"/", nil)
		ann.do(http.StatusNoContent, "DELETE", messages+second+"/", nil)
		each("delete 1 ann: ")
		each("delete 2 ann: ")
		ann.do(http.StatusNotFound, "PATCH", messages+first+"/", map[string]string{"text": "x"})
		same(texts(), []any{"", false, true, "", false, true})
		c := bob.do(http.StatusOK, "GET", "/chats/"+chat+"/", nil)
		last := c["last"].(map[string]any)
		same([]any{c["unread"], last["text"], last["deleted"]}, []any{0.0, "", true})
		if found("ferret") != 0 {
			t.Error("a search finds a deleted text")
		}
	})
}
